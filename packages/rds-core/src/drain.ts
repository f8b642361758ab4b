/**
 * Drain: reads a half-closed connection to its end. A Linux peer counts as delivered what our TCP
 * has taken, so a connection is never dropped with bytes unread: first we say that no more will
 * come, then we read for as long as something comes.
 */

import type { CloseReason } from './close-reason.js';
import { Deadline } from './deadline.js';
import type { Link } from './link.js';
import type { Runtime, Timer } from './runtime.js';

/** Nothing came for so long: what the peer had sent is here. */
const QUIET_MS = 250;
/**
 * The same, of a connection that another one replaced. How it ends, by the peer's own end or by a
 * reset, tells whether the other one is of the same life; that takes a round trip.
 */
const REPLACED_QUIET_MS = 3000;
/** A peer that goes on sending for so long did not notice that we left. */
const MAX_QUIETS = 8;

export class Drain implements Timer {
  readonly #runtime: Runtime;
  readonly #link: Link;
  readonly #quietMs: number;
  readonly #done: () => void;
  #deadline: Timer | null = null;
  #chunks = 0;
  #rounds = 0;

  constructor(runtime: Runtime, link: Link, reason: CloseReason, done: () => void) {
    this.#runtime = runtime;
    this.#link = link;
    this.#quietMs = reason === 'replaced' ? REPLACED_QUIET_MS : QUIET_MS;
    this.#done = done;
  }

  /** Begins to listen for quiet, or again after `cancel`. */
  start(): void {
    this.#deadline?.cancel();
    this.#chunks = this.#link.chunks;
    this.#deadline = new Deadline(this.#runtime, this.#quietMs, () => this.#look());
  }

  /** What stands unread waits, for as long as there is no room for it. */
  cancel(): void {
    this.#deadline?.cancel();
  }

  #look(): void {
    const isQuiet = this.#link.chunks === this.#chunks;
    if (isQuiet || ++this.#rounds >= MAX_QUIETS) this.#done();
    else this.start();
  }
}
