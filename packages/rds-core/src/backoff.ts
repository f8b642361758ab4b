/**
 * Backoff: how long to wait before the next try to reach a peer. The first try is at once, then a
 * random time below a bound that doubles. Mirrors rds_queue_reconnect in net/rds/threads.c, whose
 * reason for randomness is ours too: two sides that lose each other at the same moment must not
 * come back at the same moment again and again.
 */

/** A peer that closes at once still has an older connection; it needs time to find out. */
const BUSY_DELAY_MS = 500;

export class Backoff {
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  /** 0: the next try is at once. */
  #boundMs = 0;

  constructor(range: { minDelayMs: number; maxDelayMs: number }, random: () => number) {
    this.#minDelayMs = range.minDelayMs;
    this.#maxDelayMs = range.maxDelayMs;
    this.#random = random;
  }

  get boundMs(): number {
    return this.#boundMs;
  }

  nextDelayMs(): number {
    const delayMs = this.#boundMs === 0 ? 0 : this.#random() * this.#boundMs;
    this.#boundMs =
      this.#boundMs === 0 ? this.#minDelayMs : Math.min(this.#boundMs * 2, this.#maxDelayMs);
    return delayMs;
  }

  busyDelayMs(): number {
    return BUSY_DELAY_MS * (1 + this.#random());
  }

  reset(): void {
    this.#boundMs = 0;
  }
}
