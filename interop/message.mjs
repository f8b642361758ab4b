// Test messages, and the tally of those that were read. The same in agent/traffic.py, for the
// kernels.
//
// A message of 16 bytes or more begins with its sender's port, its receiver's port, its size and
// its number among what this sender has sent to this receiver; the rest is a pattern that depends
// on these.

import { createHash } from 'node:crypto';

const HEAD_BYTES = 16;
const PERIOD = 251;
const PATTERN = Buffer.alloc((1 << 20) + PERIOD);
for (let index = 0; index < PATTERN.length; index++) PATTERN[index] = index % PERIOD;
/** After so many pieces of broken order a report would help nobody. */
const MAX_RANGES = 1000;

/**
 * @typedef {object} Tally what one receiver has read from one sender
 * @property {number} messages
 * @property {number} bytes
 * @property {number} altered how many were not what had been sent
 * @property {[first: number, last: number][]} ranges the numbers, in the order of reading
 * @property {string} digest SHA-256 of all of it
 */

/**
 * @param {number} sport
 * @param {number} dport
 * @param {number} number
 * @param {number} size
 * @returns {Buffer} not to be written to
 */
export function message(sport, dport, number, size) {
  const start = (sport + dport + number) % PERIOD;
  const pattern = PATTERN.subarray(start, start + size);
  if (size < HEAD_BYTES) return pattern;
  const data = Buffer.from(pattern);
  data.writeUInt16BE(sport, 0);
  data.writeUInt16BE(dport, 2);
  data.writeUInt32BE(size, 4);
  data.writeBigUInt64BE(BigInt(number), 8);
  return data;
}

export class Tallier {
  #messages = 0;
  #bytes = 0;
  #altered = 0;
  #next = 0;
  /** @type {[number, number][]} */
  #ranges = [];
  #hash = createHash('sha256');

  /**
   * @param {Uint8Array} data
   * @param {number} sport
   * @param {number} dport
   */
  add(data, sport, dport) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    // One that is too small to say its number is taken for the next.
    const number = bytes.length >= HEAD_BYTES ? Number(bytes.readBigUInt64BE(8)) : this.#next;
    if (!bytes.equals(message(sport, dport, number, bytes.length))) this.#altered++;
    this.#messages++;
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    const last = this.#ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else if (this.#ranges.length < MAX_RANGES) this.#ranges.push([number, number]);
    this.#next = number + 1;
  }

  /** @returns {Tally} */
  report() {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      altered: this.#altered,
      ranges: this.#ranges.map(([first, last]) => [first, last]),
      digest: this.#hash.copy().digest('hex'),
    };
  }
}
