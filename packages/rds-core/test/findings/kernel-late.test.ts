/** What a model of a Linux kernel showed: late pongs, and bytes that TCP had taken left unread. */
import { expect, test } from 'vitest';
import { SeededRandom } from '../../src/testing/index.js';
import { LinuxPeer } from '../../src/testing/linux-peer.js';
import { world } from './world.js';

const LOW = '10.0.0.1';
const KERNEL = '10.0.0.5';
const HIGH = '10.0.0.9';
const there = { address: KERNEL, port: 5000 };
const numbered = (n: number) => Uint8Array.of(n);

async function meet(more = {}, options = {}) {
  const w = world(1, { ...more, latencyMs: { min: 0.1, max: 0.1 }, splitChance: 0 });
  const kernel = new LinuxPeer(w.network, new SeededRandom(1), {
    address: KERNEL,
    ...options,
  });
  await kernel.start();
  const linux = kernel.bind(5000);
  const got: number[] = [];
  linux.onMessage = ({ data }) => got.push(data[0] as number);
  return { w, kernel, linux, got };
}

test('the late pong for a process that is gone is no receipt for the next one', async () => {
  const { w, got } = await meet();
  const first = await w.open(LOW);
  void first.bind(9000).sendmsg(numbered(1), there);
  await w.clock.runUntil(() => got.length === 1);
  w.network.partition(KERNEL, LOW, 'one-way');
  await w.clock.advance(50);
  w.network.kill(first.host);
  await w.clock.advance(50);
  w.network.heal(KERNEL, LOW);
  const next = await w.open(LOW);
  // What the next process sends is slow to arrive: a true receipt comes after that.
  const receipt = next.bind(9000).sendmsg(numbered(2), there, { until: 'delivered' });
  await w.clock.until(receipt);
  expect(got).toEqual([1, 2]);
});

test('a stall of the event loop while draining: what TCP has taken is read all the same', async () => {
  const { w, linux } = await meet({ windowBytes: 4096 });
  const node = await w.open(HIGH);
  const own = node.bind(9000);
  const heard: number[] = [];
  own.on('message', ({ data }) => heard.push(data[0] as number));
  linux.sendmsg(numbered(0), { address: HIGH, port: 9000 });
  await w.clock.runUntil(() => heard.length === 1);
  // Late, but it comes: TCP takes it while our event loop stands still, and our end is not out yet.
  w.network.partition(KERNEL, HIGH);
  void own.sendmsg(new Uint8Array(100_000), there);
  await w.clock.advance(1);
  linux.sendmsg(numbered(1), { address: HIGH, port: 9000 });
  node.resetConnection(KERNEL);
  node.host.stall(1000);
  await w.clock.advance(400);
  w.network.heal(KERNEL, HIGH);
  await w.clock.advance(5000);
  expect(heard).toEqual([0, 1]);
});

test('a kernel that connects three times while we are stalled: the second is read too', async () => {
  const { w, kernel, linux } = await meet();
  const node = await w.open(HIGH);
  const own = node.bind(9000);
  const heard: number[] = [];
  own.on('message', ({ data }) => heard.push(data[0] as number));
  const to = { address: HIGH, port: 9000 };
  linux.sendmsg(numbered(0), to);
  await w.clock.runUntil(() => heard.length === 1);
  node.host.stall(200);
  linux.sendmsg(numbered(1), to);
  await w.clock.advance(20);
  kernel.dropConnections();
  await w.clock.advance(30);
  linux.sendmsg(new Uint8Array(30_000).fill(2), to);
  linux.sendmsg(numbered(3), to);
  await w.clock.advance(30);
  kernel.dropConnections();
  await w.clock.advance(30);
  linux.sendmsg(numbered(4), to);
  await w.clock.advance(5000);
  expect(heard).toEqual([0, 1, 2, 3, 4]);
});

test('a module unloaded in good order and loaded again: what it says first is heard', async () => {
  const { w, kernel, linux } = await meet();
  const node = await w.open(HIGH);
  const heard: number[] = [];
  node.bind(9000).on('message', ({ data }) => heard.push(data[0] as number));
  const to = { address: HIGH, port: 9000 };
  linux.sendmsg(numbered(0), to);
  await w.clock.runUntil(() => heard.length === 1);
  await w.clock.advance(50);
  // Its next connection waits until this one is known to be over. That one is then found ended,
  // as by a kernel that lives; so the third, which waited too, may be older than it looks.
  w.network.cut(KERNEL, HIGH, { unaware: [HIGH] });
  await w.clock.advance(1000);
  kernel.stop();
  await kernel.start();
  kernel.bind(5000).sendmsg(numbered(1), to);
  await w.clock.advance(10_000);
  expect(heard).toEqual([0, 1]);
});

test('a knock from port 16385 has no byte, whatever we took the peer for', async () => {
  const { w, kernel } = await meet({}, { pingEnable: false });
  const node = await w.open(HIGH);
  const own = node.bind(9000);
  await own.sendmsg(numbered(0), there);
  await w.clock.advance(1000);
  expect(node.info().connections[0]?.state).toBe('up');
  w.network.link(KERNEL, HIGH).dialRule = 'refuse';
  w.network.cut(HIGH, KERNEL);
  await w.clock.advance(500);
  expect(kernel.violations).toEqual([]);
});
