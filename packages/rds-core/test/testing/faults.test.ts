/** The faults of the simulated network, and that they are the same for the same seed. */

import type { NetworkOptions } from '@rds-tcp/core/testing';
import { describe, expect, test } from 'vitest';
import { type End, pattern, World } from './world.js';

describe('cut', () => {
  test('loses what is in flight both ways, and both ends learn of it', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    a.write(1);
    b.write(2);
    await world.clock.advance(1);
    a.write(3);
    b.write(4);
    await world.clock.advance(0.5);
    expect([a.dones, b.dones]).toEqual([2, 2]);
    world.network.cut('b', 'a');
    expect(world.network.connections()).toEqual([]);
    await world.clock.advance(4);
    // They do not know yet, and what they write is lost too.
    a.write(5);
    await world.clock.advance(10);
    expect(b.events).toEqual(['received 1', 'closed ECONNRESET']);
    expect(a.events).toEqual(['opened', 'received 1', 'closed ECONNRESET']);
    expect(a.dones).toBe(3);
    expect(world.clock.pending).toBe(0);
  });

  test('each end learns at its own time', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    world.network.cut('a', 'b', { noticeMs: { min: 0, max: 100 } });
    await world.clock.advance(100);
    const times = world.trace.filter((line) => line.includes('closed')).map(Number.parseFloat);
    expect(new Set(times).size).toBe(2);
    expect([a.events.at(-1), b.events.at(-1)]).toEqual(Array(2).fill('closed ECONNRESET'));
  });

  test('leaves what had arrived to be read before', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    b.stream.pause();
    a.write(1, 2);
    await world.clock.advance(2);
    world.network.cut('a', 'b');
    await world.clock.advance(100);
    expect(b.events).toEqual([]);
    b.stream.resume();
    await world.clock.advance(1);
    expect(b.events).toEqual(['received 2', 'closed ECONNRESET']);
  });

  test('a write that fails takes nothing from the reader', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    b.stream.pause();
    a.write(1, 2);
    await world.clock.advance(2);
    world.network.cut('a', 'b');
    await world.clock.advance(100);
    b.write(3);
    await world.clock.advance(0);
    expect(b.dones).toBe(1);
    expect(b.events).toEqual([]);
    b.stream.resume();
    await world.clock.advance(1);
    expect(b.events).toEqual(['received 2', 'closed ECONNRESET']);
  });

  test('half-open: one side never learns, until it gives up', async () => {
    const world = new World({ windowBytes: 100 });
    const { a, b } = await world.connect();
    world.network.cut('a', 'b', { unaware: ['b'] });
    await world.clock.advance(10_000);
    expect(a.events).toEqual(['opened', 'closed ECONNRESET']);
    expect(b.events).toEqual([]);
    b.writeChunks([pattern(100)]);
    b.writeChunks([pattern(1)]);
    await world.clock.advance(10_000);
    expect(b.dones).toBe(1);
    b.stream.destroy();
    await world.clock.advance(1);
    expect(b.dones).toBe(2);
    expect(b.events).toEqual(['closed']);
  });

  test('can be of one connection, whoever dialled', async () => {
    const world = new World();
    await world.listen();
    const [one, other] = [world.dial(), world.dial()];
    await world.clock.advance(10);
    world.network.connections('a', 'b')[0]?.cut();
    await world.clock.advance(100);
    expect(one.events).toEqual(['opened', 'closed ECONNRESET']);
    expect(other.events).toEqual(['opened']);
    expect(world.network.connections()).toHaveLength(1);
  });

  test('in the last step of the handshake leaves only a dialler', async () => {
    const world = new World();
    const accepted: End[] = [];
    await world.listen((end) => accepted.push(end));
    const a = world.dial();
    await world.clock.runUntil(() => a.events.length > 0);
    world.network.cut('a', 'b');
    await world.clock.advance(100);
    expect(a.events).toEqual(['opened', 'closed ECONNRESET']);
    expect(accepted).toEqual([]);
  });
});

