// The few statistics that a benchmark needs.

/** @typedef {{ median: number, min: number, max: number, mad: number }} Spread */

/** @param {readonly number[]} numbers at least one */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/**
 * The median with what lies around it; `mad` is the median of the distances from the median.
 *
 * @param {readonly number[]} numbers
 * @returns {Spread}
 */
export function spreadOf(numbers) {
  const middle = median(numbers);
  const mad = median(numbers.map((number) => Math.abs(number - middle)));
  return { median: middle, min: Math.min(...numbers), max: Math.max(...numbers), mad };
}
