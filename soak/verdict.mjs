// What is to be said of a message that is not known to have arrived, as docs/GUARANTEES.md has it:
// an accepted message arrives, unless a process that was killed took it along; a receipt is never
// wrong; and the promise of every send settles.

import { NAME_BYTES } from './message.mjs';
import { isQueued, UNBOUND_PORT } from './network-plan.mjs';

/**
 * @typedef {import('./ledger.mjs').Flow} Flow
 * @typedef {import('./ledger.mjs').Entry} Entry
 * @typedef {import('./ledger.mjs').Sent} Sent
 * @typedef {import('./lives.mjs').Lives} Lives
 *
 * @typedef {'diedUnread' | 'diedWithSender' | 'uncertain' | 'unnamed'} Excuse
 * @typedef {{ fault: import('./ledger.mjs').Fault, why: string } | { excuse: Excuse }} Verdict
 */

/**
 * Null if it was not to arrive.
 *
 * @param {Flow} flow
 * @param {Entry} entry
 * @param {Lives} lives
 * @returns {Verdict | null}
 */
export function verdictOf(flow, entry, lives) {
  const { sent, arrival, outcome, code } = entry;
  if (sent === null) return { fault: 'altered', why: 'no such message was ever sent' };
  if (outcome === null) {
    return lives.wasKilled(flow.sender) ? null : { fault: 'unsettled', why: 'its promise waits' };
  }
  if (arrival !== null) return null;
  if (outcome === 'not-delivered') {
    if (code !== 'ECONNREFUSED' || flow.dport === UNBOUND_PORT) return null;
    return { fault: 'falseReceipts', why: 'refused, and a socket is bound there' };
  }
  const excuse = isSurrounded(flow, entry) ? null : excuseOf(flow, entry, sent, lives);
  if (excuse !== null) return { excuse };
  if (outcome === 'delivered') {
    return { fault: 'falseReceipts', why: 'delivered, and it has not arrived' };
  }
  const claim = entry.uncertain ? 'uncertain' : code || outcome;
  return { fault: 'lost', why: `accepted (${claim}), and it has not arrived` };
}

/**
 * One and the same incarnation received what was sent before it and what was sent after it. Whoever
 * else died, this one should have come in between.
 *
 * @param {Flow} flow
 * @param {Entry} entry
 */
function isSurrounded({ arrived }, { number }) {
  return [...arrived.values()].some(({ first, last }) => first < number && number < last);
}

/**
 * Why an accepted message need not have arrived.
 *
 * @param {Flow} flow
 * @param {Entry} entry
 * @param {Sent} sent
 * @param {Lives} lives
 * @returns {Excuse | null}
 */
function excuseOf(flow, { number, outcome, code, uncertain }, { length, atMs }, lives) {
  const { arrived, dport, sender, to } = flow;
  const restarted = lives.restartedAround(to, atMs);
  const isTold = uncertain || (outcome === 'unknown' && code === 'ECONNRESET');
  if (isTold && restarted) return 'uncertain';
  // Nothing tells what a message without a name is that comes first.
  if (length < NAME_BYTES && restarted) return 'unnamed';
  // Acknowledged when it was queued. Queues are read in order, so nothing later was read there.
  const isUnread = ({ incarnation = 0 }) => (arrived.get(incarnation)?.last ?? -1) < number;
  if (isQueued(dport) && lives.endedAfter(to, atMs).some(isUnread)) return 'diedUnread';
  return outcome !== 'delivered' && lives.wasKilled(sender) ? 'diedWithSender' : null;
}
