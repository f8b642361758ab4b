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

interface Level {
  /** Between which parts of the limit it stays what it is. */
  readonly above: number;
  readonly upTo: number;
}

const OPEN: Level = { above: -Infinity, upTo: CROWDED_FROM };
/** All ports are congested. */
const CROWDED: Level = { above: CROWDED_UNTIL, upTo: 1 };
/** And nothing may be read from any connection. */
const STOPPED: Level = { above: RESUME_AT, upTo: Infinity };

export class HardLimit {
  readonly #limitBytes: number;
  readonly #stats: Stats;
  readonly #congestion: LocalCongestion;
  readonly #pause: (paused: boolean) => void;
  #queuedBytes = 0;
  #queuedMessages = 0;
  #level = OPEN;
  /** The bounds of the level in bytes: each message that comes or goes is compared with them. */
  #aboveBytes = -Infinity;
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
    this.#set(OPEN);
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Nothing may be read from any connection. */
  get isPaused(): boolean {
    return this.#level === STOPPED;
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
    const before = this.#level;
    this.#set(levelAt(usedBytes / this.#limitBytes, before));
    const isCrowded = this.#level !== OPEN;
    const { isPaused } = this;
    if (isCrowded !== (before !== OPEN)) this.#congestion.crowd(isCrowded);
    if (isPaused === (before === STOPPED)) return;
    if (isPaused) this.#stats.tcp_read_paused++;
    this.#pause(isPaused);
  }

  #set(level: Level): void {
    this.#level = level;
    this.#aboveBytes = level.above * this.#limitBytes;
    this.#upToBytes = level.upTo * this.#limitBytes;
  }
}

/** One message can be so large that a level is skipped. */
function levelAt(part: number, before: Level): Level {
  if (part > before.upTo) return part > CROWDED.upTo ? STOPPED : CROWDED;
  if (part <= before.above) return part <= CROWDED.above ? OPEN : CROWDED;
  return before;
}
