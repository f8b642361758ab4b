/**
 * ReadBuffer: the memory that a TCP connection is read into. Node's own way takes 64 KiB anew for
 * each read, however little comes. Ours is as large as the traffic asks for, and is read into again
 * when little came, which is copied out. What was handed out is never read into again: the messages
 * in it are the program's.
 */

import { allocateUntransferable } from './allocate.js';
import { SmallReads } from './small-reads.js';

/** Most connections of a large cluster are idle: memory for what they say now and then. */
const FIRST_BYTES = 8 * 1024;
/** Of a larger read the first message would have left the cache before the last is there. */
const MAX_READ_BYTES = 64 * 1024;
const GROWTH = 4;
/** A read that fills less than this part is copied out. */
const LEAST_PART = 8;
/** So many of them in a row, and the traffic is over that asked for more memory. */
const SMALL_READS = 32;

/** One for all connections of the process. */
const copies = new SmallReads();

export class ReadBuffer {
  #memory: Uint8Array | null = null;
  #bytes = FIRST_BYTES;
  #smallReads = 0;

  /** Memory for the next read. */
  take(): Uint8Array {
    this.#memory ??= allocateUntransferable(this.#bytes);
    return this.#memory;
  }

  /** What a read brought into memory that was taken here, or belongs to the reader. */
  read(taken: Uint8Array, bytes: number): Uint8Array {
    if (taken === this.#memory) {
      if (bytes * LEAST_PART < taken.length) return this.#copyOut(taken, bytes);
      this.#smallReads = 0;
      // There was more to read than there was room for.
      if (bytes === taken.length) this.#bytes = Math.min(this.#bytes * GROWTH, MAX_READ_BYTES);
      this.#memory = null;
    }
    return taken.subarray(0, bytes);
  }

  #copyOut(taken: Uint8Array, bytes: number): Uint8Array {
    if (++this.#smallReads >= SMALL_READS && this.#bytes > FIRST_BYTES) {
      this.#bytes = FIRST_BYTES;
      this.#memory = null;
    }
    return copies.copy(taken, bytes);
  }
}
