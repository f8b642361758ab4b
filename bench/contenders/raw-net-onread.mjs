// node:net with `onread`: the same program, whose receiver reads into one buffer again and again.
// Messages are then views that hold only within the call. Accepted sockets have no `onread`, so
// here it is the receiver that dials, and of a ping-pong only the receiver reads this way.

import { connect, createServer } from 'node:net';
import { pairsOf } from '../contender.mjs';
import { FrameReader } from '../framing/frame-reader.mjs';
import { COPY_LIMIT_BYTES, FrameWriter } from '../framing/frame-writer.mjs';
import { listening } from '../framing/sockets.mjs';

/** As much as libuv asks for itself. */
const READ_BYTES = 64 * 1024;

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'many', 'thousand'],
  senderListens: true,

  async receive(plan, deliver, { port }) {
    for (let pair = 0; pair < pairsOf(plan); pair++) dial(Number(port), plan.echo, deliver);
    return { where: {} };
  },

  async send(plan, answered) {
    /** @type {FrameWriter[]} */
    const writers = [];
    const { promise: flows, resolve } = withResolvers();
    const server = createServer({ noDelay: true }, (socket) => {
      const reader = new FrameReader(answered);
      socket.on('data', (chunk) => reader.push(chunk));
      writers.push(new FrameWriter(socket));
      if (writers.length === pairsOf(plan)) resolve(writers);
    });
    const where = { port: await listening(server) };
    return { where, flows, keeps: plan.sizeBytes > COPY_LIMIT_BYTES };
  },
};

/**
 * @param {number} port
 * @param {boolean} echo
 * @param {import('../contender.mjs').Deliver} deliver
 */
function dial(port, echo, deliver) {
  /** @type {FrameReader} */
  let reader;
  const socket = connect({
    ...{ host: '127.0.0.1', port, noDelay: true },
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(bytes, buffer) {
        reader.push(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
        return true;
      },
    },
  });
  const writer = new FrameWriter(socket);
  const answer = (/** @type {Uint8Array} */ message) => {
    writer.send(/** @type {Buffer} */ (message));
  };
  reader = new FrameReader(echo ? answer : deliver);
}

/** @returns {{ promise: Promise<FrameWriter[]>, resolve: (writers: FrameWriter[]) => void }} */
function withResolvers() {
  /** @type {(writers: FrameWriter[]) => void} */
  let resolve = () => {};
  const promise = new Promise((/** @type {(writers: FrameWriter[]) => void} */ done) => {
    resolve = done;
  });
  return { promise, resolve };
}
