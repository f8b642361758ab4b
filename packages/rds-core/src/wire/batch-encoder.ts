/**
 * BatchEncoder: gathers the frames of one flush into as few pieces of memory as they allow, so
 * that many messages cost one write. Frames that stand behind each other in a slab become one
 * piece.
 */

import type { Slab } from '../slab.js';

/** A write of more costs hardly less per byte. */
const LEAST_BATCH_BYTES = 64 * 1024;

interface Piece {
  readonly slab: Slab;
  readonly start: number;
  end: number;
}

export class BatchEncoder {
  #pieces: Piece[] = [];
  #last: Piece | null = null;
  /** Bytes gathered so far. */
  byteLength = 0;

  /** Adds the bytes `start` to `end`, which must not change until the batch's `done`. */
  add(slab: Slab, start: number, end: number): void {
    this.byteLength += end - start;
    const last = this.#last;
    if (last !== null && last.slab === slab && last.end === start) {
      last.end = end;
      return;
    }
    slab.retain();
    this.#last = { slab, start, end };
    this.#pieces.push(this.#last);
  }

  /** It is large enough, and what comes next stands in another slab: it would be another piece. */
  get endsSlab(): boolean {
    const last = this.#last;
    if (last === null || this.byteLength < LEAST_BATCH_BYTES) return false;
    return last.slab.writer === null && last.end === last.slab.used;
  }

  /** Hands the batch over and begins a new one. Call `done` when its chunks are not needed. */
  take(): { chunks: Uint8Array[]; byteLength: number; done: () => void } {
    const pieces = this.#pieces;
    const { byteLength } = this;
    this.#pieces = [];
    this.#last = null;
    this.byteLength = 0;
    return {
      chunks: pieces.map(({ slab, start, end }) => slab.bytes.subarray(start, end)),
      byteLength,
      done: () => {
        for (const { slab } of pieces) slab.release();
      },
    };
  }
}
