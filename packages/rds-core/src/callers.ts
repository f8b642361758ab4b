/**
 * Callers: the connections that a smaller peer makes to us, in the order in which it made them.
 * The last one counts, because the peer knows best; one that comes while the last is being read to
 * its end waits, unread, for its turn.
 */

import type { Call } from './inbound.js';
import type { Clock } from './runtime.js';
import type { Stats } from './stats.js';
import type { Stranger } from './stranger.js';

/**
 * While our event loop stands still, a kernel may lose and make many connections; all come at once
 * when it goes on. One that makes more than that is no kernel.
 */
const MAX_WAITING = 256;

export class Callers {
  readonly #stats: Stats;
  readonly #clock: Clock;
  #newest = 0;
  #waiting: Stranger[] = [];
  /** When the last connection ended: those that had been accepted by then stood beside it. */
  #endedMs = -Infinity;
  /** Whether it ended as the peer wished, which so was still alive. */
  #endedWell = false;

  constructor(stats: Stats, clock: Clock) {
    this.#stats = stats;
    this.#clock = clock;
  }

  /**
   * Whether what it says was perhaps said before what was heard last: then its old numbers are
   * repetitions, flagged or not, and no sign of a kernel that counts from anew.
   */
  callOf({ order, acceptedMs }: Stranger): Call {
    const isOvertaken = order < this.#newest;
    this.#newest = Math.max(this.#newest, order);
    if (isOvertaken) return { order, lateness: 'overtaken' };
    if (acceptedMs > this.#endedMs) return { order, lateness: 'not-late' };
    return { order, lateness: this.#endedWell ? 'perhaps-overtaken' : 'overtaken-or-booted' };
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

  /** The connection has ended for which they waited; `endedWell` if the peer itself ended it. */
  takeWaiting(endedWell: boolean): Stranger[] {
    this.#endedMs = this.#clock.now();
    this.#endedWell = endedWell;
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  dismissAll(): void {
    for (const stranger of this.takeWaiting(false)) this.#dismiss(stranger);
  }

  #dismiss({ stream }: Stranger): void {
    this.#stats.tcp_listen_closed_stale++;
    stream.destroy();
  }
}
