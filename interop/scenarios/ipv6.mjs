// The same over IPv6, which RDS has known since Linux 4.19.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, DIRECTIONS, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const SIZES = [0, 64, 65_536, 1, 1000, 1_048_576, 100];

export const ipv6 = scenario({
  name: 'ipv6',
  about: 'messages of 0 bytes to 1 MiB over IPv6, each way',
  cases: casesOf({ ours: SIDES, direction: DIRECTIONS, mode: MODES }),
  async run(lab, { ours, direction, mode }) {
    const peer = await lab.peer(ours, { family: 6 });
    const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: 1, theirs: 3 });
    const flows = [
      ...(direction === 'from the kernel' ? [] : everyFlow(own, theirs)),
      ...(direction === 'from us' ? [] : everyFlow(theirs, own)),
    ];
    return await exchange(flows, { count: 14, sizes: SIZES, mode, seconds: 40 });
  },
});
