// Ours between sockets of one node: no TCP, and both sides are one process.

import { addressOf } from '../contender.mjs';
import { createNode } from '../ours/library.mjs';
import { SocketFlow } from '../ours/socket-flow.mjs';

const FIRST_PORT = 4000;

/** @type {import('../ours/library.mjs').RdsNode | undefined} */
let node;

/** @type {import('../contender.mjs').Contender} */
export const contender = {
  features: ['echo', 'sockets', 'receipts'],
  inProcess: true,

  async receive(plan, deliver) {
    const own = await createNode({ address: addressOf(plan, 'receive', 0), tcpPort: 0 });
    node = own;
    for (let index = 0; index < plan.sockets; index++) {
      const socket = own.bind(FIRST_PORT + index);
      if (plan.echo) socket.on('message', ({ data, from }) => socket.trySendmsg(data, from));
      else socket.on('message', ({ data }) => deliver(data));
    }
    return { where: { host: own.address } };
  },

  async send(plan, answered, { host }) {
    const flows = Array.from({ length: plan.sockets }, (_, index) => {
      const socket = /** @type {import('../ours/library.mjs').RdsNode} */ (node).bind();
      socket.on('message', ({ data }) => answered(data));
      return new SocketFlow(socket, { address: String(host), port: FIRST_PORT + index });
    });
    return { flows, keeps: false };
  },
};
