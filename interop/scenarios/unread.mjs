// We leave a connection while much of what the kernel has sent waits unread in our TCP, which has
// acknowledged it: the kernel will not send it again. It has to be read all the same.

import { setTimeout as delay } from 'node:timers/promises';
import { continuous } from '../continuous.mjs';
import { everyFlow } from '../exchange.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';

const TIMES = 4;
const STILL_MS = 250;
const BETWEEN_MS = 400;

export const unread = scenario({
  name: 'unread',
  about: 'our event loop stands still while the kernel sends, and then we drop the connection',
  cases: casesOf({ ours: SIDES, mode: MODES }),
  async run(lab, { ours, mode }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    const { own, theirs } = await socketsOf(peer, kernel, { own: 1, theirs: 3 });
    const plan = { count: 500, sizes: [500], mode };
    return await continuous(everyFlow(theirs, own), plan, async () => {
      for (let n = 0; n < TIMES; n++) {
        await delay(BETWEEN_MS);
        standStill(STILL_MS);
        peer.node.resetConnection(kernel.address);
      }
    });
  },
});

/**
 * Nothing is read meanwhile, as if a program computed for so long.
 *
 * @param {number} forMs
 */
function standStill(forMs) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}
