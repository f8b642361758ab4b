/**
 * Message: what can be sent, what is received, what a message costs of a budget, and the ways in
 * which it can end.
 */

import type { Address } from './address.js';
import type { Outcome, RdsErrorCode } from './errors.js';

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

/** Hears once what became of a message. `outcome` is null if it was delivered. */
export type Receipt = (settlement: Settlement, outcome: Outcome | null) => void;

/** What is known of the arrival of messages that ended so. */
export function outcomeOf(settlement: Settlement, wereSent: boolean): Outcome | null {
  if (settlement === 'delivered') return null;
  return settlement === 'refused' || !wereSent ? 'not-delivered' : 'unknown';
}
