/**
 * Train: messages of one flow on their way out, one behind the other in memory, from the moment
 * they are accepted until they are settled. They are sent, resent, acknowledged and settled
 * together, so that most of what that costs is paid once for many of them. Mirrors `struct
 * rds_message`, of which a kernel has one per datagram.
 *
 * A train grows until it first leaves. Its headers say where each of its messages ends.
 */

import { assert, type Outcome } from './errors.js';
import { chargeBytes, outcomeOf, type Receipt, type Settlement } from './message.js';
import { copyPayload, type Payload } from './payload.js';
import { Slab } from './slab.js';
import { HEADER_BYTES, lengthAt, prepareHeader, stampHeaders } from './wire/header.js';

/** Who sent messages, and hears how they ended. */
export interface MessageOwner {
  /** The train that its next message may join, and how long the last one became. */
  train: Train | null;
  trainBytes: number;
  settled(messages: Settled, settlement: Settlement, outcome: Outcome | null): void;
}

/** What the owner must know to give the budget back and to settle a receipt. */
export interface Settled {
  readonly count: number;
  readonly chargedBytes: number;
  /** Only of a single message. */
  readonly receipt: Receipt | null;
}

/** One message of a train, for whoever wants to know what it is. */
export interface Carried {
  /** 0 until it first leaves. */
  readonly sequence: number;
  readonly sport: number;
  readonly dport: number;
  /** The payload where it is: copy it to keep it. */
  readonly data: Uint8Array;
}

/** What a train that waits to be used again holds on to. */
const NO_SLAB = new Slab(0, null);
const NOBODY: MessageOwner = { train: null, trainBytes: 0, settled() {} };

/**
 * They are used again: a program that wants a receipt for each message has thousands under way,
 * which the garbage collector would move around before they die. So nobody may keep one after
 * `settle`.
 */
export class Train implements Settled {
  readonly kind = 'train';
  /** Of its first message, counted from the first of the path; 0 until it first leaves. */
  sequence = 0;
  count = 0;
  flags = 0;
  /** What the peer has said of it, which counts once it is acknowledged. */
  verdict: Settlement = 'delivered';
  slab = NO_SLAB;
  /** Its bytes in the slab, from the first header on. */
  start = 0;
  end = 0;
  /** Up to where it may grow. */
  limit = 0;
  chargedBytes = 0;
  sport = 0;
  dport = 0;
  owner = NOBODY;
  /** Of its only message. */
  receipt: Receipt | null = null;
  readonly #pool: TrainPool;

  constructor(pool: TrainPool) {
    this.#pool = pool;
  }

  get lastSequence(): number {
    return this.sequence + this.count - 1;
  }

  get payloadBytes(): number {
    return this.end - this.start - this.count * HEADER_BYTES;
  }

  /** Puts a message at its end, where there must be room. */
  put(payload: Payload, length: number): void {
    const { slab, end } = this;
    copyPayload(payload, slab.bytes, end + HEADER_BYTES);
    prepareHeader(slab.view, end, length, this.sport, this.dport);
    this.add(length);
  }

  /** Writes into its headers what is known when it leaves. `sequence` is that on the wire. */
  stamp(sequence: number, ack: number, flags: number): void {
    stampHeaders(this.slab.view, this.start, this.end, sequence, ack, flags);
  }

  /** Its frame is complete, and stands behind those before. */
  add(payloadBytes: number): void {
    this.end += HEADER_BYTES + payloadBytes;
    this.count++;
    this.chargedBytes += chargeBytes(payloadBytes);
  }

  /** It grows no more, and what it kept for that is free. */
  seal(): void {
    const { owner } = this;
    if (owner.train !== this) return;
    owner.train = null;
    owner.trainBytes = this.end - this.start;
    this.slab.giveBack(this.limit, this.end);
  }

  /** Takes the first `count` messages off, as a train of their own. */
  split(count: number): Train {
    assert(count > 0 && count < this.count, 'both parts of a train have messages');
    const first = this.#pool.take();
    first.sequence = this.sequence;
    first.flags = this.flags;
    first.verdict = this.verdict;
    first.slab = this.slab;
    first.start = this.start;
    first.end = this.start;
    first.sport = this.sport;
    first.dport = this.dport;
    first.owner = this.owner;
    this.slab.retain();
    while (first.count < count) first.add(lengthAt(this.slab.view, first.end));
    if (this.sequence > 0) this.sequence += count;
    this.count -= count;
    this.start = first.end;
    this.chargedBytes -= first.chargedBytes;
    return first;
  }

  /** Its messages, in order. */
  *messages(): IterableIterator<Carried> {
    const { slab, end, sport, dport } = this;
    let { sequence, start: at } = this;
    while (at < end) {
      const from = at + HEADER_BYTES;
      at = from + lengthAt(slab.view, at);
      yield { sequence, sport, dport, data: slab.bytes.subarray(from, at) };
      if (sequence > 0) sequence++;
    }
  }

  /** Ends its messages; it must be in no queue any more. */
  settle(settlement: Settlement): void {
    this.slab.release();
    this.owner.settled(this, settlement, outcomeOf(settlement, this.sequence > 0));
    this.#pool.give(this);
  }
}

/** How many messages they carry. */
export function countOf(trains: Iterable<Train>): number {
  let count = 0;
  for (const train of trains) count += train.count;
  return count;
}

/** Trains kept for use: as many of one small message as the in-flight window of a path takes. */
const POOLED_TRAINS = 65_536;

/** The settled trains of a path, to be used again. */
export class TrainPool {
  readonly #free: Train[] = [];

  take(): Train {
    return this.#free.pop() ?? new Train(this);
  }

  give(train: Train): void {
    if (this.#free.length >= POOLED_TRAINS) return;
    train.sequence = 0;
    train.count = 0;
    train.flags = 0;
    train.verdict = 'delivered';
    train.chargedBytes = 0;
    train.receipt = null;
    train.slab = NO_SLAB;
    train.owner = NOBODY;
    this.#free.push(train);
  }
}
