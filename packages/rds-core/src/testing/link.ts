/**
 * Link: the way from one address to another, in one direction, shared by all that travels on it.
 * The place for faults of the network itself: what slows, stops or refuses belongs here. What
 * breaks one connection belongs to `SimulatedConnection`, what stops a process to `SimulatedHost`.
 */

import type { Range, SeededRandom } from './random.js';

/** What becomes of a dial: as ever, an answer of ECONNREFUSED, or no answer at all. */
export type DialRule = 'accept' | 'refuse' | 'hang';

export class Link {
  /** What a parcel takes, drawn anew for each: the distance is the jitter. */
  latencyMs: Range;
  dialRule: DialRule = 'accept';
  readonly #random: SeededRandom;
  #isBlocked = false;
  #waiting: (() => void)[] = [];

  constructor(random: SeededRandom, latencyMs: Range) {
    this.#random = random;
    this.latencyMs = latencyMs;
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

  drawLatencyMs(): number {
    return this.#random.within(this.latencyMs);
  }
}
