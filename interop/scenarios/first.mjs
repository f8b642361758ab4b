// Who connects first. The smaller address makes the connection, whoever has something to send; the
// larger one asks for it by a knock.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const STARTS = /** @type {const} */ (['we send first', 'the kernel sends first', 'both at once']);
const PLAN = { count: 50, sizes: [100] };
/** Others use the addresses below: here the kernel has never heard of us. */
const FIRST_INDEX = 4;

const cases = casesOf({ ours: SIDES, start: STARTS, mode: MODES });

export const first = scenario({
  name: 'first',
  about: 'between strangers: we send first, the kernel does, or both at once',
  cases,
  async run(lab, params) {
    const { ours, start, mode } = params;
    const ofSide = cases.filter((one) => one.ours === ours);
    const isCase = (/** @type {typeof params} */ one) => one.start === start && one.mode === mode;
    const peer = await lab.peer(ours, { index: FIRST_INDEX + ofSide.findIndex(isCase) });
    const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: 1, theirs: 3 });
    const plan = { ...PLAN, mode };
    const out = everyFlow(own, theirs);
    const back = everyFlow(theirs, own);
    if (start === 'both at once') return await exchange([...out, ...back], plan);
    const [begin, follow] = start === 'we send first' ? [out, back] : [back, out];
    const one = await exchange(begin, plan);
    const other = await exchange(follow, plan);
    return { messages: one.messages + other.messages, bytes: one.bytes + other.bytes };
  },
});
