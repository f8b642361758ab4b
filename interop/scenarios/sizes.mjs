// Messages of all sizes that RDS knows, from none to 1 MiB.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

/** Fewer of the large ones, to be done in time. */
const COUNTS = { 0: 200, 1: 200, 64: 200, 65536: 16, 1048576: 3 };

export const sizes = scenario({
  name: 'sizes',
  about: 'messages of 0 bytes to 1 MiB, each way, with 1 to 8 sockets in the kernel',
  cases: casesOf({
    ours: SIDES,
    direction: /** @type {const} */ (['from us', 'from the kernel']),
    mode: MODES,
    sockets: [1, 3, 8],
    bytes: /** @type {const} */ ([0, 1, 64, 65_536, 1_048_576]),
  }),
  async run(lab, { ours, direction, mode, sockets, bytes }) {
    const peer = await lab.peer(ours);
    const { own, theirs } = await socketsOf(peer, lab.kernel(), { own: 1, theirs: sockets });
    const flows = direction === 'from us' ? everyFlow(own, theirs) : everyFlow(theirs, own);
    return await exchange(flows, { count: COUNTS[bytes], sizes: [bytes], mode });
  },
});
