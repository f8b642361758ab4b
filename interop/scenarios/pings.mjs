// Pings both ways: rds-ping sends datagrams without payload to port 0, from several sockets.

import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';
import { check, tallyOf } from '../verdict.mjs';

const COUNT = 20;
const SOCKETS = 8;

export const pings = scenario({
  name: 'pings',
  about: 'we ping the kernel, and eight sockets of it ping us',
  cases: casesOf({ ours: SIDES }),
  async run(lab, { ours }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    for (let n = 0; n < COUNT; n++) {
      const ms = await peer.node.ping(kernel.address);
      check(ms >= 0 && ms < 5000, `a ping took ${ms} ms`);
    }
    const { theirs } = await socketsOf(peer, kernel, { own: 0, theirs: SOCKETS });
    const door = { address: peer.address, port: 0 };
    const plan = { count: COUNT, sizes: [0] };
    await Promise.all(
      theirs.map(async (from) => {
        const [received] = await Promise.all([
          from.receive({ count: COUNT }),
          from.send(door, plan),
        ]);
        const { messages } = tallyOf(received, door);
        check(messages === COUNT, `${messages} pongs for ${COUNT} pings`);
      }),
    );
    return { messages: COUNT * (1 + SOCKETS), bytes: 0 };
  },
});
