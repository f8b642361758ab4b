/**
 * Exchange: what is said on a path's connection. It ties the sending and the receiving half
 * together: acknowledgements, pings and pongs, barriers, hellos, and what becomes of all that when
 * a connection ends or the peer restarts. When there is a connection, and which one, is the path's
 * business.
 */

import { Acknowledger, type AcknowledgerOwner } from './acknowledger.js';
import type { CloseReason } from './close-reason.js';
import { type Call, Inbound, type InboundOwner } from './inbound.js';
import { KernelTalk, type KernelTalkOwner } from './kernel-talk.js';
import type { Link } from './link.js';
import type { Asked } from './liveness.js';
import type { Receipt } from './message.js';
import { Outbound, type OutboundSource } from './outbound.js';
import type { Payload } from './payload.js';
import type { Peer } from './peer.js';
import type { Runtime } from './runtime.js';
import type { SendQueue } from './send-queue.js';
import type { SlabPool } from './slab.js';
import type { Stats } from './stats.js';
import { Traffic } from './traffic.js';
import type { MessageOwner } from './train.js';
import { decodeExtensions, type Extensions } from './wire/extension.js';
import {
  FLAG_ACK_REQUIRED,
  FLAG_CONGESTION_MAP,
  FLAG_GOODBYE,
  HEADER_BYTES,
  type Header,
} from './wire/header.js';

/** What follows our map on a new connection. A kernel's probe goes behind the resends. */
const FIRST_WORDS = { 'rds-tcp': 'hello', unknown: 'probe', linux: 'none' } as const;

/** When so much has gathered in one turn, it does not wait for its end: it leaves with its slab. */
const GATHER_BYTES = 64 * 1024;

export class Exchange implements InboundOwner, OutboundSource, KernelTalkOwner, AcknowledgerOwner {
  readonly #peer: Peer;
  /** The peer said what it can not have meant: the connection must end. */
  readonly faulted: (reason: CloseReason) => void;
  readonly #runtime: Runtime;
  readonly #stats: Stats;
  readonly traffic = new Traffic();
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly acknowledger: Acknowledger;
  readonly #kernelTalk: KernelTalk;
  /** The connection while messages may flow. */
  link: Link | null = null;
  #gatheredBytes = 0;
  #flushDue = false;
  /** The peer has closed, and what connected again is another incarnation of it. */
  hasDeparted = false;
  /** Something was delivered or acknowledged on the present connection. */
  progressed = false;

