/**
 * QueueMemory: where the messages are that wait on a socket. Each is a small part of what was read
 * from TCP at once, and would keep all of it. So they are copied out, one behind the other, into
 * blocks that hold nothing but what waits on the same socket and is read in the same order: byte
 * budgets mean what they say.
 */

/** As much as is read from TCP at once: who keeps a message keeps no more than without a queue. */
const MAX_BLOCK_BYTES = 64 * 1024;
/** A block is as large as this part of what waits already, so that its rest is little. */
const BLOCK_PART = 2;
/** A message that fits into it fewer times has memory of its own, or much would be left over. */
const LEAST_MESSAGES = 4;

const EMPTY = new Uint8Array(0);

export class QueueMemory {
  #block = EMPTY;
  #used = 0;

  /** A copy of `data`, behind `queuedBytes` that wait already. */
  copy(data: Uint8Array, queuedBytes: number): Uint8Array {
    const { length } = data;
    const blockBytes = Math.min(Math.floor(queuedBytes / BLOCK_PART), MAX_BLOCK_BYTES);
    if (length * LEAST_MESSAGES > blockBytes) return data.slice();
    if (this.#block.length - this.#used < length) {
      this.#block = new Uint8Array(blockBytes);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    this.#block.set(data, at);
    return new Uint8Array(this.#block.buffer, at, length);
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#block = EMPTY;
    this.#used = 0;
  }
}
