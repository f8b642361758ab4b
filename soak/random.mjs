// Numbers from a seed: the same faults in the same order each time, as far as time allows.

/** @typedef {() => number} Random in [0, 1) */

/**
 * mulberry32.
 *
 * @param {number} seed
 * @returns {Random}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A whole number from `least` to `most`.
 *
 * @param {Random} random
 * @param {number} least
 * @param {number} most
 */
export function between(random, least, most) {
  return least + Math.floor(random() * (most - least + 1));
}

/**
 * @template T
 * @param {Random} random
 * @param {readonly T[]} list not empty
 * @returns {T}
 */
export function pick(random, list) {
  return /** @type {T} */ (list[Math.floor(random() * list.length)]);
}

/**
 * The time to the next of events that come independently: at any moment, the next is as near.
 *
 * @param {Random} random
 * @param {number} perSecond
 */
export function untilNextMs(random, perSecond) {
  return (-Math.log(1 - random()) * 1000) / perSecond;
}
