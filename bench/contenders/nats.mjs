// Core NATS through its server, which the receiving process starts, and whose CPU time counts. The
// server drops who is too slow, so the receiver answers now and then, and the sender waits for it.

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connect } from '@nats-io/transport-node';
import { pairsOf } from '../contender.mjs';
import { WindowedFlow } from '../windowed-flow.mjs';

/** @typedef {import('@nats-io/transport-node').NatsConnection} NatsConnection */

const SERVER = 'nats-server';
/** It waits two seconds by default; other contenders are told to be quick, too. */
const RECONNECT = { maxReconnectAttempts: -1, reconnectTimeWait: 1, reconnectJitter: 0 };
/** A stack trace for each request costs more than the request. */
const NO_TRACES = { noAsyncTraces: true };

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'many', 'thousand', 'receipts', 'reconnect'],

  missing() {
    if (spawnSync(SERVER, ['--version']).error === undefined) return null;
    return "the program nats-server is not installed; it is Debian's package nats-server";
  },

  async receive(plan, deliver) {
    const { port, pid } = await startServer();
    // One subject for each socket of each pair; each pair has a connection of its own.
    for (let pair = 0; pair < pairsOf(plan); pair++) {
      const connection = await open(port);
      for (let socket = 0; socket < plan.sockets; socket++) {
        connection.subscribe(subjectOf(pair, socket), {
          callback: (_, message) => {
            if (!plan.echo) deliver(message.data);
            if (message.reply) message.respond(plan.echo ? message.data : undefined);
          },
        });
      }
      await connection.flush();
    }
    return { where: { port }, helpers: [pid] };
  },

  async send(plan, answered, { port }) {
    /** @type {import('../contender.mjs').Flow[]} */
    const flows = [];
    for (let pair = 0; pair < pairsOf(plan); pair++) {
      const connection = await open(Number(port));
      const inbox = `answers.${pair}`;
      connection.subscribe(inbox, { callback: (_, { data }) => answered(data) });
      for (let socket = 0; socket < plan.sockets; socket++) {
        flows.push(
          flowOf(connection, plan, subjectOf(pair, socket), plan.echo ? inbox : undefined),
        );
      }
    }
    return { flows, keeps: true };
  },
};

/** @param {number} port */
function open(port) {
  return connect({ servers: `127.0.0.1:${port}`, ...RECONNECT, ...NO_TRACES });
}

/**
 * @param {number} pair
 * @param {number} socket
 */
function subjectOf(pair, socket) {
  return `messages.${pair}.${socket}`;
}

/**
 * @param {NatsConnection} connection
 * @param {import('../contender.mjs').Plan} plan
 * @param {string} subject
 * @param {string | undefined} reply
 * @returns {import('../contender.mjs').Flow}
 */
function flowOf(connection, plan, subject, reply) {
  const publish = (/** @type {Buffer} */ message) => {
    connection.publish(subject, message, reply === undefined ? undefined : { reply });
  };
  // What waits for an answer would wait for ever if the answer is cut; a message a millisecond
  // needs no limit.
  const needsNone = plan.cut || plan.echo;
  const flow = new WindowedFlow(plan.sizeBytes, publish, (message, through) => {
    if (needsNone) {
      publish(message);
      through();
    } else connection.request(subject, message, { timeout: 30_000 }).then(through);
  });
  return {
    send: (message) => flow.send(message),
    writable: () => flow.writable(),
    deliver: (message) => connection.request(subject, message, { timeout: 30_000 }),
  };
}

/** @returns {Promise<{ port: number, pid: number }>} */
function startServer() {
  const child = spawn(SERVER, ['--addr', '127.0.0.1', '--port', '-1'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`nats-server ended with code ${code}`)));
    let port = 0;
    createInterface({ input: child.stderr }).on('line', (line) => {
      port = Number(/client connections on [\d.]+:(\d+)/.exec(line)?.[1] ?? port);
      if (line.includes('Server is ready')) resolve({ port, pid: child.pid ?? 0 });
    });
  });
}
