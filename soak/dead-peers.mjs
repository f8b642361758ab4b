// Messages to peers that never answer, without end: the send buffer for each fills once and stays
// full. This may cost neither memory nor the others anything; and no call may wait for ever.

import { setTimeout as delay } from 'node:timers/promises';
import { SPARE_PORT } from './network-plan.mjs';
import { pick, untilNextMs } from './random.mjs';

/** @typedef {import('./receiving.mjs').Host} Host */

const MESSAGE = Buffer.alloc(4096, 'dead');
/** One in so many asks for a receipt, which it can not get in time. */
const RECEIPT_SHARE = 0.02;
const TIMEOUT_MS = 500;

export class DeadPeers {
  #sockets;
  #isOver = false;
  #waiting = 0;

  /** @param {readonly Host[]} hosts */
  constructor(hosts) {
    this.#sockets = hosts.map(({ node }) => node.bind(SPARE_PORT));
  }

  /**
   * @param {readonly string[]} addresses
   * @param {number} messagesPerSecond
   * @param {import('./random.mjs').Random} random
   */
  async send(addresses, messagesPerSecond, random) {
    while (!this.#isOver) {
      await delay(untilNextMs(random, messagesPerSecond));
      const socket = pick(random, this.#sockets);
      if (this.#isOver) return;
      const to = { address: pick(random, addresses), port: SPARE_PORT };
      const wantsReceipt = random() < RECEIPT_SHARE;
      this.#waiting++;
      socket
        .sendmsg(MESSAGE, to, wantsReceipt ? { until: 'delivered', timeoutMs: TIMEOUT_MS } : DONT)
        .then(
          () => this.#settled(wantsReceipt),
          () => this.#settled(false),
        );
    }
  }

  /** Resolves when every promise has settled. */
  async finish() {
    this.#isOver = true;
    while (this.#waiting > 0) await delay(20);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** @param {boolean} isReceipt */
  #settled(isReceipt) {
    this.#waiting--;
    if (isReceipt) throw new Error('A peer that does not exist has received a message.');
  }
}

const DONT = { dontWait: true };
