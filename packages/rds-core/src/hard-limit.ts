/**
 * HardLimit: what all sockets of a node have queued together, and what follows from it. From half
 * of `maxQueuedBytes` on, all ports are congested; above it, nothing is read from any connection.
 */

import type { LocalCongestion } from './local-congestion.js';
import type { Stats } from './stats.js';

/** What a queued message costs besides its payload: measured, about 270 bytes on Node 20. */
const MESSAGE_OVERHEAD_BYTES = 288;

/**
 * From so much of the hard limit on, all ports are congested: what is on its way still finds room,
 * and reading, which brings acknowledgements too, need not stop.
 */
const CROWDED_FROM = 0.5;
const CROWDED_UNTIL = 0.25;
/** Reading begins again when the queues are down to so much of the hard limit. */
const RESUME_AT = 0.75;

type Level =
  | 'open'
  /** All ports are congested. */
  | 'crowded'
  /** And nothing may be read from any connection. */
  | 'stopped';

/** Between which parts of the limit each level stays what it is. */
const STAYS: Readonly<Record<Level, { above: number; upTo: number }>> = {
  open: { above: -1, upTo: CROWDED_FROM },
  crowded: { above: CROWDED_UNTIL, upTo: 1 },
  stopped: { above: RESUME_AT, upTo: Infinity },
};

export class HardLimit {
  readonly #limitBytes: number;
  readonly #stats: Stats;
  readonly #congestion: LocalCongestion;
  readonly #pause: (paused: boolean) => void;
  #queuedBytes = 0;
  #queuedMessages = 0;
  #level: Level = 'open';
  /** The bounds of the level in bytes: each message that comes or goes is compared with them. */
  #aboveBytes = 0;
  #upToBytes = 0;

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
    this.#set('open');
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Nothing may be read from any connection. */
  get isPaused(): boolean {
    return this.#level === 'stopped';
  }

  /** The queue of a socket grew or shrank by so much. */
  queueChanged(byBytes: number, byMessages: number): void {
    this.#queuedBytes += byBytes;
    this.#queuedMessages += byMessages;
    if (byBytes > 0) this.#stats.recv_bytes_added_to_sock += byBytes;
    else this.#stats.recv_bytes_freed_fromsock -= byBytes;
    const usedBytes = this.#queuedBytes + this.#queuedMessages * MESSAGE_OVERHEAD_BYTES;
    if (usedBytes > this.#upToBytes || usedBytes <= this.#aboveBytes) this.#crossed(usedBytes);
  }

  #crossed(usedBytes: number): void {
    const wasOpen = this.#level === 'open';
    const wasPaused = this.isPaused;
    this.#set(levelAt(usedBytes / this.#limitBytes, this.#level));
    const { isPaused } = this;
    if (wasOpen !== (this.#level === 'open')) this.#congestion.crowd(wasOpen);
    if (wasPaused === isPaused) return;
    if (isPaused) this.#stats.tcp_read_paused++;
    // What is read on now may fill the queues again, and come back to here.
    this.#pause(isPaused);
  }

  #set(level: Level): void {
    const { above, upTo } = STAYS[level];
    this.#level = level;
    this.#aboveBytes = above * this.#limitBytes;
    this.#upToBytes = upTo * this.#limitBytes;
  }
}

/** One message can be so large that a level is skipped. */
function levelAt(part: number, level: Level): Level {
  if (part > (level === 'stopped' ? RESUME_AT : 1)) return 'stopped';
  return part > (level === 'open' ? CROWDED_FROM : CROWDED_UNTIL) ? 'crowded' : 'open';
}
