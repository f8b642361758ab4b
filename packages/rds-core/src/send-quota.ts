/**
 * SendQuota: the send buffer of one socket towards one peer (SO_SNDBUF). The kernel has one per
 * socket; per peer, a dead peer fills its own and leaves the others alone.
 */

import { chargeBytes } from './message.js';
import { Queue } from './queue.js';

/** A destination that waits for room. */
export interface RoomWaiter {
  /** The payload bytes that the first of its sends needs. */
  readonly roomNeeded: number;
  /** Sends what fits; true if more waits for room. */
  roomCame(): boolean;
}

const NOBODY_WAITS = -1;

export class SendQuota {
  #limitBytes: number;
  #usedBytes = 0;
  readonly #waiters = new Queue<RoomWaiter>();
  /** What the first of the waiters needs, asked once and not at each send and acknowledgement. */
  #firstNeeds = NOBODY_WAITS;
  #waking = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
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

  /** True if `bytes` of payload fit. An empty buffer takes any message that it may hold at all. */
  hasRoom(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + chargeBytes(bytes) <= this.#limitBytes;
  }

  /** The same for one whose turn it is not: nobody waits who was there before. */
  admits(bytes: number): boolean {
    return this.#firstNeeds === NOBODY_WAITS && this.hasRoom(bytes);
  }

  reserve(bytes: number): void {
    this.#usedBytes += chargeBytes(bytes);
  }

  /**
   * Gives back what messages were charged, and lets those who wait for it try, in turn. True if
   * they were the last.
   */
  release(chargedBytes: number): boolean {
    const usedBytes = this.#usedBytes - chargedBytes;
    this.#usedBytes = usedBytes;
    if (this.#firstNeeds !== NOBODY_WAITS && this.hasRoom(this.#firstNeeds)) this.#wake();
    return usedBytes === 0;
  }

  wait(waiter: RoomWaiter): void {
    this.#waiters.push(waiter);
    this.needChanged();
  }

  /** The first of those who wait may need another amount now. */
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
    if (this.#waiters.length === 0) this.#firstNeeds = NOBODY_WAITS;
    this.#waking = false;
  }
}
