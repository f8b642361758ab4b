// A bad network: delay, loss, packets that overtake each other or come twice, both ways. The
// kernel's own netem makes it bad; what comes in is led through a device (ifb) of its own for that.

import { everyFlow, exchange } from '../exchange.mjs';
import { casesOf, SIDES, scenario } from '../scenario.mjs';
import { socketsOf } from '../sockets.mjs';
import { check, Skip } from '../verdict.mjs';

const MODULES = ['sch_netem', 'sch_ingress', 'ifb', 'act_mirred', 'cls_matchall'];
const NETWORKS = {
  delay: 'delay 20ms 5ms',
  loss: 'delay 2ms loss 2%',
  reordering: 'delay 10ms reorder 75% 50%',
  'all of it': 'delay 5ms 3ms loss 1% duplicate 1% reorder 90%',
};
/** Nothing of it may be left for the scenarios that follow. */
const BACK = ['qdisc del dev vec0 root', 'qdisc del dev vec0 ingress'];

export const netem = scenario({
  name: 'netem',
  about: 'delay, loss, reordering and repeated packets on the network, both ways',
  cases: casesOf({
    ours: SIDES,
    network: /** @type {(keyof typeof NETWORKS)[]} */ (Object.keys(NETWORKS)),
  }),
  limitSeconds: 90,
  // Modules that are loaded say who they are.
  usualLog: /netem: version|Mirror\/redirect action/,
  async run(lab, { ours, network }) {
    const kernel = lab.kernel();
    await prepare(kernel);
    try {
      await spoil(kernel, NETWORKS[network]);
      const peer = await lab.peer(ours);
      const { own, theirs } = await socketsOf(peer, kernel, { own: 1, theirs: 2 });
      const flows = [...everyFlow(own, theirs), ...everyFlow(theirs, own)];
      const plan = { count: 150, sizes: [64, 3000], seconds: 60 };
      const traffic = await exchange(flows, plan);
      for (const device of ['vec0', 'ifb0']) await checkUsed(kernel, device);
      return traffic;
    } finally {
      for (const words of BACK) await tc(kernel, words);
    }
  },
});

/** @typedef {import('../kernel.mjs').Kernel} Kernel */

/** @param {Kernel} kernel */
async function prepare(kernel) {
  try {
    await kernel.call('load', { modules: MODULES });
  } catch (error) {
    throw new Skip(`no netem in this kernel: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {Kernel} kernel
 * @param {string} how
 */
async function spoil(kernel, how) {
  await kernel.call('link', { device: 'ifb0', up: true });
  const toDevice = 'action mirred egress redirect dev ifb0';
  for (const words of [
    `qdisc replace dev vec0 root netem ${how}`,
    `qdisc replace dev ifb0 root netem ${how}`,
    'qdisc add dev vec0 ingress',
    `filter add dev vec0 parent ffff: protocol all matchall ${toDevice}`,
  ]) {
    await tc(kernel, words);
  }
}

/**
 * The packets went through it.
 *
 * @param {Kernel} kernel
 * @param {string} device
 */
async function checkUsed(kernel, device) {
  const output = await tc(kernel, `-s qdisc show dev ${device}`);
  const [, packets = '0'] = /netem[\s\S]*? (\d+) pkt/.exec(output) ?? [];
  check(Number(packets) > 100, `netem at ${device} has seen ${packets} packets`);
}

/**
 * @param {Kernel} kernel
 * @param {string} words
 * @returns {Promise<string>}
 */
async function tc(kernel, words) {
  const argv = ['/usr/sbin/tc', ...words.split(' ')];
  const { status, output } = await kernel.call('execute', { argv });
  check(status === 0, `tc ${words}: ${output}`);
  return output;
}
