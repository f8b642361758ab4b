/**
 * SeededRandom: all the chance in a simulation. The same seed gives the same numbers on every
 * machine, so a failure is a seed. sfc32: 128 bits of state, a few additions a number, and it
 * passes PractRand, which a linear congruential generator does not.
 */

/** From `min` to `max`, both included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const WORD = 2 ** 32;
/** Close seeds give unlike numbers only after some rounds; sfc32's author takes 12 or more. */
const WARM_UP_ROUNDS = 16;

/** All the chance in a simulation: the same seed gives the same numbers everywhere. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed a non-negative integer, up to 2^53. */
  constructor(seed: number) {
    this.#a = 0;
    this.#b = seed | 0;
    this.#c = Math.floor(seed / WORD) | 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.#word();
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#word() / WORD;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A number of the range, whole or not. */
  within(range: Range): number {
    return range.min + this.next() * (range.max - range.min);
  }

  /** True with the given probability: never at 0, always at 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(0, last);
      const item = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = item;
    }
    return shuffled;
  }

  /** A source of its own: how much one part draws then does not change what another part gets. */
  fork(): SeededRandom {
    return new SeededRandom(this.#word() * (WORD / 2 ** 11) + (this.#word() >>> 11));
  }

  #word(): number {
    const word = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word >>> 0;
  }
}
