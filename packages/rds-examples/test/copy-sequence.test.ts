/** What the copying example finds wrong with a flow of numbered messages. */

import { describe, expect, test } from 'vitest';
import { SequenceCheck } from '../src/copy-sequence.js';

describe('of five messages', () => {
  test.each([
    { what: 'all in order', arrived: [0, 1, 2, 3, 4] },
    { what: 'one missing', arrived: [0, 1, 3, 4], lost: 1 },
    { what: 'the first missing', arrived: [1, 2, 3, 4], lost: 1 },
    { what: 'the last two missing', arrived: [0, 1, 2], lost: 2 },
    { what: 'none', arrived: [], lost: 5 },
    { what: 'one twice', arrived: [0, 1, 1, 2, 3, 4], duplicated: 1 },
    { what: 'one again, later', arrived: [0, 1, 2, 3, 4, 0], duplicated: 1 },
    { what: 'two in the wrong order', arrived: [0, 2, 1, 3, 4], reordered: 1 },
    { what: 'the first at the end', arrived: [1, 2, 3, 4, 0], reordered: 1 },
    { what: 'one late and then again', arrived: [0, 2, 1, 1, 3, 4], reordered: 1, duplicated: 1 },
  ])('$what', ({ arrived, lost = 0, duplicated = 0, reordered = 0 }) => {
    const check = new SequenceCheck();
    for (const sequence of arrived) check.arrived(sequence);
    expect(check.lost(5)).toBe(lost);
    expect(check).toMatchObject({ duplicated, reordered });
  });
});
