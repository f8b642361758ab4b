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
    expect([1, 2, 5].map((order) => callers.lateness(stranger(order)))).toEqual([
      'not-late',
      'not-late',
      'not-late',
    ]);
  });

  test('knows an elder that comes behind a younger one, and the next one for not late', () => {
    const callers = new Callers(new Stats());
    callers.lateness(stranger(2));
    expect(callers.lateness(stranger(1))).toBe('overtaken');
    expect(callers.lateness(stranger(3))).toBe('not-late');
  });

  test('doubts those who waited for a connection that its peer ended, and no others', () => {
    const callers = new Callers(new Stats());
    callers.wait(stranger(2));
    callers.wait(stranger(3));
    expect(callers.takeWaiting(true)).toHaveLength(2);
    expect(callers.lateness(stranger(2))).toBe('perhaps-overtaken');
    callers.wait(stranger(4));
    callers.takeWaiting(false);
    expect(callers.lateness(stranger(4))).toBe('not-late');
  });
});
