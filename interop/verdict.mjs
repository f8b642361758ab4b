// What a scenario may say of what it saw.

import { keyOf } from './kernel-socket.mjs';

/** @typedef {import('./kernel-socket.mjs').TestSocket} TestSocket */
/** @typedef {import('./kernel-socket.mjs').Received} Received */
/** @typedef {import('./kernel-socket.mjs').Sent} Sent */
/** @typedef {import('./message.mjs').Tally} Tally */

/** Something is not as it has to be. */
export class Failure extends Error {}

/** This can not be tried here, and the summary says so. */
export class Skip extends Error {}

/**
 * @param {unknown} holds
 * @param {string} otherwise what is wrong
 * @returns {asserts holds}
 */
export function check(holds, otherwise) {
  if (!holds) throw new Failure(otherwise);
}

/** @type {Tally} */
const NOTHING = { messages: 0, bytes: 0, altered: 0, ranges: [], digest: '' };

/**
 * @param {Received} received
 * @param {import('./kernel-socket.mjs').Name} from
 */
export function tallyOf(received, from) {
  return received.senders[keyOf(from)] ?? NOTHING;
}

/**
 * All of what was sent arrived, once, in order, unaltered.
 *
 * @param {Tally} tally
 * @param {Sent} sent all that was sent, from number 0
 * @param {string} who
 */
export function checkComplete(tally, sent, who) {
  check(sent.error === null, `${who}: sending failed after ${sent.sent} messages: ${sent.error}`);
  checkRange(tally, sent.sent, who);
  check(tally.digest === sent.digest, `${who}: the digest is another`);
}

/**
 * Messages 0 to `count` arrived, once, in order, unaltered.
 *
 * @param {Tally} tally
 * @param {number} count
 * @param {string} who
 */
export function checkRange(tally, count, who) {
  const expected = count === 0 ? '[]' : `[[0,${count - 1}]]`;
  const ranges = JSON.stringify(tally.ranges.slice(0, 20));
  check(ranges === expected, `${who}: read ${ranges} instead of ${expected}`);
  check(tally.altered === 0, `${who}: ${tally.altered} messages were altered`);
}

/**
 * What arrived was in order and unaltered, and nothing came twice; some may be missing.
 *
 * @param {Tally} tally
 * @param {string} who
 */
export function checkOrder(tally, who) {
  check(tally.altered === 0, `${who}: ${tally.altered} messages were altered`);
  let next = 0;
  for (const [first, last] of tally.ranges) {
    check(
      first >= next,
      `${who}: repeated or out of order: ${JSON.stringify(tally.ranges.slice(0, 20))}`,
    );
    next = last + 1;
  }
}

/**
 * @param {Tally} tally
 * @param {number} number
 */
export function hasRead(tally, number) {
  return tally.ranges.some(([first, last]) => first <= number && number <= last);
}

/** @param {TestSocket} from @param {TestSocket} to */
export function nameOfFlow(from, to) {
  return `${keyOf(from)} → ${keyOf(to)}`;
}
