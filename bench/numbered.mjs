// The messages of a measurement. Each begins with its number within its flow (4 bytes) and the
// number of its flow (2 bytes), which the receiver checks; under cuts also with the time it was
// sent (8 bytes). The rest is left as it is.

/**
 * From here on the messages of all contenders come from a ring: new memory for each would cost more
 * than to carry it, and the same one again and again would never leave the cache.
 */
const RING_FROM_BYTES = 8192;
/**
 * How much of the ring: more than any contender has on its way. Who is overtaken by the ring sends
 * wrong numbers, and is found out.
 */
const RING_BYTES = 16 * 2 ** 20;
const LEAST_RING_MESSAGES = 32;
const TIME_OFFSET = 8;

/** The clock that all processes of this machine share. */
export function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** @param {Uint8Array} message */
export function numberOf(message) {
  const low = (message[0] ?? 0) | ((message[1] ?? 0) << 8);
  const high = (message[2] ?? 0) | ((message[3] ?? 0) << 8);
  return (low | (high << 16)) >>> 0;
}

/** @param {Uint8Array} message */
export function flowOf(message) {
  return (message[4] ?? 0) | ((message[5] ?? 0) << 8);
}

/** @param {Uint8Array} message */
export function sentAtMsOf(message) {
  return Buffer.from(message.buffer, message.byteOffset).readDoubleLE(TIME_OFFSET);
}

export class NumberedMessages {
  #sizeBytes;
  #isTimed;
  #next;
  /** @type {readonly Buffer[]} */
  #ring = [];
  #turn = 0;

  /**
   * @param {import('./contender.mjs').Plan} plan
   * @param {boolean} keeps whether each small one needs a buffer of its own
   */
  constructor({ sizeBytes, active, cut }, keeps) {
    this.#sizeBytes = sizeBytes;
    this.#isTimed = cut;
    this.#next = new Uint32Array(active);
    if (sizeBytes >= RING_FROM_BYTES) {
      const length = Math.max(Math.ceil(RING_BYTES / sizeBytes), LEAST_RING_MESSAGES);
      this.#ring = Array.from({ length }, () => Buffer.alloc(sizeBytes, 1));
    } else if (!keeps) this.#ring = [Buffer.alloc(sizeBytes, 1)];
  }

  /** @param {number} flow */
  next(flow) {
    const message = this.#buffer();
    const number = this.#next[flow] ?? 0;
    this.#next[flow] = number + 1;
    message[0] = number;
    message[1] = number >>> 8;
    message[2] = number >>> 16;
    message[3] = number >>> 24;
    message[4] = flow;
    message[5] = flow >>> 8;
    if (this.#isTimed) message.writeDoubleLE(nowMs(), TIME_OFFSET);
    return message;
  }

  #buffer() {
    if (this.#ring.length === 0) return Buffer.allocUnsafe(this.#sizeBytes);
    this.#turn = this.#turn + 1 < this.#ring.length ? this.#turn + 1 : 0;
    return /** @type {Buffer} */ (this.#ring[this.#turn]);
  }
}
