/** AckBarrier: which pong proves what, and what a missing one means. */

import { SimulatedClock } from '@rds-tcp/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { AckBarrier } from '../src/ack-barrier.js';

let clock: SimulatedClock;
let lost: [atMs: number, sequence: number][];
let barrier: AckBarrier;
beforeEach(() => {
  clock = new SimulatedClock();
  lost = [];
  barrier = new AckBarrier(clock, (sequence) => lost.push([clock.now(), sequence]));
});

describe('AckBarrier', () => {
  test('takes the pong of its ping for the acknowledgement of all before it', async () => {
    expect(barrier.isWaiting).toBe(false);
    barrier.begin(700);
    barrier.sent(42);
    expect(barrier.isWaiting).toBe(true);
    expect(barrier.pong(700)).toBe(42);
    expect(barrier.isWaiting).toBe(false);
    expect(clock.pending).toBe(0);
    // A pong that the peer sends again.
    expect(barrier.pong(700)).toBeNull();
  });

  test('does not take the pong of an older barrier for its own', () => {
    barrier.begin(700);
    barrier.sent(42);
    barrier.cancel();
    barrier.begin(701);
    barrier.sent(50);
    expect(barrier.pong(700)).toBeNull();
    expect(barrier.isWaiting).toBe(true);
    expect(barrier.pong(701)).toBe(50);
  });

  test('takes no pong for its own before its ping has gone out', () => {
    barrier.begin(700);
    expect(barrier.pong(700)).toBeNull();
    barrier.sent(42);
    expect(barrier.pong(700)).toBe(42);
  });

  test('says what a missing pong would have acknowledged, once', async () => {
    barrier.begin(700);
    barrier.sent(42);
    await clock.advance(4999);
    expect(lost).toEqual([]);
    await clock.advance(60_000);
    expect(lost).toEqual([[5000, 42]]);
    expect(barrier.isWaiting).toBe(false);
    expect(barrier.pong(700)).toBeNull();
  });

  test('says 0 if not even the ping went out', async () => {
    barrier.begin(700);
    await clock.advance(5000);
    expect(lost).toEqual([[5000, 0]]);
  });

  test('says nothing once it is cancelled', async () => {
    barrier.begin(700);
    barrier.sent(42);
    barrier.cancel();
    barrier.sent(43);
    expect(barrier.pong(700)).toBeNull();
    await clock.advance(60_000);
    expect(lost).toEqual([]);
  });

  test('can begin anew from what it says of a missing pong', async () => {
    const again = new AckBarrier(clock, () => again.begin(701));
    again.begin(700);
    await clock.advance(5000);
    expect(again.isWaiting).toBe(true);
    again.sent(9);
    expect(again.pong(701)).toBe(9);
    expect(clock.pending).toBe(0);
  });
});
