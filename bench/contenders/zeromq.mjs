// ZeroMQ.js 6: PUSH to PULL, a pair of sockets for each flow; DEALER to DEALER where there are
// answers. libzmq batches in a thread of its own; its high-water marks limit what is on its way.

import { context, Dealer, Pull, Push } from 'zeromq';
import { pairsOf } from '../contender.mjs';

/** @typedef {import('zeromq').Sender} Sender */

const QUEUED_BYTES = 4 * 2 ** 20;
/** Ten times what it is by default: more makes it no faster. */
const MOST_QUEUED = 10_000;
/** libzmq has at most 1,023 of them unless it is told. */
const MAX_SOCKETS = 4096;
/** The shortest it can be told to wait before it dials again. */
const RECONNECT_MS = 1;

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'many', 'thousand', 'reconnect'],

  async receive(plan, deliver) {
    context.maxSockets = MAX_SOCKETS;
    /** @type {Record<string, string>} */
    const where = {};
    for (let pair = 0; pair < pairsOf(plan); pair++) {
      const receiveHighWaterMark = highWaterMark(plan);
      const socket = plan.echo ? new Dealer() : new Pull({ receiveHighWaterMark });
      await socket.bind('tcp://127.0.0.1:*');
      where[pair === 0 ? 'port' : `port${pair}`] = socket.lastEndpoint?.split(':').at(-1) ?? '';
      const answer = (/** @type {Buffer} */ message) => {
        if (socket instanceof Dealer) socket.send(message);
      };
      receiveAll(socket, plan.echo ? answer : deliver);
    }
    return { where };
  },

  async send(plan, answered, where) {
    context.maxSockets = MAX_SOCKETS;
    const flows = Array.from({ length: pairsOf(plan) }, (_, pair) => {
      const options = { sendHighWaterMark: highWaterMark(plan), reconnectInterval: RECONNECT_MS };
      const socket = plan.echo ? new Dealer() : new Push(options);
      socket.connect(`tcp://127.0.0.1:${where[pair === 0 ? 'port' : `port${pair}`]}`);
      if (socket instanceof Dealer) receiveAll(socket, answered);
      return new ZeroFlow(socket);
    });
    return { flows, keeps: true };
  },
};

class ZeroFlow {
  #socket;
  /** @type {Promise<void>} */
  #sending = Promise.resolve();

  /** @param {Sender} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @type {import('../contender.mjs').Flow['send']} */
  send(message) {
    // Queued at once while there is room. To send on before the promise has resolved is an error.
    this.#sending = this.#socket.send(message);
    return false;
  }

  writable() {
    return this.#sending;
  }
}

/**
 * @param {AsyncIterable<Buffer[]>} socket
 * @param {(message: Buffer) => void} take
 */
async function receiveAll(socket, take) {
  for await (const [message] of socket) if (message !== undefined) take(message);
}

/** @param {import('../contender.mjs').Plan} plan */
function highWaterMark({ sizeBytes }) {
  return Math.min(Math.ceil(QUEUED_BYTES / sizeBytes), MOST_QUEUED);
}
