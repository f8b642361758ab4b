// The sending half of the plain program: each message behind its length in 4 bytes. Small ones are
// copied together and written as one; large ones are written as they are, with the length in front
// in the same writev. What is on its way is limited both ways.

/** Below it copying is cheaper than a further piece in a writev. */
export const COPY_LIMIT_BYTES = 8192;
const LENGTH_BYTES = 4;
/** Large enough that a write costs nothing per message, small enough for the cache. */
const BATCH_BYTES = 128 * 1024;
/** One is filled while the others are written. */
const BATCHES = 4;
/** Of large messages, so that the kernel always has something to take. */
const LARGE_LIMIT_BYTES = 4 * 2 ** 20;

export class FrameWriter {
  #socket;
  /** @type {Buffer[]} */
  #free = Array.from({ length: BATCHES - 1 }, () => Buffer.allocUnsafeSlow(BATCH_BYTES));
  /** @type {Buffer | undefined} None while all are being written. */
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #used = 0;
  #largeBytes = 0;
  /** @type {(() => void) | null} */
  #wake = null;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @type {import('../contender.mjs').Flow['send']} */
  send(message) {
    if (message.length > COPY_LIMIT_BYTES) return this.#sendLarge(message);
    const batch = this.#batch;
    if (batch === undefined) throw new Error('sent without waiting for room');
    const start = this.#used;
    if (start === 0) process.nextTick(this.#flushTurn);
    putLength(batch, start, message.length);
    batch.set(message, start + LENGTH_BYTES);
    this.#used = start + LENGTH_BYTES + message.length;
    if (BATCH_BYTES - this.#used < LENGTH_BYTES + COPY_LIMIT_BYTES) this.#flush();
    return this.#hasRoom();
  }

  /** @returns {Promise<void>} */
  writable() {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** @param {Buffer} message */
  #sendLarge(message) {
    this.#flush();
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    putLength(length, 0, message.length);
    this.#largeBytes += message.length;
    this.#socket.cork();
    this.#socket.write(length);
    this.#socket.write(message, () => {
      this.#largeBytes -= message.length;
      this.#goOn();
    });
    this.#socket.uncork();
    return this.#hasRoom();
  }

  /** At the end of a turn. The last batch is kept: when another is written, it follows. */
  #flushTurn = () => {
    if (this.#free.length > 0) this.#flush();
  };

  #flush() {
    const batch = this.#batch;
    if (batch === undefined || this.#used === 0) return;
    const used = this.#used;
    this.#used = 0;
    this.#batch = this.#free.pop();
    this.#socket.write(used === BATCH_BYTES ? batch : batch.subarray(0, used), () => {
      if (this.#batch === undefined) this.#batch = batch;
      else {
        this.#free.push(batch);
        // Others were on their way at the end of the turn, and this one was not full.
        this.#flush();
      }
      this.#goOn();
    });
  }

  #hasRoom() {
    return this.#batch !== undefined && this.#largeBytes < LARGE_LIMIT_BYTES;
  }

  #goOn() {
    const wake = this.#wake;
    if (wake === null || !this.#hasRoom()) return;
    this.#wake = null;
    wake();
  }
}

/**
 * @param {Uint8Array} target
 * @param {number} offset
 * @param {number} length
 */
function putLength(target, offset, length) {
  target[offset] = length;
  target[offset + 1] = length >>> 8;
  target[offset + 2] = length >>> 16;
  target[offset + 3] = length >>> 24;
}
