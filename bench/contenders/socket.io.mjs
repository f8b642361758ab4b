// Socket.IO 4 over WebSocket alone, without compression: one event for each message, whose argument
// is the Buffer. Several flows are namespaces of one connection. It takes whatever it is given, so
// an acknowledgement is asked for now and then.

import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { Manager } from 'socket.io-client';
import { pairsOf } from '../contender.mjs';
import { listening } from '../framing/sockets.mjs';
import { WindowedFlow } from '../windowed-flow.mjs';

const SERVER_OPTIONS = {
  ...{ transports: ['websocket'], perMessageDeflate: false, serveClient: false },
  maxHttpBufferSize: 2 ** 24,
};
/** It waits a second by default; other contenders are told to be quick, too. */
const RECONNECT = { reconnectionDelay: 1, reconnectionDelayMax: 20, randomizationFactor: 0 };

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'many', 'thousand', 'receipts', 'reconnect'],

  async receive(plan, deliver) {
    const http = createServer({ noDelay: true });
    const server = new Server(http, SERVER_OPTIONS);
    for (let index = 0; index < plan.sockets; index++) {
      server.of(`/${index}`).on('connection', (socket) => {
        socket.on('m', (message, through) => {
          if (plan.echo) socket.emit('m', message);
          else deliver(message);
          if (through !== undefined) through();
        });
      });
    }
    return { where: { port: await listening(http) } };
  },

  async send(plan, answered, { port }) {
    const flows = Array.from({ length: pairsOf(plan) }, () => {
      const manager = new Manager(`ws://127.0.0.1:${port}`, {
        transports: ['websocket'],
        perMessageDeflate: false,
        ...RECONNECT,
      });
      return Array.from({ length: plan.sockets }, async (_, index) => {
        const socket = manager.socket(`/${index}`);
        socket.on('m', answered);
        await new Promise((resolve, reject) => {
          socket.once('connect', () => resolve(undefined));
          socket.once('connect_error', reject);
        });
        return flowOf(socket, plan);
      });
    });
    return { flows: Promise.all(flows.flat()), keeps: true };
  },
};

/**
 * @param {import('socket.io-client').Socket} socket
 * @param {import('../contender.mjs').Plan} plan
 * @returns {import('../contender.mjs').Flow}
 */
function flowOf(socket, { sizeBytes, cut }) {
  const send = (/** @type {Buffer} */ message) => {
    socket.emit('m', message);
  };
  const flow = new WindowedFlow(sizeBytes, send, (message, through) => {
    // An acknowledgement that is cut never comes; a message a millisecond needs no limit.
    if (cut) {
      send(message);
      through();
    } else socket.emit('m', message, through);
  });
  return {
    send: (message) => flow.send(message),
    writable: () => flow.writable(),
    deliver: (message) =>
      new Promise((resolve) => {
        socket.emit('m', message, () => resolve(undefined));
      }),
  };
}
