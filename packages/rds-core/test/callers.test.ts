/**
 * The order of a peer's connections. The door lets them in by age, so that the simulation hardly
 * ever sees an elder come late: it must have taken more than a turn to say its first 48 bytes.
 */

import { describe, expect, test } from 'vitest';
import { Callers } from '../src/callers.js';
import { Stats } from '../src/stats.js';
import type { Stranger } from '../src/stranger.js';

function stranger(order: number): Stranger {
  return { order, stream: { pause() {}, destroy() {} } } as unknown as Stranger;
}

describe('Callers', () => {
  test('takes who comes in order for what they are', () => {
    const callers = new Callers(new Stats());
    expect([1, 2, 5].map((order) => callers.callOf(stranger(order)).lateness)).toEqual([
      'not-late',
      'not-late',
      'not-late',
    ]);
  });

  test('knows an elder that comes behind a younger one, and the next one for not late', () => {
    const callers = new Callers(new Stats());
    callers.callOf(stranger(2));
    expect(callers.callOf(stranger(1)).lateness).toBe('overtaken');
    expect(callers.callOf(stranger(3)).lateness).toBe('not-late');
  });

  test('doubts those who stood beside the connection that was heard last, and no others', () => {
    const callers = new Callers(new Stats());
    callers.wait(stranger(2));
    callers.wait(stranger(3));
    expect(callers.takeWaiting(true)).toHaveLength(2);
    expect(callers.callOf(stranger(2)).lateness).toBe('perhaps-overtaken');
    expect(callers.callOf(stranger(4)).lateness).toBe('not-late');
  });

  test('where that one broke, takes them for those of a peer that has booted, too', () => {
    const callers = new Callers(new Stats());
    callers.wait(stranger(2));
    callers.takeWaiting(false);
    expect(callers.callOf(stranger(2)).lateness).toBe('overtaken-or-booted');
  });
});
