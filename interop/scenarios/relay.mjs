// Several kernels and our node between them: what comes from one is passed on to the next, around.

import { casesOf, MODES, SIDES, scenario } from '../scenario.mjs';
import { checkComplete, tallyOf } from '../verdict.mjs';

/** The same everywhere: what is passed on names the same ports as before. */
const PORT = 7000;
const COUNT = 500;
const SIZES = [64, 1000, 20_000];

export const relay = scenario({
  name: 'relay',
  about: 'two and three kernels, and our node between them, which passes on what comes',
  kernels: 3,
  cases: casesOf({ ours: SIDES, kernels: [2, 3], mode: MODES }),
  async run(lab, { ours, kernels, mode }) {
    const peer = await lab.peer(ours);
    const own = peer.bind({ port: PORT });
    const ends = lab.running.slice(0, kernels);
    const theirs = await Promise.all(ends.map((kernel) => kernel.bind({ port: PORT })));
    const nextOf = new Map(theirs.map(({ address }, n) => [address, theirs[(n + 1) % kernels]]));
    /** @type {unknown[]} */
    const errors = [];
    own.rds.on('message', ({ data, from }) => {
      const next = nextOf.get(from.address);
      if (next === undefined) errors.push(`a message from ${from.address}`);
      else
        own.rds
          .sendmsg(data, { address: next.address, port: next.port })
          .catch((error) => errors.push(error));
    });
    const plan = { count: COUNT, sizes: SIZES, mode };
    const reading = theirs.map((to) => to.receive({ count: COUNT, seconds: 40 }));
    const sent = await Promise.all(theirs.map((from) => from.send(own, plan)));
    const received = await Promise.all(reading);
    if (errors.length > 0) throw errors[0];
    for (const [n, run] of sent.entries()) {
      const there = (n + 1) % kernels;
      const read = received[there] ?? { read: 0, senders: {} };
      checkComplete(tallyOf(read, own), run, `k${n + 1} → us → k${there + 1}`);
    }
    const bytes = sent.reduce((sum, run) => sum + run.bytes, 0);
    return { messages: COUNT * kernels, bytes };
  },
});
