/** The fuzzer's targets still run: on what once did harm, and on what they start from. */

import { describe, expect, test } from 'vitest';
import { regressions } from '../fuzz/regressions.js';
import { TARGET_NAMES } from '../fuzz/target.js';
import { targets } from '../fuzz/targets.js';

test.each(regressions())('$target: $why', async ({ target, input }) => {
  await targets[target].execute(input);
});

describe.each(TARGET_NAMES)('%s', (name) => {
  test('bears the inputs that mutations start from', async () => {
    const { seeds, execute } = targets[name];
    expect(seeds.length).toBeGreaterThan(0);
    for (const seed of seeds) await execute(seed);
  });
});
