/** Kernels that begin again while we do not look: what drills of the simulation showed. */
import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/testing/index.js';
import { LinuxPeer } from '../../src/testing/linux-peer.js';
import { world } from './world.js';

const KERNEL = '10.0.0.5';
const HIGH = '10.0.0.9';
const to = { address: HIGH, port: 9000 };
const numbered = (n: number) => Uint8Array.of(n);

async function meet(seed = 1) {
  const w = world(seed, { latencyMs: { min: 0.1, max: 0.1 }, splitChance: 0 });
  const kernel = new LinuxPeer(w.network, new SeededRandom(1), { address: KERNEL });
  await kernel.start();
  const heard: number[] = [];
  const open = async () => {
    const node = await w.open(HIGH);
    node.bind(9000).on('message', ({ data }) => heard.push(data[0] as number));
    return node;
  };
  return { w, kernel, heard, node: await open(), open };
}

test.each([1, 2, 3, 4, 5])(
  'a stall while a kernel connects again and again: its elders speak first, order %i of reading',
  async (seed) => {
    const { w, kernel, heard, node } = await meet(seed);
    const linux = kernel.bind(5000);
    linux.sendmsg(numbered(0), to);
    await w.clock.runUntil(() => heard.length === 1);
    node.host.stall(400);
    for (let n = 1; n <= 5; n++) {
      kernel.dropConnections();
      await w.clock.advance(60);
      linux.sendmsg(numbered(n), to);
      await w.clock.advance(1);
    }
    await w.clock.advance(5000);
    expect(heard).toEqual([0, 1, 2, 3, 4, 5]);
  },
);

test('the first numbers after our restart are new, though the kernel has to resend them', async () => {
  const { w, kernel, heard, node, open } = await meet();
  const linux = kernel.bind(5000);
  for (let n = 0; n < 5; n++) linux.sendmsg(numbered(n), to);
  await w.clock.advance(100);
  w.network.kill(node.host);
  await w.clock.advance(100);
  linux.sendmsg(numbered(5), to);
  await open();
  await w.clock.runUntil(() => heard.length === 6);
  // It answers us, and so has heard that we are new. That answer, and what follows, is lost.
  w.network.partition(KERNEL, HIGH, 'one-way');
  await w.clock.advance(50);
  linux.sendmsg(numbered(6), to);
  await w.clock.advance(1);
  w.network.cut(KERNEL, HIGH);
  w.network.heal(KERNEL, HIGH);
  await w.clock.advance(10_000);
  expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
