import { expect, test } from 'vitest';
import { Beginning } from '../src/beginning.js';

const FRESH = false;
const RESENT = true;

function heard(...numbers: [sequence: number, isResent: boolean][]): number[] {
  const beginning = new Beginning();
  for (const [sequence, isResent] of numbers) beginning.heard(sequence, isResent);
  return Array.from({ length: 12 }, (_, sequence) => sequence).filter((n) => beginning.has(n));
}

test('what came without the flag, one number after the other', () => {
  expect(heard()).toEqual([]);
  expect(heard([1, FRESH], [2, FRESH], [3, FRESH])).toEqual([1, 2, 3]);
  expect(heard([5, FRESH], [6, FRESH])).toEqual([5, 6]);
});

test('what comes behind a gap is no beginning', () => {
  expect(heard([1, FRESH], [3, FRESH], [2, FRESH])).toEqual([1, 2]);
});

test('what is resent may come once more from where it was sent first', () => {
  expect(heard([1, FRESH], [2, FRESH], [3, FRESH], [2, RESENT])).toEqual([1]);
  expect(heard([1, FRESH], [1, RESENT], [2, RESENT], [3, FRESH])).toEqual([3]);
  expect(heard([1, RESENT])).toEqual([]);
});

test('the next life begins anew', () => {
  expect(heard([1, FRESH], [2, FRESH], [3, FRESH], [1, FRESH])).toEqual([1]);
  expect(heard([4, FRESH], [5, FRESH], [2, FRESH], [3, FRESH])).toEqual([2, 3]);
});

test('and who says that it restarted is believed', () => {
  const beginning = new Beginning();
  beginning.heard(1, FRESH);
  beginning.clear();
  expect(beginning.has(1)).toBe(false);
});
