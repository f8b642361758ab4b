/**
 * HandOuts: the memory of messages that are copied out of a slab for a program to keep. One behind
 * the other: memory of its own for each costs more than to copy it.
 */

/** What who keeps one of them keeps alive. */
const BLOCK_BYTES = 16 * 1024;
/** Larger ones have memory of their own, or much would be left over where the next has no room. */
const MOST_SHARED_BYTES = 4 * 1024;
/** V8 keeps so little within the array itself, which is cheaper still. */
const LEAST_SHARED_BYTES = 65;
/** So that a payload of whole numbers stands where it can be read as such. */
const ALIGNMENT_BYTES = 8;

export class HandOuts {
  #block: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** The bytes of `source` from `start` to `end`. */
  copy(source: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (length < LEAST_SHARED_BYTES || length > MOST_SHARED_BYTES) return source.slice(start, end);
    const from = Math.ceil(this.#used / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    // A block that was transferred to another thread has no room any more.
    const hasRoom = from + length <= this.#block.length;
    if (!hasRoom) this.#block = new Uint8Array(BLOCK_BYTES);
    const at = hasRoom ? from : 0;
    this.#used = at + length;
    const copy = this.#block.subarray(at, this.#used);
    copy.set(source.subarray(start, end));
    return copy;
  }
}
