// A port without a socket. RDS drops the message there and tells nobody; only counters know.

import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { check } from '../verdict.mjs';

const COUNT = 10;
const UNBOUND = 4999;

export const nobody = scenario({
  name: 'nobody',
  about: 'messages to a port without a socket, on either side: dropped, and counted there',
  cases: casesOf({ ours: SIDES }),
  async run(lab, { ours }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    const own = peer.bind();
    const theirs = await kernel.bind();
    const plan = { count: COUNT, sizes: [100] };

    const before = (await kernel.counters()).recv_drop_no_sock ?? 0;
    const door = { address: kernel.address, port: UNBOUND };
    const { receipts } = await own.send(door, { ...plan, receipts: true });
    const told = receipts?.delivered.length;
    check(told === COUNT, `${told} receipts: a kernel has processed it and says no more`);
    const after = (await kernel.counters()).recv_drop_no_sock ?? 0;
    check(after - before === COUNT, `the kernel has dropped ${after - before} of ${COUNT}`);

    await theirs.send({ address: peer.address, port: UNBOUND }, plan);
    // Behind them on the same connection, so that they have been seen when it comes.
    await theirs.send(own, { count: 1, sizes: [0] });
    await own.receive({ count: 1 });
    const dropped = peer.node.info().counters.recv_drop_no_sock;
    check(dropped === COUNT, `we have dropped ${dropped} of ${COUNT}`);
    return { messages: 2 * COUNT, bytes: 2 * COUNT * 100 };
  },
});
