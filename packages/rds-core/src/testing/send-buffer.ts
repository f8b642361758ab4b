/**
 * SendBuffer: what was written to a simulated stream and has not left yet. It gives the bytes away
 * in pieces that have nothing to do with the writes, as TCP does: a reader that works only when
 * each chunk is a whole frame must not get through its tests. Each byte is copied once, here.
 *
 * Bytes are taken as late as the contract of `Stream.write` allows, in the event that calls `done`,
 * so that a sender that reuses its buffer too early sends garbage.
 */

import { Queue } from '../queue.js';
import type { SeededRandom } from './random.js';

export interface PieceOptions {
  /** No piece is larger. */
  readonly maxChunkBytes: number;
  /** The probability that a piece is cut short somewhere within. */
  readonly splitChance: number;
  /** The probability that a piece goes on into the next write. */
  readonly mergeChance: number;
  /** Rejects changed bytes by a checksum, instead of sending them as they now are. */
  readonly poison: boolean;
}

interface Write {
  readonly chunks: readonly Uint8Array[];
  readonly done: () => void;
  readonly checksum: number;
  remainingBytes: number;
  /** Where the next byte is. */
  chunkIndex: number;
  offset: number;
}

export class SendBuffer {
  readonly #random: SeededRandom;
  readonly #options: PieceOptions;
  readonly #writes = new Queue<Write>();

  constructor(random: SeededRandom, options: PieceOptions) {
    this.#random = random;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  add(chunks: readonly Uint8Array[], done: () => void): void {
    const checksum = this.#options.poison ? checksumOf(chunks) : 0;
    const remainingBytes = chunks.reduce((bytes, chunk) => bytes + chunk.length, 0);
    this.#writes.push({ chunks, done, checksum, remainingBytes, chunkIndex: 0, offset: 0 });
  }

  /**
   * A copy of the next piece, of at most `limitBytes`. The `done` of every write that has left with
   * it is added to `finished`. Empty only if the writes were.
   */
  take(limitBytes: number, finished: (() => void)[]): Uint8Array {
    const length = this.#drawLength(limitBytes);
    // As in Node, a chunk need not begin where its buffer does, nor at a multiple of anything.
    const offset = this.#random.integer(0, 7);
    const piece = new Uint8Array(new ArrayBuffer(offset + length), offset);
    let filled = 0;
    for (;;) {
      const write = this.#writes.peek();
      if (write === undefined) break;
      filled += copyOut(write, piece, filled);
      if (write.remainingBytes > 0) break;
      if (this.#options.poison && checksumOf(write.chunks) !== write.checksum) {
        throw new Error('bytes changed between write and done');
      }
      this.#writes.shift();
      finished.push(write.done);
    }
    return piece;
  }

  /** Gives up what is left. Returns what was to be called. */
  abandon(): (() => void)[] {
    const dones = [...this.#writes].map((write) => write.done);
    this.#writes.clear();
    return dones;
  }

  #drawLength(limitBytes: number): number {
    const { maxChunkBytes, mergeChance, splitChance } = this.#options;
    const limit = Math.min(limitBytes, maxChunkBytes);
    let length = 0;
    for (let index = 0; index < this.#writes.length; index++) {
      length += this.#writes.at(index)?.remainingBytes ?? 0;
      if (length >= limit || !this.#random.chance(mergeChance)) break;
    }
    length = Math.min(length, limit);
    return length > 1 && this.#random.chance(splitChance)
      ? this.#random.integer(1, length - 1)
      : length;
  }
}

/** Copies from `write` what it has and `piece` has room for behind `at`. Returns how much. */
function copyOut(write: Write, piece: Uint8Array, at: number): number {
  let copied = 0;
  while (write.remainingBytes > 0 && at + copied < piece.length) {
    const chunk = write.chunks[write.chunkIndex] as Uint8Array;
    const bytes = Math.min(chunk.length - write.offset, piece.length - at - copied);
    piece.set(chunk.subarray(write.offset, write.offset + bytes), at + copied);
    copied += bytes;
    write.offset += bytes;
    write.remainingBytes -= bytes;
    if (write.offset === chunk.length) {
      write.chunkIndex++;
      write.offset = 0;
    }
  }
  return copied;
}

/** FNV-1a. */
function checksumOf(chunks: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const chunk of chunks) {
    for (const byte of chunk) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash;
}
