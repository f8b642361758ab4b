/**
 * Callers: the connections that a smaller peer makes to us, in the order in which it made them.
 * The last one counts, because the peer knows best; one that comes while the last is being read to
 * its end waits, unread, for its turn.
 */

import type { Lateness } from './inbound.js';
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
  /** Made, it seems, by the same life of the peer as the connection that they waited for. */
  #sameLife: ReadonlySet<number> = new Set();

  constructor(stats: Stats) {
    this.#stats = stats;
  }

  /**
   * Whether what it says was perhaps said before what was heard last: then its old numbers are
   * repetitions, flagged or not, and no sign of a kernel that counts from anew.
   */
  lateness(stranger: Stranger): Lateness {
    const isOvertaken = stranger.order < this.#newest;
    this.#newest = Math.max(this.#newest, stranger.order);
    if (isOvertaken) return 'overtaken';
    return this.#sameLife.has(stranger.order) ? 'perhaps-overtaken' : 'not-late';
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

  /** `ended` if the connection for which they waited ended as the peer wished: it still lives. */
  takeWaiting(ended: boolean): Stranger[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#sameLife = new Set(ended ? waiting.map(({ order }) => order) : []);
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
