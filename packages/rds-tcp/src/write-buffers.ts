/**
 * WriteBuffers: where many small pieces of memory become one before they are written. What Node
 * does for each piece of a write costs more than to copy a few kilobytes.
 */

import { allocate } from './allocate.js';

/** From so much per piece on, copying costs more than the pieces do. */
const LARGE_PIECE_BYTES = 4 * 1024;
/** As much as the core writes at once, as long as it is made of small pieces. */
const BUFFER_BYTES = 160 * 1024;
/**
 * One is in use only for a moment, or while its connection waits for its peer: more of those in
 * the same turn write their pieces as they are.
 */
const MAX_BUFFERS = 8;

export class WriteBuffers {
  readonly #free: Uint8Array[] = [];
  #made = 0;

  /** The same bytes in one piece, to be given back once they are written; null if not worth it. */
  join(chunks: readonly Uint8Array[]): Uint8Array | null {
    if (chunks.length === 1) return null;
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    if (bytes >= chunks.length * LARGE_PIECE_BYTES || bytes > BUFFER_BYTES) return null;
    const buffer = this.#take();
    if (buffer === null) return null;
    let at = 0;
    for (const chunk of chunks) {
      buffer.set(chunk, at);
      at += chunk.length;
    }
    return buffer.subarray(0, at);
  }

  giveBack({ buffer }: Uint8Array): void {
    this.#free.push(new Uint8Array(buffer));
  }

  #take(): Uint8Array | null {
    const buffer = this.#free.pop();
    if (buffer !== undefined) return buffer;
    if (this.#made === MAX_BUFFERS) return null;
    this.#made++;
    return allocate(BUFFER_BYTES);
  }
}
