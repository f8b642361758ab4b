// The cable is pulled out and put back: for less than it takes to notice, and for longer.

import { setTimeout as delay } from 'node:timers/promises';
import { continuous } from '../continuous.mjs';
import { everyFlow } from '../exchange.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const LIVENESS_MS = 2000;

export const cable = scenario({
  name: 'cable',
  about: 'the cable is pulled out under traffic, and put back after 1 or 5 seconds',
  cases: casesOf({ ours: SIDES, seconds: [1, 5], receipts: ['with receipts', 'without'] }),
  limitSeconds: 100,
  async run(lab, { ours, seconds, receipts }) {
    const peer = await lab.peer(ours, { livenessMs: LIVENESS_MS });
    const kernel = lab.kernel();
    const { own, theirs } = await socketsOf(peer, kernel, { own: 1, theirs: 2 });
    const flows = [...everyFlow(own, theirs), ...everyFlow(theirs, own)];
    const plan = { count: 100, sizes: [1000], receipts: receipts === 'with receipts' };
    return await continuous(flows, plan, async () => {
      await delay(300);
      await kernel.cable.pull();
      await delay(1000 * seconds);
      await kernel.cable.plugIn();
      await delay(500);
    });
  },
});
