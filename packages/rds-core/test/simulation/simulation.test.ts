/** A sample of what `npm run simulate` runs by the thousand, and the seeds that failed once. */

import { describe, expect, test } from 'vitest';
import { Trace } from '../../src/testing/index.js';
import { REGRESSIONS } from './regressions.js';
import { runSeed } from './run-seed.js';

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);

describe('a cluster under faults breaks no rule', () => {
  test.each(SEEDS)('seed %i', async (seed) => {
    expect((await runSeed(seed)).violations).toEqual([]);
  });
});

describe('what failed once', () => {
  test.each(Object.entries(REGRESSIONS))('seed %s: %s', async (seed) => {
    expect((await runSeed(Number(seed))).violations).toEqual([]);
  });
});

test.each([3, 5, 22])('seed %i gives the same events each time, to the last byte', async (seed) => {
  const [once, again] = [new Trace(), new Trace()];
  await runSeed(seed, once.record);
  await runSeed(seed, again.record);
  expect(once.lines.length).toBeGreaterThan(100);
  expect(again.lines).toEqual(once.lines);
});
