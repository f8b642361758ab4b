// RSocket over TCP: the receiver dials and asks for a stream for each flow, and the sender sends as
// much as it is asked for. Answers and receipts are requests the other way. Several flows are
// streams of one connection.

import { createServer } from 'node:net';
import { BufferEncoders, RSocketClient, RSocketServer } from 'rsocket-core';
import { Flowable, Single } from 'rsocket-flowable';
import tcpClient from 'rsocket-tcp-client';
import tcpServer from 'rsocket-tcp-server';
import { pairsOf } from '../contender.mjs';

/** @typedef {import('rsocket-core').Requests} Requests */
/** @typedef {import('rsocket-core').Payload} Payload */

const SETUP = {
  ...{ dataMimeType: 'application/octet-stream', metadataMimeType: 'application/octet-stream' },
  ...{ keepAlive: 60_000, lifetime: 180_000 },
};
const CREDIT_BYTES = 2 ** 20;
const NOTHING = Buffer.alloc(0);

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'many', 'thousand', 'receipts'],
  senderListens: true,

  async receive(plan, deliver, { port }) {
    /** @type {import('rsocket-core').Responder} */
    const responder = {
      requestResponse: ({ data }) => {
        if (!plan.echo) deliver(data);
        return Single.of({ data: plan.echo ? data : NOTHING });
      },
    };
    for (let pair = 0; pair < pairsOf(plan); pair++) {
      const options = { host: '127.0.0.1', port: Number(port), noDelay: true };
      const transport = new tcpClient.default(options, BufferEncoders);
      const client = new RSocketClient({ setup: SETUP, transport, responder });
      const requests = await new Promise((resolve, reject) => {
        client.connect().subscribe({ onComplete: resolve, onError: reject });
      });
      for (let socket = 0; socket < plan.sockets; socket++) ask(requests, plan, deliver);
    }
    return { where: {} };
  },

  async send(plan, answered) {
    /** @type {StreamFlow[]} */
    const streams = [];
    const wanted = pairsOf(plan) * plan.sockets;
    /** @type {(flows: readonly StreamFlow[]) => void} */
    let allThere = () => {};
    const flows = new Promise((/** @type {typeof allThere} */ resolve) => {
      allThere = resolve;
    });
    const port = await serve((requests) => ({
      requestStream: () => {
        const stream = new StreamFlow(requests, plan.echo ? answered : null);
        if (streams.push(stream) === wanted) setImmediate(() => allThere(streams));
        return stream.flowable;
      },
    }));
    return { where: { port }, flows, keeps: true };
  },
};

/**
 * @param {(requests: Requests) => import('rsocket-core').Responder} respond
 * @returns {Promise<number>} the port
 */
function serve(respond) {
  return new Promise((resolve) => {
    const place = { host: '127.0.0.1', port: 0 };
    /** @param {(socket: import('node:net').Socket) => void} onConnect */
    const serverFactory = (onConnect) => {
      const server = createServer({ noDelay: true }, onConnect);
      server.on('listening', () => {
        resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
      });
      return server;
    };
    const transport = new tcpServer.default({ ...place, serverFactory }, BufferEncoders);
    new RSocketServer({ getRequestHandler: respond, transport }).start();
  });
}

/**
 * Asks for a stream, and for more of it whenever half of what was asked for is there.
 *
 * @param {Requests} requests
 * @param {import('../contender.mjs').Plan} plan
 * @param {import('../contender.mjs').Deliver} deliver
 */
function ask(requests, { sizeBytes }, deliver) {
  const half = Math.ceil(CREDIT_BYTES / sizeBytes / 2);
  let taken = 0;
  /** @type {(count: number) => void} */
  let request = () => {};
  requests.requestStream({ data: NOTHING }).subscribe({
    onSubscribe(subscription) {
      request = (count) => subscription.request(count);
      request(2 * half);
    },
    onNext({ data }) {
      deliver(data);
      taken++;
      if (taken < half) return;
      taken = 0;
      request(half);
    },
    onError(error) {
      throw error;
    },
  });
}

class StreamFlow {
  #requests;
  #answered;
  #credit = 0;
  /** @type {(payload: Payload) => void} */
  #next = () => {};
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {Requests} requests
   * @param {import('../contender.mjs').Deliver | null} answered
   */
  constructor(requests, answered) {
    this.#requests = requests;
    this.#answered = answered;
  }

  get flowable() {
    return new Flowable((subscriber) => {
      this.#next = (payload) => subscriber.onNext(payload);
      subscriber.onSubscribe({
        cancel() {},
        request: (count) => {
          this.#credit += count;
          this.#wake?.();
          this.#wake = null;
        },
      });
    });
  }

  /** @type {import('../contender.mjs').Flow['send']} */
  send(message) {
    if (this.#answered !== null) {
      this.#request(message).then(this.#answered);
      return true;
    }
    this.#credit--;
    this.#next({ data: message });
    return this.#credit > 0;
  }

  /** @returns {Promise<void>} */
  writable() {
    if (this.#credit > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** @param {Buffer} message */
  deliver(message) {
    return this.#request(message);
  }

  /**
   * @param {Buffer} message
   * @returns {Promise<Buffer>}
   */
  #request(message) {
    return new Promise((resolve, reject) => {
      this.#requests.requestResponse({ data: message }).subscribe({
        onComplete: ({ data }) => resolve(data),
        onError: reject,
      });
    });
  }
}
