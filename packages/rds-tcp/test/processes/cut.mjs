// One of two processes that send to each other over connections that are cut all the time. Both
// know from the seed what each message has to be.

import { openNode, SystemClock } from 'rds-tcp';
import { CuttingTransport } from './cutting-transport.mjs';
import { hear, options, tell } from './parent.mjs';
import { seededRandom } from './random.mjs';

const MAX_BYTES = 256 * 1024;
/** Receipts that are waited for at the same time. */
const CONCURRENCY = 100;

const { seed, side, messages, cuts } = options;
const pool = randomBytes(seededRandom(seed), 2 * MAX_BYTES);
const outgoing = plan(seed + side);
const incoming = plan(seed + 1 - side);

const transport = new CuttingTransport(cutOffsets());
const node = await openNode(
  { ...options.node, reconnect: 'kernel' },
  {
    clock: new SystemClock(),
    transport,
    random: seededRandom(seed + 100 + side),
    defer: process.nextTick,
    yield: setImmediate,
    initialSequence: () => Date.now() * 1000,
  },
);
/** @type {Record<string, number>} */
const reasons = {};
node.on('connection', (event) => {
  if (event.type === 'down') reasons[event.reason] = (reasons[event.reason] ?? 0) + 1;
});
let received = 0;
let wrong = 0;
const socket = node.bind(4000);
socket.on('message', ({ data }) => {
  const expected = incoming[received++];
  if (expected === undefined || Buffer.compare(bytesOf(expected), data) !== 0) wrong++;
});
tell('ready', { tcpPort: node.tcpPort });

const { peer } = await hear();
let next = 0;
let delivered = 0;
/** @type {string[]} */
const errors = [];
await Promise.all(Array.from({ length: CONCURRENCY }, sendInTurn));
tell('delivered', { delivered, errors });

await hear();
const { counters } = node.info();
tell('result', { received, wrong, cuts: transport.cuts, reasons, counters });

await hear();
tell('closed', await node.close());
process.disconnect();

async function sendInTurn() {
  while (next < outgoing.length) {
    const message = outgoing[next++];
    if (message === undefined) return;
    try {
      await socket.sendmsg(bytesOf(message), { address: peer, port: 4000 }, { until: 'delivered' });
      delivered++;
    } catch (error) {
      errors.push(String(error));
    }
  }
}

/**
 * Where in the pool each message lies. Half of them are small.
 *
 * @param {number} planSeed
 */
function plan(planSeed) {
  const random = seededRandom(planSeed * 7919);
  return Array.from({ length: messages }, () => {
    const limit = random() < 0.5 ? 1024 : MAX_BYTES;
    const length = Math.floor(random() * (limit + 1));
    return { start: Math.floor(random() * MAX_BYTES), length };
  });
}

/** @param {{ start: number, length: number }} message */
function bytesOf({ start, length }) {
  return pool.subarray(start, start + length);
}

/** Every byte of both directions passes here at least once, so each of these is reached. */
function cutOffsets() {
  const random = seededRandom(seed + 200 + side);
  const total = [...outgoing, ...incoming].reduce((sum, { length }) => sum + length, 0);
  const offsets = Array.from({ length: cuts }, () => Math.floor(random() * total));
  return offsets.sort((one, other) => one - other);
}

/**
 * @param {() => number} random
 * @param {number} length
 */
function randomBytes(random, length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at);
  return bytes;
}
