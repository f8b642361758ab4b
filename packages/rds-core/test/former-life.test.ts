/** What is still taken from connections that a kernel made before it booted. */

import { expect, test } from 'vitest';
import { FormerLife } from '../src/former-life.js';

test('as long as nobody has booted, no connection is of a former life', () => {
  const life = new FormerLife();
  expect([0, 1, 7].map((order) => life.made(order))).toEqual([false, false, false]);
});

test('the connections before the one on which the next life began are of the former', () => {
  const life = new FormerLife();
  life.ends(3, 10);
  expect([1, 2, 3, 4].map((order) => life.made(order))).toEqual([true, true, false, false]);
});

test('what it said counts once, by its own numbers', () => {
  const life = new FormerLife();
  life.ends(3, 10);
  expect([8, 9, 10, 11, 10, 12].map((sequence) => life.isNew(sequence))).toEqual([
    ...[false, false, true, true, false, true],
  ]);
});
