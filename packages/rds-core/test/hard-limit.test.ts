/** HardLimit against what it is defined to be: two flags, each with a bound to set and one to clear. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HardLimit } from '../src/hard-limit.js';
import type { LocalCongestion } from '../src/local-congestion.js';
import { Stats } from '../src/stats.js';

const OVERHEAD_BYTES = 288;

class TwoFlags {
  #isCrowded = false;
  #isPaused = false;

  readonly #limitBytes: number;
  readonly #calls: string[];

  constructor(limitBytes: number, calls: string[]) {
    this.#limitBytes = limitBytes;
    this.#calls = calls;
  }

  used(bytes: number): void {
    const part = bytes / this.#limitBytes;
    if (this.#isCrowded ? part <= 0.25 : part > 0.5) {
      this.#isCrowded = !this.#isCrowded;
      this.#calls.push(`crowd ${this.#isCrowded}`);
    }
    if (this.#isPaused ? part <= 0.75 : part > 1) {
      this.#isPaused = !this.#isPaused;
      this.#calls.push(`pause ${this.#isPaused}`);
    }
  }
}

test('crowds and pauses at its bounds, in this order, also past several at once', () => {
  const step = fc.record({
    // In eighths of the limit, and a little beside them, so that the bounds themselves are met.
    eighths: fc.integer({ min: 0, max: 12 }),
    beside: fc.integer({ min: -1, max: 1 }),
    messages: fc.integer({ min: 0, max: 3 }),
  });
  const limits = fc.constantFrom(1, 3, 1000, 4096, 100_000, 2 ** 31 - 1);
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (limitBytes, steps) => {
      const expected: string[] = [];
      const calls: string[] = [];
      const flags = new TwoFlags(limitBytes, expected);
      const congestion = { crowd: (isCrowded: boolean) => calls.push(`crowd ${isCrowded}`) };
      const stats = new Stats();
      const limit = new HardLimit(limitBytes, stats, congestion as never as LocalCongestion, (to) =>
        calls.push(`pause ${to}`),
      );
      let bytes = 0;
      let messages = 0;
      for (const { eighths, beside, messages: count } of steps) {
        const usedBytes = Math.max(0, Math.floor((limitBytes * eighths) / 8) + beside);
        const newMessages = Math.min(count, Math.floor(usedBytes / OVERHEAD_BYTES));
        const newBytes = usedBytes - newMessages * OVERHEAD_BYTES;
        limit.queueChanged(newBytes - bytes, newMessages - messages);
        bytes = newBytes;
        messages = newMessages;
        flags.used(usedBytes);
        expect(calls).toEqual(expected);
        expect(limit.queuedBytes).toBe(bytes);
      }
      expect(stats.tcp_read_paused).toBe(calls.filter((call) => call === 'pause true').length);
    }),
  );
});
