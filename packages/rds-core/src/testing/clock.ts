/**
 * SimulatedClock: time that passes only when a test says so. Everything that is to happen, be it a
 * timer of the core or a byte on its way, is one entry in one heap; to let time pass is to run the
 * entries in order and to jump over the waiting between them.
 *
 * The code under test uses promises, whose continuations run after the event that settled them and
 * before the next one. The methods that drive the clock are therefore async: between two events
 * they let the promises settle.
 */

import type { Clock, Timer } from '../runtime.js';
import { type Entry, PHASE, type Phase, TimerHeap } from './timer-heap.js';

/**
 * How many times we go to the end of the promise queue between two events. The queue is first in,
 * first out, so one `await` of nothing lets all run that was ready, and the next one all that those
 * made ready: this is the longest chain of continuations that one event may set off. An `await`
 * adds one link to it, `return promise` in an async function three, a turn of `for await` over an
 * async generator about three. What a longer chain leaves over runs after later events: no longer
 * as on a real event loop, but in the same way in each run. More turns would cost more than events.
 */
const TURNS_BETWEEN_EVENTS = 12;

/** For `settle`, which a test calls before it looks: it costs nothing to be thorough there. */
const TURNS_TO_SETTLE = 200;

/** So many events without time passing are a loop, not work. */
const EVENTS_PER_INSTANT_MAX = 1_000_000;

/** A simulated minute: long enough for every timeout of the core, and over in no time. */
const DEFAULT_LIMIT_MS = 60_000;

/** Time that passes only while one of the methods drives it. */
export class SimulatedClock implements Clock {
  readonly #heap = new TimerHeap();
  #nowMs: number;
  #eventsThisInstant = 0;
  #driving = false;

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** How much is still to happen. Zero after all was closed, or somebody left a timer behind. */
  get pending(): number {
    return this.#heap.length;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.schedule(this.#nowMs + Math.max(0, delayMs), callback);
  }

  /** Runs `task` at the time `atMs`, among what happens then in the place of its phase. */
  schedule(atMs: number, task: () => void, phase: Phase = PHASE.event): Entry {
    if (!(atMs >= this.#nowMs && atMs < Infinity)) throw new Error(`cannot wait until ${atMs}`);
    return this.#heap.push(atMs, phase, task);
  }

  /** Runs the next event, at its time. False if there is none. Promises do not settle. */
  step(): boolean {
    const entry = this.#heap.pop();
    if (entry === undefined) return false;
    this.#moveTo(entry.atMs);
    if (++this.#eventsThisInstant > EVENTS_PER_INSTANT_MAX) {
      throw new Error(`time stands still at ${this.#nowMs} ms: events that set off each other`);
    }
    entry.task();
    return true;
  }

  /** Lets promises settle that wait for nothing but each other. No time passes. */
  async settle(): Promise<void> {
    await turns(TURNS_TO_SETTLE);
  }

  /** Lets `durationMs` pass, with everything that happens in it. */
  async advance(durationMs: number): Promise<void> {
    await this.#drive(this.#nowMs + durationMs, () => false);
  }

  /** Lets time pass until `condition` holds. Rejects if it does not within `limitMs`. */
  async runUntil(condition: () => boolean, limitMs = DEFAULT_LIMIT_MS): Promise<void> {
    if (await this.#drive(this.#nowMs + limitMs, condition)) return;
    throw new Error(`not so after ${limitMs} ms: ${condition}`);
  }

  /** Lets time pass until `promise` is settled, and gives what it gives. */
  async until<T>(promise: Promise<T>, limitMs = DEFAULT_LIMIT_MS): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    if (await this.#drive(this.#nowMs + limitMs, () => settled)) return promise;
    const hint =
      this.pending === 0 ? '; nothing is left to happen: does it wait for real time?' : '';
    throw new Error(`the promise is not settled after ${limitMs} ms${hint}`);
  }

  async #drive(untilMs: number, condition: () => boolean): Promise<boolean> {
    // Two drivers would take turns as their promises happen to settle: an `await` is missing.
    if (this.#driving) throw new Error('the clock is being driven already');
    this.#driving = true;
    try {
      await this.settle();
      while (!condition()) {
        const next = this.#heap.peek();
        if (next === undefined || next.atMs > untilMs) {
          this.#moveTo(untilMs);
          await this.settle();
          return condition();
        }
        this.step();
        await turns(TURNS_BETWEEN_EVENTS);
      }
      return true;
    } finally {
      this.#driving = false;
    }
  }

  #moveTo(atMs: number): void {
    if (atMs === this.#nowMs) return;
    this.#nowMs = atMs;
    this.#eventsThisInstant = 0;
  }
}

/** Resolves after so many goes to the end of the promise queue: links that do nothing. */
function turns(count: number): Promise<void> {
  let last = Promise.resolve();
  for (let turn = 0; turn < count; turn++) last = last.then();
  return last;
}
