/** What the core remembers for speed is bounded, and forgetting it changes nothing that is said. */

import { SeededRandom, SimulatedClock, SimulatedNetwork } from '@rds-tcp/core/testing';
import { expect, test } from 'vitest';
import { Callers } from '../src/callers.js';
import type { Route } from '../src/flow.js';
import { FlowTable } from '../src/flow-table.js';
import type { Incoming } from '../src/index.js';
import { Outstanding } from '../src/outstanding.js';
import { Queue } from '../src/queue.js';
import { SlabPool } from '../src/slab.js';
import { Stats } from '../src/stats.js';
import { Stranger } from '../src/stranger.js';
import { type Train, TrainPool } from '../src/train.js';
import { attach, frame, map } from './findings/raw.js';
import { A, B, world } from './findings/world.js';
import { collectGarbage } from './garbage.js';

/** How many of `made` are still held by anything once all that `use` did is done. */
async function held<T extends object>(count: number, use: (note: (item: T) => T) => void) {
  const refs: WeakRef<T>[] = [];
  use((item) => {
    refs.push(new WeakRef(item));
    return item;
  });
  expect(refs).toHaveLength(count);
  await collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

test('a path keeps no more settled trains than its window takes', async () => {
  const pool = new TrainPool();
  const many = 70_000;
  const kept = await held<Train>(many, (note) => {
    const trains = Array.from({ length: many }, () => note(pool.take()));
    for (const train of trains) pool.give(train);
  });
  expect(kept).toBe(65_536);
  expect(pool.take()).toBeDefined();
});

test.each([4096, 131_072, 1 << 20])(
  'a node keeps 8 MiB of free slabs of %d bytes, hands them out again, and then others',
  (bytes) => {
    const pool = new SlabPool();
    const many = 8 * (1 << 20);
    const take = (size: number) => Array.from({ length: many / size + 5 }, () => pool.take(size));
    const slabs = take(bytes);
    expect(slabs.map((slab) => slab.bytes.byteLength)).toEqual(slabs.map(() => bytes));
    for (const slab of slabs) pool.give(slab);
    expect(take(bytes).filter((slab) => slabs.includes(slab))).toHaveLength(many / bytes);
    for (const slab of slabs) pool.give(slab);
    const others = take(2 * bytes);
    for (const slab of others) pool.give(slab);
    expect(take(2 * bytes).filter((slab) => others.includes(slab))).toHaveLength(many / bytes / 2);
  },
);

test('a slab that is larger than all that a node keeps is not kept', () => {
  const pool = new SlabPool();
  const small = pool.take(4096);
  pool.give(small);
  const huge = pool.take(9 << 20);
  pool.give(huge);
  expect([pool.take(9 << 20) === huge, pool.take(4096) === small]).toEqual([false, true]);
});

test('a slab has no more than 4 KiB beyond what is asked for', () => {
  const sizes = [1, 4096, 4097, 65_584, (1 << 20) + 48];
  const taken = sizes.map((size) => new SlabPool().take(size).bytes.byteLength);
  expect(taken).toEqual([4096, 4096, 8192, 69_632, (1 << 20) + 4096]);
});

test('a queue that was long once gives its memory back when it stays short', async () => {
  const queues = Array.from({ length: 20 }, () => new Queue<number>());
  const used = async () => {
    await collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await used();
  for (const queue of queues) {
    for (let item = 0; item < 100_000; item++) queue.push(item);
    while (queue.shift() !== undefined);
  }
  const long = (await used()) - before;
  for (const queue of queues) {
    for (let times = 0; times < 300; times++) {
      queue.push(times);
      expect(queue.shift()).toBe(times);
    }
  }
  expect((await used()) - before).toBeLessThan(long / 3);
});

test('a peer with more senders than are remembered is heard as well as any', async () => {
  const { clock, network, open } = world();
  const node = await open(B);
  const heard: Incoming[] = [];
  node.bind(5000).on('message', (message) => heard.push(message));
  const stream = network
    .runtime()
    .transport.connect({ address: A, tcpPort: 1 }, { address: B, tcpPort: 16_385 });
  let sequence = 1;
  const from = (sport: number) => frame({ seq: sequence++, sport, dport: 5000 });
  const ports = Array.from({ length: 1500 }, (_, index) => 2 + index);
  // Each sender twice in a row, then the first one once more.
  const frames = [2, ...ports.slice(0, 1000), 2, ...ports, 2].flatMap(from);
  const opened = () => stream.write([map(), frame({ sport: 1, dport: 0 }), ...frames], () => {});
  attach(stream, { opened });
  await clock.runUntil(() => heard.length === frames.length);
  expect(heard.map((message) => message.from.port)).toEqual([
    2,
    ...ports.slice(0, 1000),
    2,
    ...ports,
    2,
  ]);
  for (const message of heard) expect(message.from.address).toBe(A);
  const names = heard.filter((message) => message.from.port === 2).map((message) => message.from);
  // One object per sender, as long as it is remembered, and not for ever.
  expect(names[1]).toBe(names[0]);
  expect(names[2]).toBe(names[1]);
  expect(names.at(-1)).not.toBe(names[0]);
});

/** A flow table whose routes are given by the test. */
function tableOf(route: Partial<Route>) {
  const stats = new Stats();
  const router = {
    stats,
    epoch: 0,
    route: (to: { address: string; port: number }) => ({ route: route as Route, to }),
  };
  const table = new FlowTable(router, 1000, { port: 4000, blocked: () => {}, emptied: () => {} });
  return { table, router, stats };
}

test('a socket forgets the names of 65,536 destinations, but not where something is under way', () => {
  const sent: { settle(): void }[] = [];
  const { table } = tableOf({
    isCongested: () => false,
    outstanding: new Outstanding(1),
    isGone: false,
    send: (_, _length, _sport, _dport, owner) => {
      const message = { count: 1, chargedBytes: 64, receipt: null };
      sent.push({ settle: () => owner.settled(message, 'delivered', null) });
    },
  });
  const to = (address: number, port = 5000) => ({ address: `10.0.0.${address}`, port });
  const busy = table.flowTo(to(0), 'sendmsg');
  expect(busy.trySend(new Uint8Array(1), 1, null)).toBeNull();
  for (let port = 2; port <= 65_535; port++) table.flowTo(to(1, port), 'sendmsg');
  expect([...table].length).toBeGreaterThan(65_000);
  expect(table.flowTo(to(0), 'sendmsg')).toBe(busy);
  for (let port = 2; port <= 9; port++) table.flowTo(to(2, port), 'sendmsg');
  expect([...table].length).toBeLessThan(10);
  expect([...table]).toContain(busy);
  expect(table.flowTo(to(0), 'sendmsg')).toBe(busy);
  sent[0]?.settle();
  expect(busy.isIdle).toBe(true);
});

test('a smaller peer that calls again and again while we read has 256 calls waiting', () => {
  const stats = new Stats();
  const clock = new SimulatedClock();
  const callers = new Callers(stats, clock);
  const runtime = new SimulatedNetwork(clock, new SeededRandom(1)).runtime();
  const calls: string[] = [];
  const limits = { handshakeTimeoutMs: 1000, maxMessageBytes: 1000 };
  const owner = { identified: () => {}, rejected: () => {} };
  for (let order = 0; order < 258; order++) {
    const stream = {
      pause: () => calls.push('pause'),
      destroy: () => calls.push('destroy'),
    } as unknown as Stranger['stream'];
    callers.wait(new Stranger(stream, order, owner, runtime, limits));
  }
  expect(calls).toEqual([...Array(256).fill('pause'), 'destroy', 'destroy']);
  expect(stats.tcp_listen_closed_stale).toBe(2);
  expect(callers.takeWaiting(true).map(({ order }) => order)).toEqual([...Array(256).keys()]);
  expect(callers.takeWaiting(true)).toEqual([]);
});

test('refusals are told exactly, however many there have been', async () => {
  const { clock, open } = world();
  const alice = (await open(A)).bind({ port: 4000, sendBufferBytes: 2 ** 20 });
  const bob = (await open(B)).bind(5000);
  const fates = new Map<string, number>();
  const fate = (call: Promise<void>) =>
    call.then(
      () => 'delivered',
      ({ code }) => code,
    );
  // Every other one, so that no two are told as one range.
  for (let round = 0; round < 10; round++) {
    const calls = Array.from({ length: 1000 }, (_, index) =>
      fate(alice.sendmsg('x', { address: B, port: 5000 + (index % 2) }, { until: 'delivered' })),
    );
    for (const end of await clock.until(Promise.all(calls))) {
      fates.set(end, (fates.get(end) ?? 0) + 1);
    }
  }
  expect([...fates]).toEqual([
    ['delivered', 5000],
    ['ECONNREFUSED', 5000],
  ]);
  expect(bob.recvmmsg()).toHaveLength(5000);
});
