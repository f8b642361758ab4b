// Many sockets that each send one message to every socket of every other process.

import { createNode } from 'rds-tcp';
import { hear, options, tell } from './parent.mjs';

const FIRST_PORT = 4000;

const node = await createNode({ ...options.node, reconnect: 'kernel' });
/** @type {string[]} */
const events = [];
node.on('connection', ({ type }) => events.push(type));
let received = 0;
const sockets = Array.from({ length: options.sockets }, (_, n) => node.bind(FIRST_PORT + n));
for (const socket of sockets) socket.on('message', () => received++);
tell('ready', { tcpPort: node.tcpPort });

const { peers } = await hear();
const sent = [];
for (const socket of sockets) {
  for (const address of peers) {
    for (const { port } of sockets) {
      sent.push(socket.sendmsg('from all to all', { address, port }, { until: 'delivered' }));
    }
  }
}
await Promise.all(sent);
tell('delivered', { count: sent.length });

await hear();
tell('result', { received, events, connections: node.info().connections });

await hear();
tell('closed', await node.close());
process.disconnect();
