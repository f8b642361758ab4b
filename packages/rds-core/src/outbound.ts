/**
 * Outbound: the sending half of a path. It takes messages in, numbers and encodes what its queue
 * says is next, and writes as much as the link has room for. Mirrors net/rds/send.c
 * (rds_send_xmit) with net/rds/tcp_send.c.
 */

import { CONGESTION_MAP_BYTES } from './congestion-map.js';
import type { Link } from './link.js';
import type { Receipt } from './message.js';
import type { Payload } from './payload.js';
import { type ControlFrame, SendQueue } from './send-queue.js';
import { FramePlacer, type SlabPool } from './slab.js';
import type { Stats } from './stats.js';
import type { MessageOwner, Train } from './train.js';
import { TrainYard } from './train-yard.js';
import { BatchEncoder } from './wire/batch-encoder.js';
import {
  FLAG_ACK_REQUIRED,
  FLAG_CONGESTION_MAP,
  FLAG_RETRANSMITTED,
  HEADER_BYTES,
  writeExtensions,
  writeHeader,
} from './wire/header.js';

/**
 * What may wait for the operating system per link. More would gain nothing, and what has been
 * written can no longer be reordered or canceled.
 */
const WRITE_AHEAD_BYTES = 256 * 1024;
/** One write, so that the first bytes of a large flush leave early. */
const BATCH_BYTES = 128 * 1024;
/**
 * Unacknowledged bytes per path. Four of the largest messages, so that large ones overlap; a
 * longer delay wants more, priorities and cancel want less.
 */
export const IN_FLIGHT_BYTES = 4 * 1024 * 1024;

/** Port of probes: pings that carry extension headers. It can not be bound. */
export const PROBE_PORT = 1;

export const PROBE: ControlFrame = {
  kind: 'control',
  sport: PROBE_PORT,
  dport: 0,
  extended: true,
};

/** The node's congestion map. */
export interface MapSource {
  copyMap(bytes: Uint8Array, at: number): void;
  /** The extensions of a congestion map: none, unless the peer could not know us otherwise. */
  readonly mapExtensions: Uint8Array | null;
}

/** What the sending half asks of its path. */
export interface OutboundSource extends MapSource {
  /** What was sent so far stands in one piece of memory, and what comes will not: time to write. */
  slabFull(): void;
  /** True while the peer is one of our own nodes, or may be. A kernel ignores the question. */
  readonly asksForRefusals: boolean;
  /** A note with a payload of so many bytes leaves in this batch. */
  noteLeft(payloadBytes: number): void;
  /** Nothing is left that may be sent now. True if that made something to send. */
  allSent(): boolean;
  /** The ack field of a frame that leaves now; 0 to a peer that does not know it. */
  takeAck(): number;
  /** The extensions of probes and hellos. */
  readonly extensions: Uint8Array;
}

export class Outbound {
  readonly queue = new SendQueue();
  readonly #source: OutboundSource;
  readonly #stats: Stats;
  readonly #placer: FramePlacer;
  readonly #yard: TrainYard;
  readonly #batch = new BatchEncoder();
  /**
   * Inside, sequences are counted from the first of this path, which is 1: a small integer is
   * stored and compared several times faster than one above 2^31.
   */
  readonly #base: number;
  #next = 1;
  /** Numbers taken by what is no message of a program: pings, pongs, notes. */
  #asides = 0;
  /** Asked for once per batch. */
  #ack: number | null = null;

  constructor(source: OutboundSource, pool: SlabPool, firstSequence: number, stats: Stats) {
    this.#source = source;
    this.#stats = stats;
    this.#placer = new FramePlacer(pool);
    this.#yard = new TrainYard(this.#placer, () => source.slabFull());
    this.#base = firstSequence - 1;
  }

  /** The next sequence number on the wire. */
  get nextSequence(): number {
    return this.#base + this.#next;
  }

  /** Messages sent, each counted once. */
  get sentMessages(): number {
    return this.#next - 1 - this.#asides;
  }

  toWire(sequence: number): number {
    return this.#base + sequence;
  }

  /** What a sequence number of the wire is inside. */
  fromWire(sequence: number): number {
    return sequence - this.#base;
  }

