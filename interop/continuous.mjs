// Traffic that goes on while something happens to it, and in which nothing may be missing when it
// is over.

import { ANY_COUNT } from './kernel-socket.mjs';
import { check, checkRange, hasRead, nameOfFlow, tallyOf } from './verdict.mjs';

/** @typedef {import('./exchange.mjs').Flow} Flow */
/** @typedef {import('./kernel-socket.mjs').SendPlan} SendPlan */
/** @typedef {import('./kernel-socket.mjs').TestSocket} TestSocket */

/** So long nothing may come before what is missing counts as lost. */
const PATIENCE_SECONDS = 15;
const LOOK_SECONDS = 0.5;
/** How long a message may wait for room: while the fault lasts, and what it takes to recover. */
const SEND_SECONDS = 40;

/**
 * Every flow sends, in runs of `plan.count` messages, until `disturbance` is over; then all of
 * it has to arrive. The disturbance begins when every receiver has read something: what has not
 * begun cannot be disturbed, and how long a connection takes to come up depends on the machine.
 *
 * @param {readonly Flow[]} flows of sockets that have not been used before
 * @param {SendPlan} plan
 * @param {() => Promise<void>} disturbance
 * @returns {Promise<import('./exchange.mjs').Traffic>}
 */
export async function continuous(flows, plan, disturbance) {
  let isOver = false;
  const sending = flows.map(async ({ from, to }) => {
    const total = { messages: 0, bytes: 0 };
    while (!isOver || total.messages === 0) {
      const run = { seconds: SEND_SECONDS, ...plan, first: total.messages };
      const { sent, bytes, error, receipts } = await from.send(to, run);
      check(error === null, `${nameOfFlow(from, to)}: sending failed: ${error}`);
      const told = receipts?.delivered.length ?? 0;
      const isTold = !plan.receipts || receipts === undefined || told === sent;
      check(isTold, `${nameOfFlow(from, to)}: ${told} receipts for ${sent} messages`);
      total.messages += sent;
      total.bytes += bytes;
    }
    return total;
  });
  const totals = Promise.all(sending);
  const receivers = [...new Set(flows.map(({ to }) => to))];
  const readers = receivers.map((to) => readerOf(to, flows, totals));
  const disturbing = Promise.all(readers.map(({ hasBegun }) => hasBegun))
    .then(disturbance)
    .finally(() => {
      isOver = true;
    });
  await Promise.all([totals, disturbing, ...readers.map(({ hasEnded }) => hasEnded)]);
  const sent = await totals;
  return {
    messages: sent.reduce((sum, { messages }) => sum + messages, 0),
    bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/**
 * @param {TestSocket} to
 * @param {readonly Flow[]} flows
 * @param {Promise<{ messages: number }[]>} totals known when all was sent
 */
function readerOf(to, flows, totals) {
  /** @type {() => void} */
  let begin = () => {};
  /** @type {Promise<void>} */
  const hasBegun = new Promise((resolve) => {
    begin = resolve;
  });
  return { hasBegun, hasEnded: readAll(to, flows, totals, begin) };
}

/**
 * @param {TestSocket} to
 * @param {readonly Flow[]} flows
 * @param {Promise<{ messages: number }[]>} totals known when all was sent
 * @param {() => void} begin called when something was read
 */
async function readAll(to, flows, totals, begin) {
  let expected = ANY_COUNT;
  /** @type {{ messages: number }[]} */
  let sent = [];
  totals.then(
    (known) => {
      sent = known;
      expected = flows.reduce(
        (sum, flow, i) => sum + (flow.to === to ? (known[i]?.messages ?? 0) : 0),
        0,
      );
    },
    () => {}, // The sender says what is wrong.
  );
  let read = 0;
  let quietSeconds = 0;
  /** @type {import('./kernel-socket.mjs').Received} */
  let received = { read: 0, senders: {} };
  while (read < expected && quietSeconds < PATIENCE_SECONDS) {
    received = await to.receive({ count: expected - read, seconds: LOOK_SECONDS });
    read += received.read;
    if (read > 0) begin();
    quietSeconds = received.read > 0 || expected === ANY_COUNT ? 0 : quietSeconds + LOOK_SECONDS;
  }
  for (const [index, flow] of flows.entries()) {
    if (flow.to !== to) continue;
    const tally = tallyOf(received, flow.from);
    checkRange(tally, sent[index]?.messages ?? 0, nameOfFlow(flow.from, to));
  }
}

/**
 * Reads until a certain message has come.
 *
 * @param {TestSocket} to
 * @param {import('./kernel-socket.mjs').Name} from
 * @param {number} last its number
 * @param {number} seconds until nobody waits any more
 */
export async function readUpTo(to, from, last, seconds) {
  for (let waited = 0; ; waited += LOOK_SECONDS) {
    const received = await to.receive({ seconds: LOOK_SECONDS });
    const tally = tallyOf(received, from);
    if (hasRead(tally, last) || waited >= seconds) return tally;
  }
}
