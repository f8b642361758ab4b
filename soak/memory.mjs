// The memory of processes over time: what is shown of it, and whether it stays flat.

const LEVELS = '▁▂▃▄▅▆▇█';
const PLOT_COLUMNS = 48;
const MIB = 2 ** 20;
/** Less says nothing of whether memory grows: the engine takes minutes to find its size. */
const MIN_FLAT_MS = 10 * 60_000;
/** From the third to the last quarter of a life. What leaks grows more in that time. */
const MAX_GROWTH_SHARE = 0.1;
const MAX_GROWTH_BYTES = 8 * MIB;

/** @typedef {{ rss: number, atMs: number }} Sample */

export class Memory {
  /** @type {Map<number, Sample[]>} by incarnation */
  #samples = new Map();

  /**
   * @param {number} incarnation
   * @param {Sample} sample
   */
  sampled(incarnation, sample) {
    const samples = this.#samples.get(incarnation) ?? [];
    this.#samples.set(incarnation, samples);
    samples.push(sample);
  }

  /** What the longest lives looked like, one row each. */
  rows(count = 4) {
    return [...this.#samples]
      .sort(([, one], [, other]) => other.length - one.length)
      .slice(0, count)
      .map(([incarnation, samples]) => ({ incarnation, ...describe(samples) }));
  }

  /** The highest of all. */
  get peakBytes() {
    let peak = 0;
    for (const samples of this.#samples.values()) {
      for (const { rss } of samples) peak = Math.max(peak, rss);
    }
    return peak;
  }
}

/** @param {readonly Sample[]} samples */
function describe(samples) {
  const bytes = samples.map(({ rss }) => rss);
  const livedMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)];
  const quarter = Math.floor(bytes.length / 4);
  const third = median(bytes.slice(-2 * quarter, -quarter));
  const last = median(bytes.slice(-quarter));
  const isLong = livedMs >= MIN_FLAT_MS;
  return {
    ...{ livedMs, least, most, third, last, plot: plotOf(bytes, least, most) },
    isFlat: isLong ? isFlat(third, last) : null,
  };
}

/**
 * Whether what grew between two quarters of a life is no more than comes and goes.
 *
 * @param {number} before
 * @param {number} after
 */
export function isFlat(before, after) {
  return after - before <= Math.max(before * MAX_GROWTH_SHARE, MAX_GROWTH_BYTES);
}

/**
 * @param {readonly number[]} bytes
 * @param {number} least
 * @param {number} most
 */
function plotOf(bytes, least, most) {
  const columns = Math.min(PLOT_COLUMNS, bytes.length);
  const perColumn = bytes.length / columns;
  return Array.from({ length: columns }, (_, column) => {
    const start = Math.floor(column * perColumn);
    const value = median(bytes.slice(start, Math.max(start + 1, (column + 1) * perColumn)));
    const level = ((value - least) / Math.max(1, most - least)) * (LEVELS.length - 1);
    return LEVELS[Math.round(level)];
  }).join('');
}

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
