/**
 * Callers: the connections that a smaller peer makes to us, in the order in which it made them.
 * The newest counts, because the peer knows best; one that comes while the last is being read to
 * its end waits, unread, for its turn.
 */

import type { Stats } from './stats.js';
import type { Stranger } from './stranger.js';

/**
 * While our event loop stands still, a kernel may lose and make many connections; all come at once
 * when it goes on. One that makes more than that is no kernel.
 */
const MAX_WAITING = 256;

export class Callers {
  readonly #stats: Stats;
  #newest = 0;
  #waiting: Stranger[] = [];

  constructor(stats: Stats) {
    this.#stats = stats;
  }

  /**
   * True if it is newer than all before. Else its first word was merely longer under way: the peer
   * has given it up, and what it says would be taken for something new.
   */
  admits(stranger: Stranger): boolean {
    if (stranger.order > this.#newest) {
      this.#newest = stranger.order;
      return true;
    }
    this.#dismiss(stranger);
    return false;
  }

  /** A kernel counts as delivered what TCP has taken, so none of them is left unread. */
  wait(stranger: Stranger): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dismiss(stranger);
      return;
    }
    stranger.stream.pause();
    this.#waiting.push(stranger);
  }

  takeWaiting(): Stranger[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  dismissAll(): void {
    for (const stranger of this.takeWaiting()) this.#dismiss(stranger);
  }

  #dismiss({ stream }: Stranger): void {
    this.#stats.tcp_listen_closed_stale++;
    stream.destroy();
  }
}
