// The kernel sends before we are there at all. What it has accepted waits for us.

import { setTimeout as delay } from 'node:timers/promises';
import { ownAddress } from '../bridge.mjs';
import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { checkRange, tallyOf } from '../verdict.mjs';

const PORT = 5000;
const COUNT = 20;
const BYTES = 1000;
const ABSENT_MS = 1500;

export const later = scenario({
  name: 'later',
  about: 'the kernel sends to an address where nobody is, and we come later',
  cases: casesOf({ ours: SIDES, mode: MODES }),
  async run(lab, { ours, mode }) {
    const theirs = await lab.kernel().bind();
    const plan = { count: COUNT, sizes: [BYTES], mode };
    const sending = theirs.send({ address: ownAddress(ours), port: PORT }, plan);
    sending.catch(() => {}); // It is awaited below.
    await delay(ABSENT_MS);
    const peer = await lab.peer(ours);
    const own = peer.bind({ port: PORT });
    // A kernel that is larger has knocked once, in vain. It waits for us to call.
    if (ours === 'lower') await peer.node.ping(theirs.address);
    const [received] = await Promise.all([own.receive({ count: COUNT }), sending]);
    checkRange(tallyOf(received, theirs), COUNT, 'from the kernel');
    return { messages: COUNT, bytes: COUNT * BYTES };
  },
});
