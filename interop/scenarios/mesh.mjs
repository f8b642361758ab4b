// A mesh: a kernel, nodes of ours on addresses of their own, and two more that share an address and
// have different TCP ports. Everybody sends to everybody; the kernel knows only port 16385.

import { exchange } from '../exchange.mjs';
import { casesOf, MODES, scenario } from '../scenario.mjs';

const COUNT = 100;
const SIZES = [64, 1000, 10_000];
const SHARED_INDEX = 3;
const TCP_PORTS = [20_001, 20_002];

export const mesh = scenario({
  name: 'mesh',
  about: 'a kernel and six nodes of ours, some on other TCP ports: everybody to everybody',
  cases: casesOf({ mode: MODES, kernels: [1, 2] }),
  kernels: 2,
  async run(lab, { mode, kernels }) {
    const peers = await Promise.all([
      ...[0, 1].map((index) => lab.peer('lower', { index })),
      ...[0, 1].map((index) => lab.peer('higher', { index })),
    ]);
    const shared = await Promise.all(
      TCP_PORTS.map((tcpPort) => lab.peer('higher', { index: SHARED_INDEX, tcpPort })),
    );
    const usual = peers.map((peer) => peer.bind());
    const others = shared.map((peer) => peer.bind());
    const own = [...usual, ...others];
    const ends = lab.running.slice(0, kernels);
    const theirs = await Promise.all(ends.map((kernel) => kernel.bind()));
    const flows = [
      ...own
        .flatMap((from) => own.map((to) => ({ from, to })))
        .filter(({ from, to }) => from !== to),
      ...usual.flatMap((from) => theirs.map((to) => ({ from, to }))),
      ...theirs.flatMap((from) => usual.map((to) => ({ from, to }))),
    ];
    return await exchange(flows, { count: COUNT, sizes: SIZES, mode, seconds: 40 });
  },
});