  /** Accepts a message: the payload is copied, here and nowhere else. */
  send(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void {
    const opened = this.#yard.board(payload, length, sport, dport, owner, receipt);
    if (opened !== null) this.queue.push(opened);
  }

  /** Accepts a note for the peer, a reliable message 0 → 0. */
  note(payload: Uint8Array, owner: MessageOwner): void {
    this.queue.pushNote(this.#yard.open(payload, payload.byteLength, 0, 0, owner));
  }

  hasRoom(link: Link): boolean {
    return link.unwrittenBytes < WRITE_AHEAD_BYTES;
  }

  /** Writes what is next while there is room. False if the room came to an end first. */
  flush(link: Link): boolean {
    while (this.hasRoom(link)) {
      this.#fillBatch();
      if (this.#batch.byteLength === 0) return true;
      this.#write(link);
    }
    return false;
  }

  /**
   * Writes the first words on a connection, whatever the link has room for: the map, and a hello
   * to one of our own nodes, or a probe to whoever is not known. A hello takes no sequence number,
   * so it can go before the resends that wait for its answer.
   */
  introduce(link: Link, word: 'hello' | 'probe' | 'none'): void {
    if (this.queue.mapDue) this.#encodeMap();
    this.queue.mapDue = false;
    if (word === 'hello') this.#encode(0, 0, 0, 0, this.#source.extensions);
    if (word === 'probe') this.#encodeControl(PROBE);
    if (this.#batch.byteLength > 0) this.#write(link);
  }

  /**
   * Writes a frame 0 → 0 without a sequence number, which only our own nodes understand: an
   * acknowledgement, or with a flag the request for one.
   */
  writeUnsequenced(link: Link, flags: number): void {
    this.#encode(0, 0, 0, flags, null);
    this.#write(link);
  }

  #fillBatch(): void {
    const { queue } = this;
    while (this.#batch.byteLength < BATCH_BYTES && !this.#batch.endsSlab) {
      const item = queue.next(queue.inFlightBytes < IN_FLIGHT_BYTES, this.#next);
      if (item === null) {
        if (this.#source.allSent()) continue;
        return;
      }
      if (item.kind === 'train') this.#encodeTrain(item);
      else if (item.kind === 'control') this.#encodeControl(item);
      else this.#encodeMap();
    }
  }

  /** All frames of a batch leave at the same moment, so they carry the same acknowledgement. */
  #ackOfBatch(): number {
    if (this.#ack === null) this.#ack = this.#source.takeAck();
    return this.#ack;
  }

  #write(link: Link): void {
    this.#ack = null;
    const { chunks, byteLength, done } = this.#batch.take();
    link.write(chunks, byteLength, done);
  }

  #encodeTrain(train: Train): void {
    const { slab, start, end, sequence } = train;
    if (sequence === this.#next) this.#next += train.count;
    train.stamp(this.#base + sequence, this.#ackOfBatch(), this.#flagsOf(train));
    this.#batch.add(slab, start, end);
    if (train.sport !== 0) return;
    if ((train.flags & FLAG_RETRANSMITTED) === 0) this.#asides += train.count;
    this.#source.noteLeft(train.payloadBytes);
  }

  /**
   * One of our own nodes is asked to say if nobody was there. Decided at each transmission, because
   * when the message was accepted it may not have been known who the peer is.
   */
  #flagsOf({ flags, receipt }: Train): number {
    if (receipt === null || !this.#source.asksForRefusals) return flags;
    this.#stats.send_ack_required++;
    return flags | FLAG_ACK_REQUIRED;
  }

  #encodeControl(frame: ControlFrame): void {
    const sequence = this.#next++;
    this.#asides++;
    const extensions = frame.extended ? this.#source.extensions : null;
    this.#encode(this.#base + sequence, frame.sport, frame.dport, 0, extensions);
    frame.sent?.(sequence);
  }

  #encode(
    sequence: number,
    sport: number,
    dport: number,
    flags: number,
    extensions: Uint8Array | null,
  ): void {
    const slab = this.#placer.place(HEADER_BYTES);
    const start = slab.used - HEADER_BYTES;
    writeHeader(slab.view, start, sequence, this.#ackOfBatch(), 0, sport, dport, flags);
    if (extensions !== null) writeExtensions(slab.bytes, start, extensions);
    this.#batch.add(slab, start, slab.used);
    slab.release();
  }

  #encodeMap(): void {
    const slab = this.#placer.place(HEADER_BYTES + CONGESTION_MAP_BYTES);
    const start = slab.used - HEADER_BYTES - CONGESTION_MAP_BYTES;
    writeMap(slab.bytes, slab.view, start, this.#source);
    this.#batch.add(slab, start, slab.used);
    slab.release();
  }
}

/** A congestion map frame of its own, for a connection that no path has yet. */
export function mapFrame(source: MapSource): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + CONGESTION_MAP_BYTES);
  writeMap(bytes, new DataView(bytes.buffer), 0, source);
  return bytes;
}

function writeMap(bytes: Uint8Array, view: DataView, start: number, source: MapSource): void {
  writeHeader(view, start, 0, 0, CONGESTION_MAP_BYTES, 0, 0, FLAG_CONGESTION_MAP);
  if (source.mapExtensions !== null) writeExtensions(bytes, start, source.mapExtensions);
  source.copyMap(bytes, start + HEADER_BYTES);
}
