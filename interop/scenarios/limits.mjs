// What is too large is refused by whoever would send it: above 1 MiB, or above the send buffer.

import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { check } from '../verdict.mjs';

const MIB = 1_048_576;
const PLAN = { count: 1, mode: /** @type {const} */ ('once') };

export const limits = scenario({
  name: 'limits',
  about: 'EMSGSIZE on both sides: above 1 MiB, and above SO_SNDBUF, whose default is smaller',
  cases: casesOf({ ours: SIDES }),
  async run(lab, { ours }) {
    const peer = await lab.peer(ours);
    const kernel = lab.kernel();
    const own = peer.bind();
    const roomy = await kernel.bind();
    const usual = await kernel.bind({ sendBuffer: 0 });

    const tooLarge = await roomy.send(own, { ...PLAN, sizes: [MIB + 1] });
    check(tooLarge.error === 'EMSGSIZE', `1 MiB and a byte from the kernel: ${tooLarge.error}`);
    const overBuffer = await usual.send(own, { ...PLAN, sizes: [MIB] });
    check(overBuffer.error === 'EMSGSIZE', `1 MiB with the usual SO_SNDBUF: ${overBuffer.error}`);
    const ofOurs = await own.rds.sendmsg(new Uint8Array(MIB + 1), nameOf(roomy)).then(
      () => 'no error',
      (error) => error.code,
    );
    check(ofOurs === 'EMSGSIZE', `1 MiB and a byte from us: ${ofOurs}`);
    return { messages: 3, bytes: 0 };
  },
});

/** @param {import('../kernel-socket.mjs').Name} socket */
function nameOf({ address, port }) {
  return { address, port };
}
