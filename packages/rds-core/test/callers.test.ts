/**
 * The order of a peer's connections. The door lets them in by age, so that the simulation hardly
 * ever sees an elder come late: it must have taken more than a turn to say its first 48 bytes.
 */

import { beforeEach, describe, expect, test } from 'vitest';
import { Callers } from '../src/callers.js';
import { Stats } from '../src/stats.js';
import type { Stranger } from '../src/stranger.js';
import { SimulatedClock } from '../src/testing/index.js';

const BEGIN_MS = 100;
let callers: Callers;

function stranger(order: number, acceptedMs = BEGIN_MS): Stranger {
  return { order, acceptedMs, stream: { pause() {}, destroy() {} } } as unknown as Stranger;
}

function latenessOf(...args: Parameters<typeof stranger>) {
  return callers.callOf(stranger(...args)).lateness;
}

beforeEach(async () => {
  const clock = new SimulatedClock();
  await clock.advance(BEGIN_MS);
  callers = new Callers(new Stats(), clock);
});

describe('Callers', () => {
  test('takes who comes in order for what they are', () => {
    expect([1, 2, 5].map((order) => latenessOf(order))).toEqual(Array(3).fill('not-late'));
  });

  test('knows an elder that comes behind a younger one, and the next one for not late', () => {
    expect(latenessOf(2)).toBe('not-late');
    expect(latenessOf(1)).toBe('overtaken');
    expect(latenessOf(3)).toBe('not-late');
  });

  test('doubts those who stood beside a connection that its peer ended, and no others', () => {
    callers.wait(stranger(2));
    callers.wait(stranger(3));
    expect(callers.takeWaiting(true)).toHaveLength(2);
    expect(latenessOf(2)).toBe('perhaps-overtaken');
    // It had been accepted, and had not yet said whose it is.
    expect(latenessOf(4)).toBe('perhaps-overtaken');
    expect(latenessOf(5, BEGIN_MS + 1)).toBe('not-late');
  });

  test('where that one broke, takes them for those of a peer that has booted, too', () => {
    callers.wait(stranger(2));
    callers.takeWaiting(false);
    expect(latenessOf(2)).toBe('overtaken-or-booted');
  });
});
