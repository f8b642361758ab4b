// What arrives at the receiver: counted, timed from the first to the last, and checked. Each
// message must have the right length and be the next of its flow; only where connections are cut
// may some be missing or come twice, which is counted.

import { flowOf, nowMs, numberOf, sentAtMsOf } from './numbered.mjs';

/** More arrivals under cuts than are kept: the newest are looked at, and soon. */
const MAX_TIMED = 65_536;

export class Arrivals {
  lost = 0;
  repeated = 0;
  #sizeBytes;
  #isCut;
  #expected;
  #count = 0;
  #target = -1;
  #firstMs = 0;
  #failed;
  /** @type {(arrived: { messages: number, ms: number }) => void} */
  #done = () => {};
  /** @type {{ sentAtMs: number, atMs: number }[]} */
  #timed = [];

  /**
   * @param {import('./contender.mjs').Plan} plan
   * @param {(error: Error) => void} failed
   */
  constructor({ sizeBytes, active, cut }, failed) {
    this.#sizeBytes = sizeBytes;
    this.#isCut = cut;
    this.#expected = new Uint32Array(active);
    this.#failed = failed;
  }

  /** @type {import('./contender.mjs').Deliver} */
  deliver = (message) => {
    const flow = flowOf(message);
    const number = numberOf(message);
    const expected = this.#expected[flow];
    if (message.length !== this.#sizeBytes) return this.#wrong(message, number, expected);
    if (this.#isCut) return this.#noteTime(message, number, flow);
    if (number !== expected) return this.#wrong(message, number, expected);
    this.#expected[flow] = number + 1;
    if (this.#count++ === 0) this.#firstMs = performance.now();
    if (this.#count === this.#target) this.#finish();
  };

  /**
   * Resolves once so many have arrived since the last time.
   *
   * @param {number} messages
   * @returns {Promise<{ messages: number, ms: number }>}
   */
  expect(messages) {
    this.#target = messages;
    const arrived = new Promise((resolve) => {
      this.#done = resolve;
    });
    if (this.#count === messages) this.#finish();
    else if (this.#count > messages) this.#failed(new Error('more arrived than was sent'));
    return arrived;
  }

  /**
   * When the first message arrived that was sent after the cut; null if none has.
   *
   * @param {number} cutAtMs
   */
  firstSentAfter(cutAtMs) {
    return this.#timed.find(({ sentAtMs }) => sentAtMs > cutAtMs)?.atMs ?? null;
  }

  #finish() {
    const arrived = { messages: this.#count, ms: performance.now() - this.#firstMs };
    this.#count = 0;
    this.#target = -1;
    this.#done(arrived);
  }

  /**
   * @param {Uint8Array} message
   * @param {number} number
   * @param {number} flow
   */
  #noteTime(message, number, flow) {
    const expected = this.#expected[flow] ?? 0;
    if (number > expected) this.lost += number - expected;
    if (number < expected) this.repeated++;
    else this.#expected[flow] = number + 1;
    if (this.#timed.length === MAX_TIMED) this.#timed.splice(0, MAX_TIMED / 2);
    this.#timed.push({ sentAtMs: sentAtMsOf(message), atMs: nowMs() });
  }

  /**
   * @param {Uint8Array} message
   * @param {number} number
   * @param {number | undefined} expected
   */
  #wrong({ length }, number, expected) {
    const wanted = `number ${expected} of ${this.#sizeBytes} bytes`;
    this.#failed(new Error(`number ${number} of ${length} bytes arrived, not ${wanted}`));
  }
}
