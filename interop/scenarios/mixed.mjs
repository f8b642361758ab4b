// Small and large messages both ways at once: none may hold up, overtake or cut into another.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const SIZES = [0, 64, 65_536, 1, 1000, 8191, 1_048_576, 100, 48, 16_384];
const COUNT = 20;

export const mixed = scenario({
  name: 'mixed',
  about: 'sizes from 0 bytes to 1 MiB in turn, both ways at once',
  cases: casesOf({ ours: SIDES, mode: MODES, sockets: [1, 4] }),
  async run(lab, { ours, mode, sockets }) {
    const peer = await lab.peer(ours);
    const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: 1, theirs: sockets });
    const flows = [...everyFlow(own, theirs), ...everyFlow(theirs, own)];
    return await exchange(flows, { count: COUNT, sizes: SIZES, mode, seconds: 50 });
  },
});
