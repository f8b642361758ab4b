// What the sender does: as many messages as it is told to, one flow after the other, each as soon
// as the contender will take it; or so many with receipts under way; or one after the answer to
// the other.

import { NumberedMessages, numberOf } from './numbered.mjs';

/** @typedef {import('./contender.mjs').Flow} Flow */
/** @typedef {{ p50: number, p99: number, p999: number, messages: number }} RoundTrips in µs */

/** Looking at the clock costs as much as to send a small message. */
const CLOCK_EVERY = 64;
/** Enough to fill the way, few enough that it is the answers that are waited for. */
const RECEIPTS_UNDER_WAY = 256;
/** A message a millisecond, while connections are cut. */
const TICK_MS = 1;

export class Departures {
  #flows;
  #messages;
  #hasReceipts;
  #underWay = 0;
  #slotFree = () => {};
  /** @type {(error: Error) => void} */
  #failed;
  /** @type {(message: Uint8Array) => void} */
  #answered = () => {};

  /**
   * @param {import('./contender.mjs').Plan} plan
   * @param {{ flows: readonly Flow[], keeps: boolean }} sending
   * @param {(error: Error) => void} failed
   */
  constructor(plan, { flows, keeps }, failed) {
    this.#flows = flows.slice(0, plan.active);
    // A receipt may be waited for while the message itself still waits to be read.
    this.#messages = new NumberedMessages(plan, keeps || plan.receipts);
    this.#hasReceipts = plan.receipts;
    this.#failed = failed;
  }

  /** @type {import('./contender.mjs').Deliver} */
  answered = (message) => this.#answered(message);

  /** @param {number} messages */
  async send(messages) {
    await this.#sendWhile((sent) => sent < messages);
    return messages;
  }

  /** @param {number} ms */
  sendFor(ms) {
    const end = performance.now() + ms;
    return this.#sendWhile((sent) => sent % CLOCK_EVERY !== 0 || performance.now() < end);
  }

  /**
   * @param {number} ms
   * @returns {Promise<RoundTrips>}
   */
  async pingFor(ms) {
    const { build } = await import('hdr-histogram-js');
    const histogram = build({ numberOfSignificantValueDigits: 3 });
    const end = performance.now() + ms;
    await new Promise((resolve) => {
      let startMs = 0;
      let number = 0;
      const next = () => {
        const message = this.#messages.next(0);
        number = numberOf(message);
        startMs = performance.now();
        this.#flows[0]?.send(message);
      };
      this.#answered = (answer) => {
        const atMs = performance.now();
        if (numberOf(answer) !== number) this.#failed(new Error('the wrong answer came'));
        histogram.recordValue(Math.round((atMs - startMs) * 1e6));
        if (atMs < end) next();
        else resolve(undefined);
      };
      next();
    });
    const at = (/** @type {number} */ percent) => histogram.getValueAtPercentile(percent) / 1000;
    return { p50: at(50), p99: at(99), p999: at(99.9), messages: histogram.totalCount };
  }

  /** From now on one message after the other, whatever happens to the connection. */
  tick() {
    const flow = this.#flows[0];
    let isWaiting = false;
    setInterval(async () => {
      if (flow === undefined || isWaiting || flow.send(this.#messages.next(0))) return;
      isWaiting = true;
      await flow.writable();
      isWaiting = false;
    }, TICK_MS);
  }

  /** @param {(sent: number) => boolean} isGoingOn */
  async #sendWhile(isGoingOn) {
    const flows = this.#flows;
    let sent = 0;
    while (isGoingOn(sent)) {
      for (let index = 0; index < flows.length; index++) {
        const flow = /** @type {Flow} */ (flows[index]);
        const message = this.#messages.next(index);
        if (this.#hasReceipts) await this.#deliver(flow, message);
        else if (!flow.send(message)) await flow.writable();
        sent++;
      }
    }
    return sent;
  }

  /**
   * @param {Flow} flow
   * @param {Buffer} message
   */
  async #deliver(flow, message) {
    this.#underWay++;
    flow.deliver?.(message).then(() => {
      this.#underWay--;
      this.#slotFree();
    }, this.#failed);
    if (this.#underWay < RECEIPTS_UNDER_WAY) return;
    await new Promise((resolve) => {
      this.#slotFree = () => resolve(undefined);
    });
  }
}
