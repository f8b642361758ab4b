// The receiving half of the plain program. A message that is whole within what was read is given on
// as a view of it; one that is not is put together in a buffer of its own, and copied once.

import { numberOf as lengthOf } from '../numbered.mjs';

const LENGTH_BYTES = 4;

export class FrameReader {
  #deliver;
  #head = Buffer.alloc(LENGTH_BYTES);
  #headBytes = 0;
  /** @type {Buffer | null} A message of which a part is there. */
  #body = null;
  #bodyBytes = 0;

  /** @param {import('../contender.mjs').Deliver} deliver */
  constructor(deliver) {
    this.#deliver = deliver;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    let at = 0;
    // Once for the message that has begun, and maybe once more for a head that then has its body.
    while (at < chunk.length && (this.#headBytes > 0 || this.#body !== null)) {
      at = this.#goOn(chunk, at);
    }
    while (chunk.length - at >= LENGTH_BYTES) {
      const start = at + LENGTH_BYTES;
      const end = start + lengthAt(chunk, at);
      if (end > chunk.length) break;
      this.#deliver(chunk.subarray(start, end));
      at = end;
    }
    while (at < chunk.length) at = this.#goOn(chunk, at);
  }

  /**
   * Takes what is missing of a head, or of a body. Gives where it ended.
   *
   * @param {Buffer} chunk
   * @param {number} at
   */
  #goOn(chunk, at) {
    const body = this.#body;
    if (body === null) {
      const end = at + chunk.copy(this.#head, this.#headBytes, at);
      this.#headBytes += end - at;
      if (this.#headBytes === LENGTH_BYTES) {
        this.#headBytes = 0;
        this.#body = Buffer.allocUnsafe(lengthOf(this.#head));
        this.#bodyBytes = 0;
      }
      return end;
    }
    const end = at + chunk.copy(body, this.#bodyBytes, at);
    this.#bodyBytes += end - at;
    if (this.#bodyBytes === body.length) {
      this.#body = null;
      this.#deliver(body);
    }
    return end;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function lengthAt(bytes, at) {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  return (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}
