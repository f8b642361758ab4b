/**
 * Deadline: a timer for what the network has failed to do in time. Where our own event loop stood
 * still, timers come before the input that waited meanwhile, and would condemn a peer that had
 * long answered; a deadline lets that input be read first.
 */

import type { Runtime, Timer } from './runtime.js';

export class Deadline implements Timer {
  readonly #timer: Timer;
  #isCancelled = false;

  constructor(runtime: Runtime, delayMs: number, missed: () => void) {
    const judge = (): void => {
      if (!this.#isCancelled) missed();
    };
    this.#timer = runtime.clock.setTimer(delayMs, () => runtime.yield(judge));
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#timer.cancel();
  }
}