  constructor(
    peer: Peer,
    faulted: (reason: CloseReason) => void,
    runtime: Runtime,
    stats: Stats,
    pool: SlabPool,
    firstSequence: number,
  ) {
    this.#peer = peer;
    this.faulted = faulted;
    this.#runtime = runtime;
    this.#stats = stats;
    this.#outbound = new Outbound(this, pool, firstSequence, stats);
    this.#inbound = new Inbound(this, stats);
    this.acknowledger = new Acknowledger(this, this.#inbound, this.#outbound, runtime);
    this.#kernelTalk = new KernelTalk(this, peer, runtime, stats);
  }

  get queue(): SendQueue {
    return this.#outbound.queue;
  }

  get nextTxSequence(): number {
    return this.#outbound.nextSequence;
  }

  /** What a sequence number of the queue is on the wire; 0 stays 0. */
  wireSequence(sequence: number): number {
    return sequence === 0 ? 0 : this.#outbound.toWire(sequence);
  }

  get sentMessages(): number {
    return this.#outbound.sentMessages;
  }

  get nextRxSequence(): number {
    return this.#inbound.nextSequence;
  }

  // ── For the path ─────────────────────────────────────────────────────────────────────────────

  /**
   * The first words on a new connection. `mapSent` if the present map went out already; `call`
   * tells if the peer may have made another one since.
   */
  begin(link: Link, mapSent: boolean, call: Call): void {
    this.#inbound.begin(call);
    this.#kernelTalk.began();
    this.progressed = false;
    this.hasDeparted = false;
    this.queue.mapDue = !mapSent || this.#peer.isAssumed;
    // Nothing else may leave before the peer has said who it is: it may have restarted.
    this.#outbound.introduce(link, FIRST_WORDS[this.#peer.kind]);
  }

  /** The peer has spoken, or need not: messages flow. */
  open(link: Link): void {
    this.link = link;
    this.#kernelTalk.opened(link);
    const { sentCount } = this.queue;
    this.#stats.send_retransmitted += sentCount;
    this.traffic.retransmitted += sentCount;
    this.flush();
  }

  /** The connection can not be written to any more. */
  end(): void {
    this.link = null;
    this.#kernelTalk.cancel();
    this.#inbound.refusals.disconnected();
    this.#stats.send_control_lost += this.queue.rewind();
  }

  send(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void {
    this.#outbound.send(payload, length, sport, dport, owner, receipt);
    this.#stats.send_queued++;
    this.#stats.copy_from_user += length;
    this.#gatheredBytes += HEADER_BYTES + length;
    // So large a message is worth a write of its own.
    if (length >= GATHER_BYTES) this.flush();
    else this.flushSoon();
  }

  /** Sends a ping whose pong will name `tag`. Lost if the connection breaks. */
  ping(tag: number): void {
    if (this.queue.pushControl({ kind: 'control', sport: tag, dport: 0, extended: false })) {
      this.#stats.send_ping++;
      this.flushSoon();
    } else {
      this.#stats.send_ping_dropped++;
    }
  }

  mapChanged(): void {
    this.queue.mapDue = true;
    this.flushSoon();
  }

  /** The peer is one that answers questions. */
  get answers(): boolean {
    return this.acksInBand || this.#kernelTalk.answers;
  }

  /** Whether silence ends the connection: the peer answers, or may. */
  get mayAnswer(): boolean {
    return this.answers || this.#kernelTalk.isUntried;
  }

  askForSign(): Asked {
    const link = this.link;
    if (link === null) return 'mute';
    const hasRoom = this.#outbound.hasRoom(link);
    if (this.acksInBand) {
      // Who receives much from us gives signs unasked.
      if (hasRoom) {
        this.#outbound.writeUnsequenced(link, FLAG_ACK_REQUIRED);
        this.#stats.send_hb_ping++;
      }
      return 'asked';
    }
    this.ping(this.#peer.freePort());
    if (this.answers) return hasRoom ? 'asked' : 'queued';
    // Of who does not answer we know only whether its TCP takes what is written.
    if (link.unwrittenBytes > 0) return 'queued';
    return this.mayAnswer ? 'asked' : 'mute';
  }

  /** The connection ends because nothing was heard. */
  fellSilent(): void {
    this.#kernelTalk.fellSilent();
  }

  /** All that was sent to the incarnation of the peer that is gone. */
  peerRestarted(): void {
    this.#inbound.peerRestarted();
    this.#kernelTalk.cancel();
    // Notes on what the old incarnation sent would only confuse the new one.
    for (const note of this.queue.takeWhere(({ sport }) => sport === 0)) note.settle('canceled');
    this.#peer.giveUp(this.queue.takeSent(), 'restarted');
  }

  frame(header: Header, payload: Uint8Array): boolean {
    if ((header.flags & FLAG_ACK_REQUIRED) !== 0) this.#stats.recv_ack_required++;
    if (header.flags !== FLAG_CONGESTION_MAP) return this.#inbound.frame(header, payload);
    this.map(header, payload);
    return false;
  }

  nextFrame(header: Header, payload: Uint8Array): void {
    this.#inbound.nextFrame(header, payload);
  }

  /** Takes the peer's map. True if it says who the peer is. */
  map(header: Header, payload: Uint8Array): boolean {
    this.#stats.cong_update_received++;
    this.#peer.mapReceived(payload);
    if (!header.extended) return false;
    const extensions = decodeExtensions(header.extensions);
    if (extensions.own === undefined || extensions.generation === undefined) return false;
    this.introduced(extensions);
    return true;
  }

  /** Some of what was written has left: there may be room for more. */
  written(): void {
    this.#stats.tcp_write_space_calls++;
    this.flush();
    this.acknowledger.written();
  }

  /** Says all that is still unsaid before the connection is half-closed. */
  finish(word: 'goodbye' | 'none'): void {
    this.flush();
    this.acknowledger.giveDue();
    const link = this.link;
    if (word === 'goodbye' && link !== null && this.acksInBand) {
      this.#outbound.writeUnsequenced(link, FLAG_GOODBYE);
    }
  }

  get flushDue(): boolean {
    return this.#flushDue;
  }

  flushSoon(): void {
    if (this.#flushDue || this.link === null) return;
    this.#flushDue = true;
    this.#runtime.defer(this.#flushTask);
  }

  readonly #flushTask = (): void => {
    this.#flushDue = false;
    this.flush();
    this.acknowledger.flushed();
  };

  flush(): void {
    this.#gatheredBytes = 0;
    const link = this.link;
    if (link === null) return;
    while (this.#inbound.refusals.untold > 0) this.acknowledger.tellRefusals();
    if (!this.#outbound.flush(link)) this.#stats.tcp_sndbuf_full++;
  }

  // ── OutboundSource ───────────────────────────────────────────────────────────────────────────

  get extensions(): Uint8Array {
    return this.#peer.extensions;
  }

  get mapExtensions(): Uint8Array | null {
    return this.#peer.mapExtensions;
  }

  copyMap(bytes: Uint8Array, at: number): void {
    this.#stats.cong_update_queued++;
    this.#peer.copyMap(bytes, at);
  }

  slabFull(): void {
    if (this.#gatheredBytes >= GATHER_BYTES) this.flush();
  }

  takeAck(): number {
    if (!this.acksInBand) return 0;
    this.#inbound.ackDue = false;
    this.acknowledger.told();
    return this.#inbound.ack;
  }

  allSent(): boolean {
    return this.#kernelTalk.ask();
  }

  // ── InboundOwner ─────────────────────────────────────────────────────────────────────────────

  get acksInBand(): boolean {
    return this.#peer.kind === 'rds-tcp';
  }

  noteLeft(payloadBytes: number): void {
    this.#inbound.refusals.noteLeft(payloadBytes);
    // The batch's own acknowledgement still stops before what was refused.
    this.#inbound.ackDue = true;
  }

  get asksForRefusals(): boolean {
    return this.acksInBand || this.#peer.isAssumed;
  }

  introduced(extensions: Extensions): void {
    const wasAssumed = this.#peer.isAssumed;
    this.#peer.introduced(extensions);
    // Its pong would count as a receipt, and may come before the refusal of what it confirms.
    if (wasAssumed && this.acksInBand) this.#kernelTalk.cancel();
  }

  acknowledged(sequence: number): boolean {
    if (sequence >= this.#outbound.nextSequence) {
      this.faulted('bad-ack');
      return false;
    }
    this.acknowledgedUpTo(this.#outbound.fromWire(sequence));
    return true;
  }

  refused(first: number, last: number, exact: boolean): void {
    const outbound = this.#outbound;
    const verdict = exact ? 'refused' : 'unconfirmed';
    const count = this.queue.judge(outbound.fromWire(first), outbound.fromWire(last), verdict);
    if (exact) this.#stats.send_refused += count;
    else this.#stats.send_uncertain += count;
  }

  pinged(sport: number): void {
    this.#kernelTalk.pinged(sport);
  }

  isAnswer(dport: number): boolean {
    return this.#kernelTalk.isAnswer(dport);
  }

  ponged(dport: number): void {
    if (!this.#kernelTalk.ponged(dport)) this.#peer.ponged(dport);
  }

  departed(): void {
    this.hasDeparted = true;
  }

  startedOver(): void {
    this.#peer.startedOver();
  }

  deliver(sport: number, dport: number, payload: Uint8Array): boolean {
    this.progressed = true;
    this.traffic.rxMessages++;
    return this.#peer.deliver(sport, dport, payload);
  }

  // ── KernelTalkOwner ──────────────────────────────────────────────────────────────────────────

  acknowledgedUpTo(sequence: number): void {
    const count = this.queue.acknowledge(sequence);
    if (count === 0) return;
    this.#stats.send_acked += count;
    this.progressed = true;
    if (this.queue.hasFresh) this.flushSoon();
  }
}
