/**
 * SendQuota: the send buffer of one socket towards one peer (SO_SNDBUF). The kernel has one per
 * socket; per peer, a dead peer fills its own and leaves the others alone.
 */

import { chargeBytes } from './message.js';
import { Queue } from './queue.js';

/** A destination that waits for room. */
export interface RoomWaiter {
  /** Sends what fits; true if more waits for room. */
  roomCame(): boolean;
}

export class SendQuota {
  readonly limitBytes: number;
  #usedBytes = 0;
  readonly #waiters = new Queue<RoomWaiter>();
  #waking = false;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** True if `bytes` of payload fit. An empty buffer takes any message that it may hold at all. */
  hasRoom(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + chargeBytes(bytes) <= this.limitBytes;
  }

  reserve(bytes: number): void {
    this.#usedBytes += chargeBytes(bytes);
  }

  /** Gives back what a message had, and lets those who wait for it try, in turn. */
  release(bytes: number): void {
    this.#usedBytes -= chargeBytes(bytes);
    if (this.#waiters.length > 0 && !this.#waking) this.#wake();
  }

  wait(waiter: RoomWaiter): void {
    this.#waiters.push(waiter);
  }

  #wake(): void {
    this.#waking = true;
    for (let first = this.#waiters.peek(); first !== undefined; first = this.#waiters.peek()) {
      const before = this.#usedBytes;
      const waits = first.roomCame();
      if (waits && this.#usedBytes === before) break;
      this.#waiters.shift();
      // It had its share; the next destination is first now.
      if (waits) this.#waiters.push(first);
    }
    this.#waking = false;
  }
}
