// Connections are dropped again and again under traffic both ways, by the kernel or by us. Nothing
// may be lost: what our TCP has acknowledged the kernel believes to be delivered, so we have to
// read it before we leave.

import { setTimeout as delay } from 'node:timers/promises';
import { continuous } from '../continuous.mjs';
import { everyFlow } from '../exchange.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const SIZES = [200, 200, 20_000];
const DROPS = 6;
const EVERY_MS = 400;

export const drop = scenario({
  name: 'drop',
  about: 'connections are dropped under traffic, by the kernel (rds_tcp_rcvbuf) or by us',
  cases: casesOf({
    ours: SIDES,
    by: /** @type {const} */ (['by the kernel', 'by us']),
    mode: MODES,
  }),
  limitSeconds: 90,
  async run(lab, { ours, by, mode }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    const { own, theirs } = await socketsOf(peer, kernel, { own: 1, theirs: 3 });
    const flows = [...everyFlow(own, theirs), ...everyFlow(theirs, own)];
    return await continuous(flows, { count: 100, sizes: SIZES, mode }, async () => {
      for (let n = 0; n < DROPS; n++) {
        await delay(EVERY_MS);
        if (by === 'by us') peer.node.resetConnection(kernel.address);
        else await kernel.dropConnections();
      }
    });
  },
});
