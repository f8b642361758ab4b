/**
 * SystemClock: the real time, for a real node. The core counts from an arbitrary start that never
 * goes back, whatever is done to the wall clock.
 */

import type { Clock, Timer } from '@rds-tcp/core';

/** What setTimeout can wait at the most, 24.8 days; more would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The real time: the Clock of `createNode`. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timeout = setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
    return { cancel: () => clearTimeout(timeout) };
  }
}

/** Wall-clock microseconds, where the sequence numbers of a new process begin. */
export function wallClockMicroseconds(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}
