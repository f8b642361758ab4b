// Several senders send to several receivers at the same time, and everything has to arrive.

import { checkComplete, nameOfFlow, tallyOf } from './verdict.mjs';

/**
 * @typedef {import('./kernel-socket.mjs').TestSocket} TestSocket
 * @typedef {import('./kernel-socket.mjs').SendPlan} SendPlan
 * @typedef {{ from: TestSocket, to: TestSocket }} Flow
 * @typedef {{ messages: number, bytes: number }} Traffic
 */

/**
 * @param {readonly TestSocket[]} senders
 * @param {readonly TestSocket[]} receivers
 * @returns {Flow[]}
 */
export function everyFlow(senders, receivers) {
  return senders.flatMap((from) => receivers.map((to) => ({ from, to })));
}

/**
 * All flows have sockets that have not been used before: their messages begin at 0.
 *
 * @param {readonly Flow[]} flows
 * @param {SendPlan} plan of each flow
 * @returns {Promise<Traffic>}
 */
export async function exchange(flows, plan) {
  const receivers = [...new Set(flows.map(({ to }) => to))];
  const seconds = plan.seconds ?? 20;
  const reading = receivers.map((to) => {
    const expected = flows.filter((flow) => flow.to === to).length * plan.count;
    return to.receive({ count: expected, seconds });
  });
  const sending = flows.map(({ from, to }) => from.send(to, plan));
  const [sent, received] = await Promise.all([Promise.all(sending), Promise.all(reading)]);
  const traffic = { messages: 0, bytes: 0 };
  for (const [index, { from, to }] of flows.entries()) {
    const run = sent[index];
    const read = received[receivers.indexOf(to)];
    if (run === undefined || read === undefined) throw new Error('a flow without an end');
    checkComplete(tallyOf(read, from), run, nameOfFlow(from, to));
    traffic.messages += run.sent;
    traffic.bytes += run.bytes;
  }
  return traffic;
}
