/**
 * ReadBuffer: the memory that a TCP connection is read into. Node's own way takes 64 KiB anew for
 * each read, however little comes; ours reads on behind what came before, in blocks that are as
 * large as the traffic asks for. A large message is read to where it is to be.
 */

/** Most connections of a large cluster are idle: a block for what they say now and then. */
const FIRST_BLOCK_BYTES = 8 * 1024;
/** Of larger reads the first message would have left the cache before the last is there. */
const MAX_READ_BYTES = 64 * 1024;
/** So many of the largest read fit into a block; who keeps a small message keeps its block. */
const READS_PER_BLOCK = 4;

const NOTHING = new Uint8Array(0);

export class ReadBuffer {
  #block: Uint8Array = NOTHING;
  /** Where the rest of the block begins. */
  #used = 0;
  #largestRead = 0;

  /** Memory for the next read. */
  take(): Uint8Array {
    const rest = this.#block.length - this.#used;
    if (rest < FIRST_BLOCK_BYTES || rest < this.#largestRead) this.#next();
    return this.#block.subarray(this.#used, this.#used + MAX_READ_BYTES);
  }

  /** What a read brought into memory that was taken here. It is not written to again. */
  read(taken: Uint8Array, bytes: number): Uint8Array {
    if (taken.buffer === this.#block.buffer) {
      this.#used += bytes;
      this.#largestRead = Math.max(this.#largestRead, bytes);
    }
    return new Uint8Array(taken.buffer, taken.byteOffset, bytes);
  }

  #next(): void {
    const bytes = Math.max(READS_PER_BLOCK * this.#largestRead, FIRST_BLOCK_BYTES);
    // Not filled with zeros: nothing of it is seen before it was written.
    this.#block = Buffer.allocUnsafeSlow(bytes);
    this.#used = 0;
    this.#largestRead = 0;
  }
}
