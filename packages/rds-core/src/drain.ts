/**
 * Drain: reads a half-closed connection to its end. A Linux peer counts as delivered what our TCP
 * has taken, so a connection is never dropped with bytes unread: first we say that no more will
 * come, then we read for as long as something comes.
 */

import type { Link } from './link.js';
import type { Runtime, Timer } from './runtime.js';

/** Nothing came for so long: what the peer had sent is here. */
const QUIET_MS = 250;
/** A peer that goes on sending for so long did not notice that we left. */
const MAX_QUIETS = 8;

export class Drain implements Timer {
  #timer: Timer;
  #rounds = 0;
  #isOver = false;

  constructor(runtime: Runtime, link: Link, done: () => void) {
    const { clock } = runtime;
    let chunks = link.chunks;
    const look = (): void => {
      if (this.#isOver) return;
      const quiet = link.chunks === chunks;
      chunks = link.chunks;
      if (quiet || ++this.#rounds >= MAX_QUIETS) done();
      else this.#timer = clock.setTimer(QUIET_MS, lookLater);
    };
    // When our event loop stood still, the timer comes first and what waits to be read after it.
    const lookLater = (): void => runtime.yield(look);
    this.#timer = clock.setTimer(QUIET_MS, lookLater);
  }

  cancel(): void {
    this.#isOver = true;
    this.#timer.cancel();
  }
}
