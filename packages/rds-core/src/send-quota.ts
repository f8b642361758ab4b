/**
 * SendQuota: the send buffer of one socket towards one peer (SO_SNDBUF). The kernel has one per
 * socket; per peer, a dead peer fills its own and leaves the others alone.
 *
 * Who is alone with a peer may fill all of it. Those who are many share: each may have as much as
 * all together leave free of two windows of the connection, or of two of its own buffers if these
 * are larger. With the usual sizes two have two thirds of their buffers, 64 have a thirtieth, and
 * who comes late finds room at once.
 */

import { chargeBytes } from './message.js';
import type { Outstanding, RoomSeeker } from './outstanding.js';
import { Queue } from './queue.js';

/** A destination that waits for room. */
export interface RoomWaiter {
  /** The payload bytes that the first of its sends needs. */
  readonly roomNeeded: number;
  /** Sends what fits; true if more waits for room. */
  roomCame(): boolean;
}

/** Of its buffer, whatever others have: enough for a write of its own. */
export const OWN_BYTES = 64 * 1024;

const NOBODY_WAITS = -1;

export class SendQuota implements RoomSeeker {
  #limitBytes: number;
  #usedBytes = 0;
  readonly #ofAll: Outstanding;
  readonly #waiters = new Queue<RoomWaiter>();
  /** What the first of the waiters needs, asked once and not at each send and acknowledgement. */
  #firstNeeds = NOBODY_WAITS;
  #waking = false;

  constructor(limitBytes: number, ofAll: Outstanding) {
    this.#limitBytes = limitBytes;
    this.#ofAll = ofAll;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  resize(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    this.needChanged();
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * True if `bytes` of payload fit. An empty buffer takes any message that it may hold at all, so
   * whoever waits for room has something outstanding, and is asked again when that is settled.
   */
  hasRoom(bytes: number): boolean {
    const usedBytes = this.#usedBytes;
    if (usedBytes === 0) return true;
    const moreBytes = chargeBytes(bytes);
    const thenBytes = usedBytes + moreBytes;
    if (thenBytes > this.#limitBytes) return false;
    return thenBytes + this.#ofAll.bytes + moreBytes <= this.#sharedBytes || thenBytes <= OWN_BYTES;
  }

  /** The same for one whose turn it is not: nobody waits who was there before. */
  admits(bytes: number): boolean {
    return this.#firstNeeds === NOBODY_WAITS && this.hasRoom(bytes);
  }

  /** Up to where it could be filled, with what others have now. */
  get shareBytes(): number {
    const othersBytes = this.#ofAll.bytes - this.#usedBytes;
    const shareBytes = Math.floor((this.#sharedBytes - othersBytes) / 2);
    return Math.min(Math.max(shareBytes, OWN_BYTES), this.#limitBytes);
  }

  get #sharedBytes(): number {
    return 2 * Math.max(this.#limitBytes, this.#ofAll.windowBytes);
  }

  reserve(bytes: number): void {
    const chargedBytes = chargeBytes(bytes);
    this.#usedBytes += chargedBytes;
    this.#ofAll.bytes += chargedBytes;
  }

  /**
   * Gives back what messages were charged, and lets those who wait for it try, in turn. True if
   * they were the last.
   */
  release(chargedBytes: number): boolean {
    const usedBytes = this.#usedBytes - chargedBytes;
    this.#usedBytes = usedBytes;
    this.#ofAll.bytes -= chargedBytes;
    if (this.#firstNeeds !== NOBODY_WAITS && this.hasRoom(this.#firstNeeds)) this.#wake();
    return usedBytes === 0;
  }

  wait(waiter: RoomWaiter): void {
    this.#waiters.push(waiter);
    this.#ofAll.add(this);
    this.needChanged();
  }

  /** The first of those who wait may need another amount now, or there may be more room. */
  needChanged(): void {
    this.#firstNeeds = this.#waiters.peek()?.roomNeeded ?? NOBODY_WAITS;
    if (this.#firstNeeds !== NOBODY_WAITS && this.hasRoom(this.#firstNeeds)) this.#wake();
  }

  #wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    for (let first = this.#waiters.peek(); first !== undefined; first = this.#waiters.peek()) {
      this.#firstNeeds = first.roomNeeded;
      if (!this.hasRoom(this.#firstNeeds)) break;
      const waits = first.roomCame();
      this.#waiters.shift();
      // It had its share; the next destination is first now.
      if (waits) this.#waiters.push(first);
    }
    if (this.#waiters.length === 0) {
      this.#firstNeeds = NOBODY_WAITS;
      this.#ofAll.remove(this);
    }
    this.#waking = false;
  }
}
