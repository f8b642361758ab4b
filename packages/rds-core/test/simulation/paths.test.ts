/** Clusters whose nodes have several paths, and whose TCP connections break one by one as well. */

import { expect, test } from 'vitest';
import { Trace } from '../../src/testing/index.js';
import { runSeed } from './run-seed.js';

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);

/** From 2 to 8. */
const pathsOf = (seed: number): number => 2 + (seed % 7);

test.each(SEEDS)('seed %i', async (seed) => {
  expect((await runSeed(seed, undefined, pathsOf(seed))).violations).toEqual([]);
});

test('a seed gives the same events each time, to the last byte', async () => {
  const [once, again] = [new Trace(), new Trace()];
  await runSeed(3, once.record, 4);
  await runSeed(3, again.record, 4);
  expect(once.lines.length).toBeGreaterThan(100);
  expect(again.lines).toEqual(once.lines);
});
