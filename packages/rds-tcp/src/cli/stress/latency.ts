/**
 * Latency: how long requests took to be answered, each one of them counted, in memory that does
 * not grow: percentiles to three digits, and how many there were between powers of two.
 */

import { build, type Histogram } from 'hdr-histogram-js';

/** Whoever waits longer than a minute is counted as a minute. */
const MAX_US = 60_000_000;
/** The powers of two up to a minute. */
const BUCKETS = 26;
const SIGNIFICANT_DIGITS = 3;

/** `count` answers took from `fromUs` to less than `toUs`. */
export interface LatencyBucket {
  readonly fromUs: number;
  readonly toUs: number;
  readonly count: number;
}

export interface LatencySummary {
  readonly count: number;
  readonly minUs: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** From the first to the last that is not empty. */
  readonly buckets: readonly LatencyBucket[];
}

export class Latency {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 64, // more than 2^32 of one value are a matter of a day
  });
  readonly #buckets = new Float64Array(BUCKETS);

  record(us: number): void {
    const whole = Math.min(Math.round(us), MAX_US);
    this.#histogram.recordValue(whole);
    const bucket = whole === 0 ? 0 : 31 - Math.clz32(whole);
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
  }

  reset(): void {
    this.#histogram.reset();
    this.#buckets.fill(0);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  percentileUs(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile);
  }

  summary(): LatencySummary {
    const { count } = this;
    return {
      count,
      minUs: count === 0 ? 0 : this.#histogram.minNonZeroValue,
      meanUs: count === 0 ? 0 : this.#histogram.mean,
      p50Us: this.percentileUs(50),
      p90Us: this.percentileUs(90),
      p99Us: this.percentileUs(99),
      p999Us: this.percentileUs(99.9),
      maxUs: count === 0 ? 0 : this.#histogram.maxValue,
      buckets: this.#filledBuckets(),
    };
  }

  #filledBuckets(): LatencyBucket[] {
    const all = Array.from(this.#buckets, (count, power) => {
      return { fromUs: power === 0 ? 0 : 2 ** power, toUs: 2 ** (power + 1), count };
    });
    const first = all.findIndex(({ count }) => count > 0);
    const last = all.findLastIndex(({ count }) => count > 0);
    return first === -1 ? [] : all.slice(first, last + 1);
  }
}