describe('dials', () => {
  test('are refused or left without an answer by rule', async () => {
    const world = new World();
    await world.listen();
    const link = world.network.link('a', 'b');
    link.dialRule = 'refuse';
    const refused = world.dial();
    await world.clock.advance(10);
    link.dialRule = 'hang';
    const hanging = world.dial();
    await world.clock.advance(100_000);
    link.dialRule = 'accept';
    const accepted = world.dial();
    await world.clock.advance(10);
    expect(refused.events).toEqual(['closed ECONNREFUSED']);
    expect(hanging.events).toEqual([]);
    expect(accepted.events).toEqual(['opened']);
    expect(world.network.dials).toBe(3);
  });
});

describe('partition', () => {
  test('stalls bytes both ways and lets them arrive when healed', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    a.write(1);
    await world.clock.advance(0.5);
    world.network.partition('a', 'b');
    a.write(2);
    b.write(3);
    await world.clock.advance(10_000);
    expect([a.byteCount, b.byteCount]).toEqual([0, 0]);
    expect(a.dones).toBe(2);
    world.network.heal('a', 'b');
    await world.clock.advance(10);
    expect(b.bytes).toEqual([1, 2]);
    expect(a.bytes).toEqual([3]);
    expect(world.network.connections()).toHaveLength(1);
  });

  test('hangs dials, which go through when healed', async () => {
    const world = new World();
    await world.listen();
    world.network.partition('a', 'b');
    const a = world.dial();
    await world.clock.advance(10_000);
    expect(a.events).toEqual([]);
    world.network.heal('a', 'b');
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened']);
  });

  test('can be one-way', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    world.network.partition('a', 'b', 'one-way');
    a.write(1);
    b.write(2);
    await world.clock.advance(1000);
    expect(a.bytes).toEqual([2]);
    expect(b.bytes).toEqual([]);
  });

  test('keeps others connected', async () => {
    const world = new World();
    world.network.partition('a', 'c');
    world.network.partition('c', 'b');
    const { a, b } = await world.connect();
    a.write(1);
    await world.clock.advance(10);
    expect(b.bytes).toEqual([1]);
  });

  test('keeps the order of a stream that is cut off, healed and cut off again', async () => {
    const world = new World({ latencyMs: { min: 0, max: 5 }, maxChunkBytes: 2 });
    const { a, b } = await world.connect();
    for (let round = 0; round < 40; round++) {
      a.write(round * 3, round * 3 + 1, round * 3 + 2);
      if (world.random.chance(0.5)) world.network.partition('a', 'b');
      else world.network.heal('a', 'b');
      await world.clock.advance(world.random.integer(0, 3));
    }
    world.network.heal('a', 'b');
    await world.clock.advance(100);
    expect(b.bytes).toEqual([...Array(120).keys()]);
  });

  test('of a stream that resets within it does not disturb the reset', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    b.stream.pause();
    a.write(1);
    await world.clock.advance(10);
    world.network.partition('a', 'b');
    b.write(2);
    await world.clock.advance(10);
    b.stream.destroy();
    await world.clock.advance(10);
    world.network.heal('a', 'b');
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened', 'closed ECONNRESET']);
    expect(world.clock.pending).toBe(0);
  });
});

test('latency can be changed for one direction', async () => {
  const world = new World();
  const { a, b } = await world.connect();
  world.network.link('a', 'b').latencyMs = { min: 50, max: 50 };
  a.write(1);
  b.write(2);
  await world.clock.advance(49);
  expect([a.byteCount, b.byteCount]).toEqual([1, 0]);
  await world.clock.advance(1);
  expect(b.byteCount).toBe(1);
});

describe('determinism', () => {
  test('the same seed gives the same events at the same times, another seed others', async () => {
    const first = await storm(11);
    expect(first.length).toBeGreaterThan(200);
    expect(first.some((line) => line.includes('ECONNRESET'))).toBe(true);
    expect(await storm(11)).toEqual(first);
    expect(await storm(12)).not.toEqual(first);
  });

  test('whatever happens, what arrives is a prefix, done comes once, and all end', async () => {
    for (let seed = 0; seed < 50; seed++) await storm(seed);
  });

  test('without cuts and destroys, everything arrives', async () => {
    for (let seed = 0; seed < 50; seed++) await storm(seed, 'gentle');
  });
});

