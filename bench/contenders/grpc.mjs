// @grpc/grpc-js: a bidirectional stream for each flow, with nothing to encode, as the bytes are the
// message. Several flows are streams of one connection. A receipt is a unary call.

import {
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { pairsOf } from '../contender.mjs';
import { WindowedFlow } from '../windowed-flow.mjs';

/** @typedef {import('@grpc/grpc-js').Duplex} Duplex */

const OPTIONS = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // What it keeps to try again it says is written, and by default that is a megabyte of messages.
  // It takes the longer for each the more there are.
  'grpc.per_rpc_retry_buffer_size': 4096,
  // Or all clients of the process would share one connection.
  'grpc.use_local_subchannel_pool': 1,
};
const same = (/** @type {Buffer} */ bytes) => bytes;
const encoding = {
  ...{ requestSerialize: same, requestDeserialize: same },
  ...{ responseSerialize: same, responseDeserialize: same },
};
const service = {
  carry: { path: '/bench/carry', requestStream: true, responseStream: true, ...encoding },
  deliver: { path: '/bench/deliver', requestStream: false, responseStream: false, ...encoding },
};
/** `write` says no after 16, which is too soon to fill the way; these are all that wait. */
const MOST_WAITING = 64;
const NOTHING = Buffer.alloc(0);

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'many', 'thousand', 'receipts'],

  async receive(plan, deliver) {
    const server = new Server(OPTIONS);
    server.addService(service, {
      carry: (/** @type {Duplex} */ call) => {
        // So that the sender knows that it is there.
        call.sendMetadata();
        call.on('data', plan.echo ? (message) => call.write(message) : deliver);
        // When the sender is ended, so is its stream, in the middle.
        call.on('error', () => {});
      },
      deliver: (
        /** @type {{ request: Buffer }} */ { request },
        /** @type {(error: null, answer: Buffer) => void} */ answer,
      ) => {
        deliver(request);
        answer(null, NOTHING);
      },
    });
    const insecure = ServerCredentials.createInsecure();
    const port = await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', insecure, (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    return { where: { port } };
  },

  async send(plan, answered, { port }) {
    const Client = makeGenericClientConstructor(service, 'bench');
    const flows = Array.from({ length: pairsOf(plan) }, () => {
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), OPTIONS);
      return Promise.all(
        Array.from({ length: plan.sockets }, async () => {
          const stream = client.carry();
          stream.on('data', answered);
          await new Promise((resolve) => stream.on('metadata', () => resolve(undefined)));
          return flowOf(stream, client, plan.sizeBytes);
        }),
      );
    });
    return { flows: Promise.all(flows).then((all) => all.flat()), keeps: true };
  },
};

/**
 * @param {Duplex} stream
 * @param {import('@grpc/grpc-js').GenericClient} client
 * @param {number} sizeBytes
 * @returns {import('../contender.mjs').Flow}
 */
function flowOf(stream, client, sizeBytes) {
  const flow = new WindowedFlow(
    sizeBytes,
    (message) => stream.write(message),
    (message, through) => stream.write(message, through),
    MOST_WAITING,
  );
  return {
    send: (message) => flow.send(message),
    writable: () => flow.writable(),
    deliver: (message) =>
      new Promise((resolve, reject) => {
        client.deliver(message, (error) => {
          if (error) reject(error);
          else resolve(undefined);
        });
      }),
  };
}
