/** SeededRandom: the same numbers again, and numbers as they are asked for. */

import { SeededRandom } from '@rds-tcp/core/testing';
import { describe, expect, test } from 'vitest';

const draw = (random: SeededRandom, count = 20): number[] =>
  Array.from({ length: count }, () => random.next());

describe('SeededRandom', () => {
  test('gives the same numbers for the same seed, and others for another', () => {
    expect(draw(new SeededRandom(7))).toEqual(draw(new SeededRandom(7)));
    expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(8)));
    expect(draw(new SeededRandom(7))).not.toEqual(draw(new SeededRandom(7 + 2 ** 32)));
  });

  test('is the published generator', () => {
    // sfc32 with state 0, 0, 0 and counter 1, after 16 rounds; by an independent implementation.
    const words = draw(new SeededRandom(0), 4).map((number) => number * 2 ** 32);
    expect(words).toEqual(referenceWords(4));
  });

  test('spreads evenly over [0, 1)', () => {
    const random = new SeededRandom(1);
    const buckets = new Array<number>(10).fill(0);
    for (let draws = 0; draws < 100_000; draws++) {
      const bucket = Math.floor(random.next() * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(buckets).toHaveLength(10);
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('draws integers with both ends', () => {
    const random = new SeededRandom(2);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(3, 6)));
    expect([...seen].sort()).toEqual([3, 4, 5, 6]);
  });

  test('draws within a range', () => {
    const random = new SeededRandom(3);
    const drawn = Array.from({ length: 1000 }, () => random.within({ min: 2, max: 4 }));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(2);
    expect(Math.min(...drawn)).toBeLessThan(2.1);
    expect(Math.max(...drawn)).toBeLessThan(4);
    expect(Math.max(...drawn)).toBeGreaterThan(3.9);
    expect(random.within({ min: 5, max: 5 })).toBe(5);
  });

  test('takes chances', () => {
    const random = new SeededRandom(4);
    const hits = (probability: number): number =>
      Array.from({ length: 1000 }, () => random.chance(probability)).filter(Boolean).length;
    expect(hits(0)).toBe(0);
    expect(hits(1)).toBe(1000);
    expect(Math.abs(hits(0.3) - 300)).toBeLessThan(60);
  });

  test('picks every item, and none from nothing', () => {
    const random = new SeededRandom(5);
    const picked = new Set(Array.from({ length: 100 }, () => random.pick(['x', 'y', 'z'])));
    expect([...picked].sort()).toEqual(['x', 'y', 'z']);
    expect(() => random.pick([])).toThrow();
  });

  test('shuffles a copy into every order', () => {
    const random = new SeededRandom(6);
    const items = [1, 2, 3];
    const orders = new Set(Array.from({ length: 200 }, () => random.shuffle(items).join('')));
    expect([...orders].sort()).toEqual(['123', '132', '213', '231', '312', '321']);
    expect(items).toEqual([1, 2, 3]);
  });

  test('forks into a source that goes its own way', () => {
    const [one, other] = [new SeededRandom(9), new SeededRandom(9)];
    const [oneFork, otherFork] = [one.fork(), other.fork()];
    draw(oneFork, 5);
    expect(draw(one)).toEqual(draw(other));
    expect(draw(otherFork)).not.toEqual(draw(other));
    draw(otherFork, 0);
    expect(new SeededRandom(9).fork().next()).toBe(new SeededRandom(9).fork().next());
  });
});

/** sfc32 with unsigned 64-bit arithmetic throughout, as its author writes it down. */
function referenceWords(count: number): number[] {
  const mask = 0xffff_ffffn;
  let [a, b, c, counter] = [0n, 0n, 0n, 1n];
  const words: number[] = [];
  for (let round = 0; round < 16 + count; round++) {
    const word = (a + b + counter++) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) | (c >> 11n)) + word) & mask;
    if (round >= 16) words.push(Number(word));
  }
  return words;
}
