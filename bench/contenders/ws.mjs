// ws 8, without compression and with its native helper: a WebSocket for each flow, a message for
// each message. It sets TCP_NODELAY by itself.

import { WebSocket, WebSocketServer } from 'ws';
import { pairsOf } from '../contender.mjs';

const OPTIONS = { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: 2 ** 24 };
const BUFFERED_BYTES = 2 ** 20;
/** 1,000 peers call at once. */
const BACKLOG = 2048;

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'many', 'thousand'],

  async receive(plan, deliver) {
    const place = { host: '127.0.0.1', port: 0, backlog: BACKLOG };
    const server = new WebSocketServer({ ...OPTIONS, ...place });
    server.on('connection', (socket) => {
      socket.on('message', plan.echo ? (message) => socket.send(message) : deliver);
    });
    await new Promise((resolve) => server.on('listening', () => resolve(undefined)));
    return { where: { port: server.address().port } };
  },

  async send(plan, answered, { port }) {
    const flows = Array.from({ length: pairsOf(plan) }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, OPTIONS);
      socket.on('message', answered);
      await new Promise((resolve, reject) => {
        socket.on('open', () => resolve(undefined));
        socket.on('error', reject);
      });
      return new WebSocketFlow(socket);
    });
    return { flows: Promise.all(flows), keeps: true };
  },
};

class WebSocketFlow {
  #socket;
  /** @type {Promise<void>} */
  #written = Promise.resolve();

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @type {import('../contender.mjs').Flow['send']} */
  send(message) {
    if (this.#socket.bufferedAmount < BUFFERED_BYTES) {
      this.#socket.send(message);
      return true;
    }
    this.#written = new Promise((resolve) => {
      this.#socket.send(message, () => resolve());
    });
    return false;
  }

  writable() {
    return this.#written;
  }
}
