/**
 * Link: the way from one address to another, in one direction, shared by all that travels on it.
 * The place for faults of the network itself: what slows, stops or refuses belongs here. What
 * breaks one connection belongs to `SimulatedConnection`, what stops a process to `SimulatedHost`.
 */

import type { Range, SeededRandom } from './random.js';

/**
 * What becomes of a dial: as ever; an answer of ECONNREFUSED; no answer; or the dialler's own
 * system refuses for want of file descriptors.
 */
export type DialRule = 'accept' | 'refuse' | 'hang' | 'exhausted';

/** What a way between two addresses takes. */
export interface LinkOptions {
  readonly latencyMs: Range;
  /** Default Infinity. */
  readonly bytesPerMs: number;
}

/** The way from one address to another, in one direction. */
export class Link {
  /** What a parcel takes, drawn anew for each: the distance is the jitter. */
  latencyMs: Range;
  /** The bandwidth, shared by all connections on the link. */
  bytesPerMs: number;
  dialRule: DialRule = 'accept';
  readonly #random: SeededRandom;
  readonly #normal: LinkOptions;
  #busyUntilMs = 0;
  #isBlocked = false;
  #waiting: (() => void)[] = [];

  constructor(random: SeededRandom, options: LinkOptions) {
    this.#random = random;
    this.#normal = options;
    this.latencyMs = options.latencyMs;
    this.bytesPerMs = options.bytesPerMs;
  }

  /** Makes latency, bandwidth and dials what they were at first. Ends no partition. */
  restore(): void {
    this.latencyMs = this.#normal.latencyMs;
    this.bytesPerMs = this.#normal.bytesPerMs;
    this.dialRule = 'accept';
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Holds what is on its way and what will be. Nothing is lost: TCP sends again and again. */
  block(): void {
    this.#isBlocked = true;
  }

  heal(): void {
    this.#isBlocked = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const task of waiting) task();
  }

  /** For wires: calls back once, from `heal`. */
  whenHealed(task: () => void): void {
    this.#waiting.push(task);
  }

  /** When something of so many bytes that is sent now arrives. */
  arrivalMs(nowMs: number, bytes: number): number {
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + bytes / this.bytesPerMs;
    return this.#busyUntilMs + this.#random.within(this.latencyMs);
  }
}
