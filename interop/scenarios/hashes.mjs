// As the kernel's self-test does it: many small messages, every sender to every receiver, and a
// hash of all that went from each to each.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, DIRECTIONS, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const MESSAGES = 50_000;
const SOCKETS = 4;

export const hashes = scenario({
  name: 'hashes',
  about: '50,000 messages of 64 bytes, with a hash per sender and receiver',
  cases: casesOf({ ours: SIDES, direction: DIRECTIONS, mode: MODES }),
  async run(lab, { ours, direction, mode }) {
    const peer = await lab.peer(ours);
    const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: SOCKETS, theirs: SOCKETS });
    const flows = [
      ...(direction === 'from the kernel' ? [] : everyFlow(own, theirs)),
      ...(direction === 'from us' ? [] : everyFlow(theirs, own)),
    ];
    const count = Math.ceil(MESSAGES / flows.length);
    return await exchange(flows, { count, sizes: [64], mode, seconds: 50 });
  },
});
