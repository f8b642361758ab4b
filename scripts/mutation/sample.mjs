// Some of many, chosen by a seed; and how far the share of a sample may be from that of all.

/**
 * @template T
 * @param {readonly T[]} all
 * @param {number} count
 * @param {number} seed the same seed gives the same sample of the same list
 */
export function sample(all, count, seed) {
  const rest = [...all];
  let state = seed >>> 0;
  // mulberry32
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  /** @type {T[]} */
  const chosen = [];
  while (chosen.length < count && rest.length > 0) {
    chosen.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return chosen;
}

/**
 * Wilson's interval: where the true share is, in 95 of 100 cases.
 *
 * @param {number} share
 * @param {number} count
 * @returns {[number, number]}
 */
export function intervalOf(share, count) {
  const z = 1.96;
  const middle = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half =
    (z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))) /
    (1 + z ** 2 / count);
  return [middle - half, middle + half];
}
