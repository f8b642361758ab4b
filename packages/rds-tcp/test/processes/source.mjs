// Sends numbered messages to several sinks, as fast as each takes them, and shows its own memory.

import { createNode } from 'rds-tcp';
import { hear, options, tell } from './parent.mjs';

const node = await createNode(options.node);
/** @type {object[]} */
const events = [];
node.on('connection', (event) => events.push({ ...event, error: undefined }));
tell('ready', { tcpPort: node.tcpPort });

const { peers } = await hear();
let isOver = false;
/** @type {Record<string, number>} */
const accepted = {};
const loops = peers.map(send);

for (let message = await hear(); message.type === 'ask'; message = await hear()) {
  const { arrayBuffers, rss } = process.memoryUsage();
  const { connections, counters } = node.info();
  tell('status', { accepted, events, connections, counters, arrayBuffers, rss });
}
isOver = true;
await Promise.all(loops);
tell('flushed', { accepted });

await hear();
tell('closed', await node.close());
process.disconnect();

/** @param {string} address */
async function send(address) {
  const socket = node.bind();
  const payload = new Uint8Array(options.messageBytes);
  const view = new DataView(payload.buffer);
  accepted[address] = 0;
  while (!isOver) {
    view.setUint32(0, accepted[address]);
    await socket.sendmsg(payload, { address, port: 5000 });
    accepted[address]++;
    // A promise that is resolved already would let nothing else have its turn.
    if (accepted[address] % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await socket.flush();
}
