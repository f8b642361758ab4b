// The kernel loses its power under traffic and boots again. It does not say that it has booted, and
// a 6.1 kernel begins its numbers anew.

import { setTimeout as delay } from 'node:timers/promises';
import { readUpTo } from '../continuous.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { check, hasRead, tallyOf } from '../verdict.mjs';

const PORT = 7000;
const BYTES = 200;
const FROM_US = 6000;
const FROM_KERNEL = 1000;
const SECOND_LIFE = 1_000_000;

export const reboot = scenario({
  name: 'reboot',
  about: 'the kernel loses its power under traffic and boots again',
  cases: casesOf({
    ours: SIDES,
    direction: /** @type {const} */ (['from us', 'from the kernel']),
  }),
  limitSeconds: 120,
  async run(lab, { ours, direction }) {
    return direction === 'from us' ? await fromUs(lab, ours) : await fromKernel(lab, ours);
  },
});

/**
 * @typedef {import('../lab.mjs').Lab} Lab
 * @typedef {import('../bridge.mjs').Side} Side
 */

/**
 * What has a receipt was processed by the kernel that died. All else goes to the new one, which
 * has a socket before it has a network: nothing may be missing.
 *
 * @param {Lab} lab
 * @param {Side} ours
 */
async function fromUs(lab, ours) {
  const kernel = lab.kernel();
  const peer = await lab.peer(ours, { livenessMs: 2000 });
  const own = peer.bind();
  const before = await kernel.bind({ port: PORT });
  const plan = { count: FROM_US, sizes: [BYTES], receipts: true, seconds: 90 };
  const sending = own.send(before, plan);
  await before.receive({ count: 2000 });
  await kernel.cable.pull();
  await delay(100); // What was on its way is here.
  const acked = peer.node.info().counters.send_acked ?? 0;
  await lab.reboot(kernel);
  const after = await kernel.bind({ port: PORT });
  await kernel.cable.plugIn();
  const reading = after.receive({ count: FROM_US - acked, seconds: 60 });
  const [sent, read] = await Promise.all([sending, reading]);
  const receipts = sent.receipts ?? { delivered: [], 'not-delivered': [], unknown: [] };
  const wrong = receipts['not-delivered'].filter((number) => hasRead(tallyOf(read, own), number));
  check(
    wrong.length === 0,
    `${wrong.length} messages arrived after a receipt that they never will`,
  );
  const told = JSON.stringify(Object.entries(receipts).map(([name, list]) => [name, list.length]));
  check(receipts.delivered.length === FROM_US, `of ${FROM_US} messages: ${told}`);
  const { ranges, altered } = tallyOf(read, own);
  check(altered === 0, `${altered} messages were altered`);
  const [[first, last] = [-1, -1]] = ranges;
  const isWhole = ranges.length === 1 && first === acked && last === FROM_US - 1;
  const which = JSON.stringify(ranges.slice(0, 20));
  check(isWhole, `the second kernel read ${which} instead of ${acked} to ${FROM_US - 1}`);
  return { messages: FROM_US, bytes: sent.bytes };
}

/**
 * @param {Lab} lab
 * @param {Side} ours
 */
async function fromKernel(lab, ours) {
  const kernel = lab.kernel();
  const peer = await lab.peer(ours, { livenessMs: 2000 });
  const own = peer.bind();
  const before = await kernel.bind({ port: PORT });
  before.send(own, { count: 1e6, sizes: [BYTES] }).catch(() => {}); // It dies meanwhile.
  const reading = readUpTo(own, before, SECOND_LIFE + FROM_KERNEL - 1, 60);
  await delay(500);
  await lab.reboot(kernel);
  const after = await kernel.bind({ port: PORT });
  // A larger kernel knocks, once per send. We notice by ourselves that the old one is gone.
  const plan = { first: SECOND_LIFE, count: FROM_KERNEL, sizes: [BYTES], seconds: 40 };
  const sent = await after.send(own, plan);
  check(sent.error === null, `the second kernel could not send: ${sent.error}`);
  const { ranges, altered, messages } = await reading;
  check(altered === 0, `${altered} messages were altered`);
  const [one, two] = ranges;
  const isWhole = ranges.length === 2 && one?.[0] === 0 && two?.[0] === SECOND_LIFE;
  const isAll = isWhole && two?.[1] === SECOND_LIFE + FROM_KERNEL - 1;
  check(isAll, `we read ${JSON.stringify(ranges.slice(0, 20))}`);
  return { messages, bytes: messages * BYTES };
}
