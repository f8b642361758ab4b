/**
 * AckBarrier: how a Linux peer is made to say what it has processed. It acknowledges by TCP
 * alone, which no program can see. But it answers a ping in order: the pong of a ping sent behind
 * messages proves that they were processed.
 *
 * Each barrier has a port of its own. A kernel resends its pongs after a broken connection like
 * any message, and the late pong of an old barrier must not be taken for that of a newer one.
 */

import type { Clock, Timer } from './runtime.js';

export class AckBarrier {
  readonly #clock: Clock;
  readonly #lost: (sequence: number) => void;
  #waiting: { readonly tag: number; sequence: number; readonly timer: Timer } | null = null;

  /** `lost` is told the sequence up to which the missing pong would have acknowledged. */
  constructor(clock: Clock, lost: (sequence: number) => void) {
    this.#clock = clock;
    this.#lost = lost;
  }

  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** Begins a barrier whose ping has `tag` as source port, and waits `timeoutMs` for its pong. */
  begin(tag: number, timeoutMs: number): void {
    const timer = this.#clock.setTimer(timeoutMs, () => {
      const sequence = this.#waiting?.sequence ?? 0;
      this.#waiting = null;
      this.#lost(sequence);
    });
    this.#waiting = { tag, sequence: 0, timer };
  }

  /** The ping went out with this number. */
  sent(sequence: number): void {
    if (this.#waiting !== null) this.#waiting.sequence = sequence;
  }

  /** A pong came: the sequence up to which all is processed, or null if it is not this one's. */
  pong(tag: number): number | null {
    const waiting = this.#waiting;
    if (waiting === null || waiting.tag !== tag || waiting.sequence === 0) return null;
    this.cancel();
    return waiting.sequence;
  }

  /** The connection broke: the ping or its pong may be lost. */
  cancel(): void {
    this.#waiting?.timer.cancel();
    this.#waiting = null;
  }
}
