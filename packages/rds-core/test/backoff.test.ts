/** Backoff: at once, then at random below a bound that doubles up to the largest. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backoff } from '../src/backoff.js';

const almostOne = 1 - 2 ** -53;

describe('Backoff', () => {
  test('tries at once, then below bounds that double up to the largest', () => {
    const backoff = new Backoff({ minDelayMs: 1, maxDelayMs: 10 }, () => 0.5);
    const delays = Array.from({ length: 8 }, () => backoff.nextDelayMs());
    expect(delays).toEqual([0, 0.5, 1, 2, 4, 5, 5, 5]);
  });

  test('begins anew after a reset', () => {
    const backoff = new Backoff({ minDelayMs: 4, maxDelayMs: 100 }, () => 0.5);
    for (let tries = 0; tries < 5; tries++) backoff.nextDelayMs();
    backoff.reset();
    expect(backoff.boundMs).toBe(0);
    expect([backoff.nextDelayMs(), backoff.nextDelayMs()]).toEqual([0, 2]);
  });

  test('takes the whole range below the bound, so that two sides part', () => {
    for (const [random, expected] of [
      [0, 0],
      [0.25, 16],
      [almostOne, 64],
    ] as const) {
      const backoff = new Backoff({ minDelayMs: 64, maxDelayMs: 64 }, () => random);
      backoff.nextDelayMs();
      expect(backoff.nextDelayMs()).toBeCloseTo(expected);
    }
  });

  test('never waits longer than the largest bound, nor less than nothing', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 5000 }));
    const random = fc.double({ min: 0, max: almostOne, noNaN: true });
    fc.assert(
      fc.property(range, fc.infiniteStream(random), ([minDelayMs, more], randoms) => {
        const maxDelayMs = minDelayMs + more;
        const next = (): number => randoms.next().value as number;
        const backoff = new Backoff({ minDelayMs, maxDelayMs }, next);
        expect(backoff.nextDelayMs()).toBe(0);
        for (let tries = 0; tries < 30; tries++) {
          const { boundMs } = backoff;
          expect(boundMs).toBe(Math.min(minDelayMs * 2 ** tries, maxDelayMs));
          const delayMs = backoff.nextDelayMs();
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThan(boundMs);
        }
      }),
    );
  });

  test('gives a busy peer half a second to a second', () => {
    const delays = [0, 0.5, almostOne].map((random) =>
      new Backoff({ minDelayMs: 1, maxDelayMs: 10 }, () => random).busyDelayMs(),
    );
    expect(delays).toEqual([500, 750, expect.closeTo(1000)]);
  });
});
