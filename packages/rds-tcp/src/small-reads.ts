/**
 * SmallReads: where little that was read is copied to, so that its buffer can be read into again.
 * Very small reads stand one behind the other, where no byte is written twice: memory of its own
 * for each costs twice as much.
 */

import { allocateUntransferable } from './allocate.js';

/** What who keeps one of them keeps alive. */
const SHARED_BYTES = 8 * 1024;
/** Larger ones have memory of their own, or much would be left over where the next has no room. */
const MOST_SHARED_BYTES = 1024;
/** So that a payload of whole numbers stands where it can be read as such, as after a header. */
const ALIGNMENT_BYTES = 8;

export class SmallReads {
  #memory: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** The first `bytes` of what was read. */
  copy(read: Uint8Array, bytes: number): Uint8Array {
    const copy = this.#place(bytes);
    copy.set(read.subarray(0, bytes));
    return copy;
  }

  #place(bytes: number): Uint8Array {
    if (bytes > MOST_SHARED_BYTES) return allocateUntransferable(bytes);
    const from = Math.ceil(this.#used / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    if (from + bytes > this.#memory.length) {
      this.#memory = allocateUntransferable(SHARED_BYTES);
      this.#used = bytes;
      return this.#memory.subarray(0, bytes);
    }
    this.#used = from + bytes;
    return this.#memory.subarray(from, this.#used);
  }
}
