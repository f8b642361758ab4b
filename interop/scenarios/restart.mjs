// Our process is killed under traffic and started again. What it had accepted and not sent dies
// with it, and so does what it had not read; all else is once and in order.

import { setTimeout as delay } from 'node:timers/promises';
import { readUpTo } from '../continuous.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { check, checkOrder, tallyOf } from '../verdict.mjs';

const PORT = 5000;
const BYTES = 200;
const FROM_KERNEL = 8000;
const FROM_US = 2000;
/** Where the second process begins to count, so that it is seen which one sent a message. */
const SECOND_LIFE = 1_000_000;

export const restart = scenario({
  name: 'restart',
  about: 'our process is killed under traffic (kill -9) and started again',
  cases: casesOf({
    ours: SIDES,
    direction: /** @type {const} */ (['from us', 'from the kernel']),
    mode: MODES,
  }),
  async run(lab, params) {
    return params.direction === 'from us'
      ? await fromUs(lab, params)
      : await fromKernel(lab, params);
  },
});

/**
 * @typedef {import('../lab.mjs').Lab} Lab
 * @typedef {{ ours: import('../bridge.mjs').Side, mode: 'waiting' | 'blocking' }} Params
 */

/**
 * @param {Lab} lab
 * @param {Params} params
 */
async function fromKernel(lab, { ours, mode }) {
  const theirs = await lab.kernel().bind();
  const killed = await lab.process(ours);
  const before = await killed.bind({ port: PORT });
  const plan = { count: FROM_KERNEL, sizes: [BYTES], mode, seconds: 40 };
  const sending = theirs.send(before, plan);
  sending.catch(() => {}); // It is awaited below.
  const first = await before.receive({ count: 1000 });
  await killed.close();
  await delay(200);

  const restarted = await lab.process(ours);
  const after = await restarted.bind({ port: PORT });
  // A larger kernel waits to be called.
  if (ours === 'lower') await restarted.call('ping', theirs.address);
  const reading = readUpTo(after, theirs, FROM_KERNEL - 1, 40);
  const [sent, { ranges, altered }] = await Promise.all([sending, reading]);
  check(sent.error === null, `sending failed: ${sent.error}`);
  checkOrder(tallyOf(first, theirs), 'the first process');
  check(altered === 0, `${altered} messages were altered`);
  const end = ranges[0]?.[1];
  const isWhole = ranges.length === 1 && end === FROM_KERNEL - 1;
  check(isWhole, `the second process read ${JSON.stringify(ranges)}, not one run up to the last`);
  return { messages: FROM_KERNEL, bytes: sent.bytes };
}

/**
 * @param {Lab} lab
 * @param {Params} params
 */
async function fromUs(lab, { ours, mode }) {
  const theirs = await lab.kernel().bind();
  const killed = await lab.process(ours);
  const before = await killed.bind({ port: PORT });
  const plan = { count: 1e6, sizes: [BYTES], mode };
  before.send(theirs, plan).catch(() => {}); // It is killed meanwhile.
  const first = await theirs.receive({ count: FROM_US });
  check(first.read === FROM_US, `only ${first.read} messages came from the first process`);
  await killed.close();

  const restarted = await lab.process(ours);
  const after = await restarted.bind({ port: PORT });
  const again = { ...plan, first: SECOND_LIFE, count: FROM_US, receipts: true };
  const reading = readUpTo(theirs, after, SECOND_LIFE + FROM_US - 1, 40);
  const sent = await after.send(theirs, again);
  const told = sent.receipts?.delivered.length;
  check(told === FROM_US, `${told} receipts for ${FROM_US} messages`);
  const { ranges, altered } = await reading;
  check(altered === 0, `${altered} messages were altered`);
  const [one, two] = ranges;
  const isWhole = ranges.length === 2 && one?.[0] === 0 && two?.[0] === SECOND_LIFE;
  const isAll = isWhole && two?.[1] === SECOND_LIFE + FROM_US - 1;
  check(isAll, `the kernel read ${JSON.stringify(ranges.slice(0, 20))}`);
  return { messages: (one?.[1] ?? 0) + 1 + FROM_US, bytes: sent.bytes };
}
