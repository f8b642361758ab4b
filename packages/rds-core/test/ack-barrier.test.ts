/** AckBarrier: which pong proves what, and what a missing one means. */

import { SeededRandom, SimulatedClock, SimulatedNetwork } from '@rds-tcp/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { AckBarrier } from '../src/ack-barrier.js';
import type { Runtime } from '../src/runtime.js';

let clock: SimulatedClock;
let runtime: Runtime;
let missing: [meaning: string, sequence: number][];
let barrier: AckBarrier;
let isHeard: boolean;
beforeEach(() => {
  clock = new SimulatedClock();
  runtime = new SimulatedNetwork(clock, new SeededRandom(1)).runtime();
  missing = [];
  isHeard = true;
  barrier = new AckBarrier(
    runtime,
    () => isHeard,
    (meaning, sequence) => missing.push([meaning, sequence]),
  );
});

/** A barrier whose ping goes out, and whose pong never comes. Gives how long that took to say. */
async function unanswered(tag: number, sequence: number): Promise<number> {
  barrier.begin(tag, false);
  barrier.sent(sequence);
  const startMs = clock.now();
  const count = missing.length;
  await clock.runUntil(() => missing.length > count);
  return clock.now() - startMs;
}

describe('a pong', () => {
  test('acknowledges all before its ping', () => {
    expect(barrier.isWaiting).toBe(false);
    barrier.begin(700, false);
    barrier.sent(42);
    expect(barrier.isWaiting).toBe(true);
    expect(barrier.pong(700)).toBe(42);
    expect(barrier.isWaiting).toBe(false);
    expect(clock.pending).toBe(0);
    // A pong that the peer sends again.
    expect(barrier.pong(700)).toBeNull();
  });

  test('of an older barrier is not taken for that of the present one', () => {
    barrier.begin(700, false);
    barrier.sent(42);
    barrier.cancel();
    barrier.begin(701, false);
    barrier.sent(50);
    expect(barrier.pong(700)).toBeNull();
    expect(barrier.isWaiting).toBe(true);
    expect(barrier.pong(701)).toBe(50);
  });

  test('that comes before the ping has gone out is none', () => {
    barrier.begin(700, false);
    expect(barrier.pong(700)).toBeNull();
    barrier.sent(42);
    expect(barrier.pong(700)).toBe(42);
  });

  test('of any ping shows that the peer answers', () => {
    expect(barrier.answers).toBe(false);
    barrier.pong(9);
    expect(barrier.answers).toBe(true);
  });
});

describe('a missing pong', () => {
  test('is missed once, after some seconds', async () => {
    const waitedMs = await unanswered(700, 42);
    expect(waitedMs).toBeGreaterThanOrEqual(1000);
    expect(waitedMs).toBeLessThanOrEqual(10_000);
    expect(missing).toEqual([[expect.any(String), 42]]);
    expect(barrier.isWaiting).toBe(false);
    expect(barrier.pong(700)).toBeNull();
    await clock.advance(60_000);
    expect(missing).toHaveLength(1);
  });

  test('of a peer that answers was lost: ask again', async () => {
    barrier.pong(9);
    for (const sequence of [42, 43, 44]) await unanswered(700, sequence);
    expect(missing).toEqual([
      ['again', 42],
      ['again', 43],
      ['again', 44],
    ]);
  });

  test('whose ping never went out means nothing', async () => {
    for (let times = 0; times < 3; times++) await unanswered(700, 0);
    expect(missing).toEqual([
      ['again', 0],
      ['again', 0],
      ['again', 0],
    ]);
  });

  test('of a peer that never answered is proven on a second connection, and then believed', async () => {
    for (const sequence of [42, 50, 60]) await unanswered(700, sequence);
    expect(missing).toEqual([
      ['reconnect', 42],
      ['never', 50],
      ['never', 60],
    ]);
  });

  test('is not waited for as long once it is known that there are none', async () => {
    const waitedMs = [];
    for (const sequence of [42, 50, 60]) waitedMs.push(await unanswered(700, sequence));
    expect(waitedMs[2]).toBeLessThan(waitedMs[0] as number);
  });

  test('tells nothing where nothing came at all, not even the map', async () => {
    isHeard = false;
    for (const sequence of [42, 50, 60]) await unanswered(700, sequence);
    isHeard = true;
    for (const sequence of [70, 80]) await unanswered(700, sequence);
    expect(missing.map(([meaning]) => meaning)).toEqual([
      'reconnect',
      'reconnect',
      'reconnect',
      'reconnect',
      'never',
    ]);
  });

  test('is the exception again when one comes after all', async () => {
    for (const sequence of [42, 50]) await unanswered(700, sequence);
    barrier.pong(700);
    expect(barrier.answers).toBe(true);
    await unanswered(701, 60);
    expect(missing.at(-1)).toEqual(['again', 60]);
  });

  test('is not missed when the connection broke', async () => {
    barrier.begin(700, false);
    barrier.sent(42);
    barrier.cancel();
    barrier.sent(43);
    expect(barrier.pong(700)).toBeNull();
    await clock.advance(60_000);
    expect(missing).toEqual([]);
  });

  test('leaves room for the next barrier at once', async () => {
    let isMissing = false;
    const again = new AckBarrier(
      runtime,
      () => true,
      () => {
        isMissing = true;
        again.begin(701, false);
      },
    );
    again.begin(700, false);
    again.sent(8);
    await clock.runUntil(() => isMissing);
    expect(again.isWaiting).toBe(true);
    again.sent(9);
    expect(again.pong(701)).toBe(9);
    expect(clock.pending).toBe(0);
  });
});
