/**
 * HardLimit: what all sockets of a node have queued together, and the stop to all reading when
 * that is more than `maxQueuedBytes`.
 */

import type { LocalCongestion } from './local-congestion.js';
import type { Stats } from './stats.js';

/** What a queued message costs besides its payload: measured, about 270 bytes on Node 20. */
const MESSAGE_OVERHEAD_BYTES = 288;
/** Reading begins again when the queues are down to so much of the hard limit. */
const RESUME_AT = 0.75;

export class HardLimit {
  readonly #limitBytes: number;
  readonly #stats: Stats;
  readonly #congestion: LocalCongestion;
  readonly #pause: (paused: boolean) => void;
  #queuedBytes = 0;
  #queuedMessages = 0;
  /** Nothing may be read from any connection. */
  isPaused = false;

  /** `pause` is told when reading is to stop, and when it can go on. */
  constructor(
    limitBytes: number,
    stats: Stats,
    congestion: LocalCongestion,
    pause: (paused: boolean) => void,
  ) {
    this.#limitBytes = limitBytes;
    this.#stats = stats;
    this.#congestion = congestion;
    this.#pause = pause;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The queue of a socket grew or shrank by so much. */
  queueChanged(byBytes: number, byMessages: number): void {
    this.#queuedBytes += byBytes;
    this.#queuedMessages += byMessages;
    if (byBytes > 0) this.#stats.recv_bytes_added_to_sock += byBytes;
    else this.#stats.recv_bytes_freed_fromsock -= byBytes;
    const usedBytes = this.#queuedBytes + this.#queuedMessages * MESSAGE_OVERHEAD_BYTES;
    const part = usedBytes / this.#limitBytes;
    this.#congestion.filled(part);
    if (!this.isPaused && part > 1) {
      this.#stats.tcp_read_paused++;
      this.#set(true);
    } else if (this.isPaused && part <= RESUME_AT) {
      this.#set(false);
    }
  }

  #set(paused: boolean): void {
    this.isPaused = paused;
    this.#pause(paused);
  }
}