/** What one write of the storm has. */
const STRIDE = 33;
/** Below it nothing breaks a connection. */
const GENTLE_ROLL_MAX = 0.97;

/** Random writes, pauses, faults and endings on a few connections. Returns what happened. */
async function storm(seed: number, kind: 'gentle' | 'wild' = 'wild'): Promise<string[]> {
  const options: Partial<NetworkOptions> = {
    ...{ latencyMs: { min: 0, max: 5 }, windowBytes: 300, maxChunkBytes: 40, poison: true },
    ...{ splitChance: 0.3, mergeChance: 0.5 },
  };
  const world = new World(options, seed);
  const { clock, network, random } = world;
  const accepted: End[] = [];
  await world.listen((end) => accepted.push(end));
  const dialled = Array.from({ length: 5 }, () => world.dial());
  const written = new Map<End, number>();
  for (let round = 0; round < 300; round++) {
    if (random.chance(0.03)) dialled.push(world.dial());
    const roll = random.next() * (kind === 'wild' ? 1 : GENTLE_ROLL_MAX);
    act(world, random.pick([...dialled, ...accepted]), roll, written);
    await clock.advance(random.within({ min: 0, max: 4 }));
  }
  network.heal('a', 'b');
  for (const end of [...dialled, ...accepted]) end.stream.resume();
  // The last dials come through, and the last bytes.
  await clock.advance(1000);
  if (kind === 'gentle') expectAll(dialled, accepted, written);
  for (const end of [...dialled, ...accepted]) end.stream.destroy();
  await clock.advance(1000);
  for (const end of [...dialled, ...accepted]) {
    expect(end.dones, `seed ${seed}`).toBe(written.get(end) ?? 0);
    expect(end.bytes, `seed ${seed}`).toEqual([...pattern(end.byteCount)]);
    const lastEvents = end.events.filter((event) => event.startsWith('closed'));
    expect(lastEvents, `seed ${seed}`).toEqual([end.events.at(-1)]);
  }
  expect(network.connections(), `seed ${seed}`).toEqual([]);
  expect(clock.pending, `seed ${seed}`).toBe(0);
  return world.trace;
}

function expectAll(dialled: End[], accepted: End[], written: Map<End, number>): void {
  const sum = (ends: End[], count: (end: End) => number): number =>
    ends.reduce((total, end) => total + count(end), 0);
  const writtenBytes = (end: End): number => (written.get(end) ?? 0) * STRIDE;
  expect(sum(accepted, (end) => end.byteCount)).toBe(sum(dialled, writtenBytes));
  expect(sum(dialled, (end) => end.byteCount)).toBe(sum(accepted, writtenBytes));
}

/** Each end writes the same pattern, so that a prefix is known by its length. */
function act(world: World, end: End, roll: number, written: Map<End, number>): void {
  const { a, b, network, random } = world;
  const writes = written.get(end) ?? 0;
  const isClosed = end.events.at(-1)?.startsWith('closed') ?? false;
  if (roll < 0.7) {
    if (isClosed) return;
    end.writeChunks([pattern((writes + 1) * STRIDE).subarray(writes * STRIDE)]);
    written.set(end, writes + 1);
  } else if (roll < 0.78) end.stream.pause();
  else if (roll < 0.88) end.stream.resume();
  else if (roll < 0.9) network.partition('a', 'b', random.pick(['both', 'one-way']));
  else if (roll < 0.96) network.heal('a', 'b');
  else if (roll < GENTLE_ROLL_MAX) random.pick([a, b]).stall(random.integer(1, 50));
  else if (roll < 0.98) random.shuffle(network.connections('a', 'b'))[0]?.cut();
  else if (roll < 0.985) end.stream.destroy();
}
