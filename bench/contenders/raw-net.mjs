// node:net and nothing else: length and body, no acknowledgement, no check. What a program in Node
// can reach with 'data' events, and what all others are measured by.

import { connect, createServer } from 'node:net';
import { pairsOf } from '../contender.mjs';
import { FrameReader } from '../framing/frame-reader.mjs';
import { COPY_LIMIT_BYTES, FrameWriter } from '../framing/frame-writer.mjs';
import { listening, opened } from '../framing/sockets.mjs';

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'many', 'thousand'],

  async receive(plan, deliver) {
    const server = createServer({ noDelay: true }, (socket) => {
      const writer = new FrameWriter(socket);
      const reader = new FrameReader(plan.echo ? (message) => answer(writer, message) : deliver);
      socket.on('data', (chunk) => reader.push(chunk));
    });
    return { where: { port: await listening(server) } };
  },

  async send(plan, answered, { port }) {
    const flows = Array.from({ length: pairsOf(plan) }, async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
      const reader = new FrameReader(answered);
      socket.on('data', (chunk) => reader.push(chunk));
      await opened(socket);
      return new FrameWriter(socket);
    });
    return { flows: Promise.all(flows), keeps: plan.sizeBytes > COPY_LIMIT_BYTES };
  },
};

/**
 * @param {FrameWriter} writer
 * @param {Uint8Array} message
 */
function answer(writer, message) {
  writer.send(/** @type {Buffer} */ (message));
}
