// A process of the soak: some nodes that send to all others and receive from them, and tell the
// ledger of each message. Faults happen to it; it knows of none, but for its file descriptors.

import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadPeers } from './dead-peers.mjs';
import { NODE_TCP_PORT, RECEIVING_PORTS } from './network-plan.mjs';
import { seededRandom } from './random.mjs';
import { receiveAll } from './receiving.mjs';
import { openSoakNode } from './soak-node.mjs';
import { Traffic } from './traffic.mjs';
import { log } from './worker-log.mjs';

const MEMORY_EVERY_MS = 1000;
const DRAIN_LOOK_MS = 20;

/**
 * @typedef {object} WorkerOptions
 * @property {number} seed
 * @property {number} incarnation
 * @property {string[]} addresses of all nodes of the scenario, by their numbers
 * @property {number[]} own the numbers of those that live here
 * @property {number[]} peers that of those to send to
 * @property {number[]} dead that of those which never answer
 * @property {number} messagesPerSecond
 * @property {number} deadMessagesPerSecond
 * @property {boolean} proxied connections lead through a proxy
 *
 * @typedef {{ type: 'finish' | 'drain' | 'close' } | { type: 'exhaust', forMs: number }} Command
 */

/** @type {WorkerOptions} */
const options = JSON.parse(process.argv[2] ?? '{}');
const random = seededRandom(options.seed);

process.on('disconnect', () => process.exit());
// Ctrl-C reaches the whole process group. The parent ends us.
process.on('SIGINT', () => {});

const nodes = await Promise.all(
  options.own.map(async (number) => {
    const address = options.addresses[number] ?? '';
    const node = await openSoakNode({ address, tcpPort: NODE_TCP_PORT }, options.proxied);
    return { number, node, sockets: RECEIVING_PORTS.map((port) => node.bind(port)) };
  }),
);
for (const host of nodes) receiveAll(host, options.addresses, random);
const traffic = new Traffic(options, nodes, random);
setInterval(logMemory, MEMORY_EVERY_MS);
process.on('message', (/** @type {Command} */ command) => void obey(command));
process.send?.({ type: 'ready' });
traffic.start();
const deadPeers = new DeadPeers(nodes);
const deadAddresses = options.dead.map((number) => options.addresses[number] ?? '');
if (deadAddresses.length > 0) {
  void deadPeers.send(deadAddresses, options.deadMessagesPerSecond, random);
}

/** @param {Command} command */
async function obey(command) {
  if (command.type === 'exhaust') await exhaustDescriptors(command.forMs);
  else if (command.type === 'finish') {
    await Promise.all([traffic.finish(), deadPeers.finish()]);
  } else if (command.type === 'drain') await drained();
  else {
    const closed = await Promise.all(nodes.map(({ node }) => node.close()));
    const messages = closed.reduce((sum, unacknowledged) => sum + unacknowledged.messages, 0);
    process.send?.({ type: 'closed', messages });
    return;
  }
  process.send?.({ type: `${command.type} done` });
}

/** Whatever was queued has been read. */
async function drained() {
  const isQueued = () =>
    nodes.some(({ node }) => node.info().sockets.some(({ queuedMessages }) => queuedMessages > 0));
  while (isQueued()) await delay(DRAIN_LOOK_MS);
  // What was read last is being logged in this turn.
  await delay(DRAIN_LOOK_MS);
}

/** @param {number} forMs */
async function exhaustDescriptors(forMs) {
  /** @type {number[]} */
  const taken = [];
  const until = Date.now() + forMs;
  while (Date.now() < until) {
    // Again and again, as connections that end give theirs back.
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      await delay(1);
    }
  }
  for (const descriptor of taken) closeSync(descriptor);
}

function logMemory() {
  try {
    log({ type: 'memory', rss: process.memoryUsage.rss(), atMs: Date.now() });
  } catch (error) {
    // It is read from a file, and there may be no descriptor left for that.
    if (!(error instanceof Error) || !/EMFILE/.test(error.message)) throw error;
  }
}
