/**
 * Liveness: notices a peer that vanished without a word. While nothing is heard, the peer is asked
 * for a sign; after a few unanswered questions it is gone.
 *
 * Silence is counted in ticks, not in time. A tick that comes late means that our own event loop
 * stood still, and with it the reading: what the peer sent meanwhile still waits to be read. Such
 * a tick counts for nothing.
 */

import type { Clock, Timer } from './runtime.js';

/** One tick to notice the silence, and three unanswered questions; the fifth part is slack. */
const TICKS_PER_LIFE = 5;
const SILENT_TICKS = 4;
/** A tick may be late by so much of its length. */
const LATE = 0.5;
/** While the question itself waits to leave, on a slow network, a tick counts for so much. */
const SLOW_TICK = 0.25;
/** When there is reason to doubt a peer, it has this long to show otherwise, at the most. */
const SUSPECT_TICK_MS = 250;

/** What became of a question for a sign of life. */
export type Asked =
  | 'asked'
  /** It stands behind much that has not even left. */
  | 'queued'
  /** The peer is not known to answer, or is not being listened to. */
  | 'mute';

export interface LivenessOwner {
  askForSign(): Asked;
  /** It did not come. */
  silent(): void;
}

export class Liveness implements Timer {
  readonly #clock: Clock;
  readonly #owner: LivenessOwner;
  readonly #usualTickMs: number;
  #tickMs: number;
  #timer: Timer;
  #dueAt = 0;
  #silentTicks = 0;
  /** Set from outside whenever anything arrives. */
  heard = false;

  constructor(clock: Clock, livenessMs: number, owner: LivenessOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#usualTickMs = livenessMs / TICKS_PER_LIFE;
    this.#tickMs = this.#usualTickMs;
    this.#timer = this.#next();
  }

  /** There is a hint that the peer lost the connection: find out soon. */
  suspect(): void {
    // Hints may come in faster than ticks; they must not put the ticks off.
    if (this.#tickMs <= SUSPECT_TICK_MS) return;
    this.#tickMs = SUSPECT_TICK_MS;
    this.heard = false;
    this.#owner.askForSign();
    this.#timer.cancel();
    this.#timer = this.#next();
  }

  /** For how long nothing was heard, as of the last tick. */
  get silentMs(): number {
    return this.heard ? 0 : Math.round(this.#silentTicks * this.#tickMs);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    this.#dueAt = this.#clock.now() + this.#tickMs;
    return this.#clock.setTimer(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    const late = this.#clock.now() - this.#dueAt > this.#tickMs * LATE;
    if (this.heard) {
      this.#silentTicks = 0;
      this.#tickMs = this.#usualTickMs;
    } else if (!late && ++this.#silentTicks >= SILENT_TICKS) {
      this.#owner.silent();
      return;
    }
    this.heard = false;
    this.#timer = this.#next();
    if (this.#silentTicks > 0 || late) this.#ask();
  }

  #ask(): void {
    const asked = this.#owner.askForSign();
    if (asked === 'mute') this.#silentTicks = 0;
    else if (asked === 'queued') this.#silentTicks -= 1 - SLOW_TICK;
  }
}
