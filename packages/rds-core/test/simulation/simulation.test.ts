/** A sample of what `npm run simulate` runs by the thousand. */

import { expect, test } from 'vitest';
import { runSeed } from './run-seed.js';

test.each(Array.from({ length: 40 }, (_, index) => index + 1))('seed %i', async (seed) => {
  const { violations } = await runSeed(seed);
  expect(violations).toEqual([]);
});
