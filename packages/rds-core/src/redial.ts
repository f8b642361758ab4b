/**
 * Redial: when a path tries again, and when it is no use. It knows how the last connections went;
 * how to make one is the path's business.
 */

import { Backoff } from './backoff.js';
import type { CloseReason } from './close-reason.js';

/** A smaller peer that lost the connection calls again by itself; only then do we knock. */
const KNOCK_DELAY_MS = 100;
/** How often to answer a knock of a peer that was never reached, if nothing waits for it. */
const KNOCK_ANSWERS = 5;

export class Redial {
  readonly #backoff: Backoff;
  readonly #dials: boolean;
  /** Dials left for a peer that only knocked. */
  #answersLeft = 0;
  #everUp = false;

  constructor(
    range: { minDelayMs: number; maxDelayMs: number },
    random: () => number,
    dials: boolean,
  ) {
    this.#backoff = new Backoff(range, random);
    this.#dials = dials;
  }

  get everUp(): boolean {
    return this.#everUp;
  }

  /** The larger peer asks to be called: it is there now. */
  asked(): void {
    this.#answersLeft = KNOCK_ANSWERS;
    this.#backoff.reset();
  }

  cameUp(): void {
    this.#everUp = true;
  }

  /** A connection that was of use makes the next try come at once. */
  wentDown(progressed: boolean, upMs: number): void {
    if (progressed || upMs > this.#backoff.boundMs) this.#backoff.reset();
  }

  delayMs(reason: CloseReason): number {
    if (reason === 'peer-busy') return this.#backoff.busyDelayMs();
    const delayMs = this.#backoff.nextDelayMs();
    return this.#dials ? delayMs : Math.max(KNOCK_DELAY_MS, delayMs);
  }

  /** Counts a failed try. True if the peer knocked, and was never there when it was called. */
  isHopeless(): boolean {
    return !this.#everUp && --this.#answersLeft <= 0;
  }
}
