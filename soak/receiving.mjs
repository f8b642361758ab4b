// How a worker receives: one socket by events, one by iteration, one by calls. Each message is
// logged before anything else is done; what was acknowledged to a listener's socket is therefore in
// the log, whatever happens to the process.

import { setTimeout as delay } from 'node:timers/promises';
import { decodeMessage, digestOf } from './message.mjs';
import { CALLS_PORT, flowName, ITERATOR_PORT } from './network-plan.mjs';
import { between } from './random.mjs';
import { log } from './worker-log.mjs';

/**
 * @typedef {import('./soak-node.mjs').RdsNode} RdsNode
 * @typedef {import('./soak-node.mjs').RdsSocket} RdsSocket
 * @typedef {{ number: number, node: RdsNode, sockets: RdsSocket[] }} Host
 * @typedef {(message: { data: Uint8Array, from: { address: string, port: number } }) => void} Take
 */

/** The program that iterates has now and then something else to do. */
const BREAK_SHARE = 0.01;
const BREAK_MS = 100;
/** What is received is ours: whatever we do to it may harm no other message. */
const SPOILED = 0xdd;

/**
 * @param {Host} host
 * @param {readonly string[]} addresses
 * @param {import('./random.mjs').Random} random
 */
export function receiveAll({ number: own, sockets }, addresses, random) {
  const numbers = new Map(addresses.map((address, number) => [address, number]));
  /** @type {Map<string, { incarnation: number, number: number }>} the last of each flow */
  const lasts = new Map();

  for (const socket of sockets) {
    /** @type {Take} */
    const take = ({ data, from }) => {
      const atMs = Date.now();
      const flow = flowName(numbers.get(from.address) ?? -1, from.port, own, socket.port);
      const name = decodeMessage(data) ?? after(lasts.get(flow));
      const length = data.byteLength;
      if (name === null) {
        log({ type: 'unnamed', flow, length });
        return;
      }
      const { incarnation: sender, number, atMs: sentAtMs } = name;
      lasts.set(flow, name);
      const digest = digestOf(data);
      log({ type: 'received', flow, sender, number, length, digest, sentAtMs, atMs });
      data.fill(SPOILED);
    };
    if (socket.port === ITERATOR_PORT) void iterate(socket, take, random);
    else if (socket.port === CALLS_PORT) void call(socket, take);
    else socket.on('message', take);
  }
}

/**
 * What a message without a name must be: the next. Its sender sends one only behind another that
 * was accepted.
 *
 * @param {{ incarnation: number, number: number } | undefined} last
 */
function after(last) {
  return last === undefined ? null : { ...last, number: last.number + 1, atMs: 0 };
}

/**
 * @param {RdsSocket} socket
 * @param {Take} take
 * @param {import('./random.mjs').Random} random
 */
async function iterate(socket, take, random) {
  for await (const message of socket) {
    take(message);
    if (random() < BREAK_SHARE) await delay(between(random, 1, BREAK_MS));
  }
}

/**
 * @param {RdsSocket} socket
 * @param {Take} take
 */
async function call(socket, take) {
  for (;;) {
    const first = await socket.recvmsg().catch(() => null);
    // The socket was closed.
    if (first === null) return;
    take(first);
    for (const message of socket.recvmmsg(16)) take(message);
  }
}
