/**
 * Message: a datagram on its way out, from the moment it is accepted until it is settled. Mirrors
 * `struct rds_message`. And Incoming, what a receiver gets.
 */

import type { Address } from './address.js';
import type { Outcome, RdsErrorCode } from './errors.js';
import { Slab } from './slab.js';
import { HEADER_BYTES } from './wire/header.js';

/** What can be sent: text goes out as UTF-8, an array as the concatenation of its items. */
export type MessageData = string | Uint8Array | readonly (string | Uint8Array)[];

/** A received message. */
export interface Incoming {
  /** The payload. It belongs to the receiver. */
  readonly data: Uint8Array;
  /** The socket that sent it. An answer can be sent to just this. */
  readonly from: Address;
  /** When it came, by the clock of `info().nowMs`: only of sockets with SO_TIMESTAMP. */
  readonly receivedAtMs?: number;
}

/**
 * The least that a message costs of a byte budget. Empty messages cost memory too, and a budget
 * that they do not count against is none.
 */
export const LEAST_CHARGE_BYTES = 64;

export function chargeBytes(payloadBytes: number): number {
  // Asked several times per message: a comparison is several times cheaper than Math.max.
  if (payloadBytes < LEAST_CHARGE_BYTES) return LEAST_CHARGE_BYTES;
  return payloadBytes;
}

/** How a message ended. */
export type Settlement =
  /** The peer has put it on its socket's queue. */
  | 'delivered'
  /** The peer has no socket at that port. */
  | 'refused'
  /** cancelSentTo, or its socket was closed. */
  | 'canceled'
  /** The peer restarted with this message sent and not acknowledged. */
  | 'restarted'
  /** The peer does not acknowledge (a Linux kernel with ping_enable=0). */
  | 'unconfirmed';

/** The error of a receipt, per settlement other than 'delivered'. */
export const SETTLEMENT_ERRORS: Readonly<
  Record<Exclude<Settlement, 'delivered'>, { code: RdsErrorCode; text: string }>
> = {
  refused: { code: 'ECONNREFUSED', text: 'no socket is bound there' },
  canceled: { code: 'ECANCELED', text: 'the message was canceled, or its socket closed' },
  restarted: { code: 'ECONNRESET', text: 'the peer restarted before it acknowledged the message' },
  unconfirmed: { code: 'ETIMEDOUT', text: 'the peer does not acknowledge messages' },
};

/** Who sent a message and hears how it ended. */
export interface MessageOwner {
  messageSettled(message: Settled, settlement: Settlement, outcome: Outcome | null): void;
}

/** What the owner must know to give the budget back and to settle a receipt. */
export interface Settled {
  readonly length: number;
  readonly receipt: Receipt | null;
}

/** Hears once what became of a message. `outcome` is null if it was delivered. */
export type Receipt = (settlement: Settlement, outcome: Outcome | null) => void;

/** What a message that waits to be used again holds on to. */
const NO_SLAB = new Slab(0, null);
const NOBODY: MessageOwner = { messageSettled() {} };

/**
 * A message on its way. They are used again: a fast sender has tens of thousands under way, which
 * the garbage collector would move around before they die. So nobody may keep one after `settle`.
 */
export class Message implements Settled {
  readonly kind = 'message';
  /** Counted from the first of the path; 0 until the first transmission, which numbers it. */
  sequence = 0;
  flags = 0;
  /** What the peer has said of it, which counts once it is acknowledged. */
  verdict: Settlement = 'delivered';
  slab = NO_SLAB;
  /** Where its frame begins in the slab. */
  start = 0;
  length = 0;
  sport = 0;
  dport = 0;
  owner = NOBODY;
  receipt: Receipt | null = null;
  readonly #pool: MessagePool;

  constructor(pool: MessagePool) {
    this.#pool = pool;
  }

  /** A copy of the payload, for whoever wants to know what it was after it is settled. */
  copyPayload(): Uint8Array {
    const from = this.start + HEADER_BYTES;
    return this.slab.bytes.slice(from, from + this.length);
  }

  /** Ends the message; it must be in no queue any more. */
  settle(settlement: Settlement): void {
    this.slab.release();
    this.owner.messageSettled(this, settlement, this.#outcome(settlement));
    this.#pool.give(this);
  }

  #outcome(settlement: Settlement): Outcome | null {
    if (settlement === 'delivered') return null;
    const never = settlement === 'refused' || this.sequence === 0;
    return never ? 'not-delivered' : 'unknown';
  }
}

/** Messages kept for use: as many small ones as the in-flight window of a busy path takes. */
const POOLED_MESSAGES = 65_536;

/** The settled messages of a path, to be used again. */
export class MessagePool {
  readonly #free: Message[] = [];

  take(): Message {
    return this.#free.pop() ?? new Message(this);
  }

  give(message: Message): void {
    if (this.#free.length >= POOLED_MESSAGES) return;
    message.sequence = 0;
    message.verdict = 'delivered';
    message.receipt = null;
    message.slab = NO_SLAB;
    message.owner = NOBODY;
    this.#free.push(message);
  }
}
