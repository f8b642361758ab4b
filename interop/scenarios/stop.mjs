// Our process is stopped for a while (SIGSTOP), as by a debugger or a machine without memory, and
// goes on. Our host's TCP goes on taking what fits, and the kernel believes that to be delivered.

import { setTimeout as delay } from 'node:timers/promises';
import { continuous } from '../continuous.mjs';
import { everyFlow } from '../exchange.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';

export const stop = scenario({
  name: 'stop',
  about: 'our process is stopped under traffic for 1 or 4 seconds, and continued',
  cases: casesOf({ ours: SIDES, seconds: [1, 4] }),
  limitSeconds: 100,
  async run(lab, { ours, seconds }) {
    const process = await lab.process(ours, { livenessMs: 2000 });
    const own = [await process.bind()];
    const theirs = [await lab.kernel().bind(), await lab.kernel().bind()];
    const flows = [...everyFlow(own, theirs), ...everyFlow(theirs, own)];
    return await continuous(flows, { count: 100, sizes: [1000] }, async () => {
      await delay(300);
      process.stop();
      await delay(1000 * seconds);
      process.goOn();
      await delay(500);
    });
  },
});
