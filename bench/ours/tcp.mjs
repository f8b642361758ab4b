// Ours over TCP, whatever the style of receiving. Each endpoint is a node with an address of its
// own, and each flow of a pair has a socket at both ends; all share one connection.

import { addressOf, pairsOf } from '../contender.mjs';
import { createNode, openNode, SystemClock, TcpTransport } from './library.mjs';
import { SocketFlow } from './socket-flow.mjs';

/** @typedef {import('../contender.mjs').Plan} Plan */
/** @typedef {import('./library.mjs').RdsNode} RdsNode */
/** @typedef {import('./library.mjs').RdsSocket} RdsSocket */
/** @typedef {import('./library.mjs').Incoming} Incoming */
/** @typedef {(socket: RdsSocket, take: (message: Incoming) => void) => void} Style */

/** Of the receiving sockets. Those that send have any. */
const FIRST_PORT = 4000;
/** New nodes at the same time: each has a listener to open. */
const AT_ONCE = 50;

/**
 * @param {Style} receiveAll gives every message of a socket to `take`
 * @returns {import('../contender.mjs').Contender}
 */
export function overTcp(receiveAll) {
  return {
    features: ['echo', 'sockets', 'many', 'thousand', 'receipts', 'reconnect'],

    async receive(plan, deliver) {
      // All at the same TCP port, as a cluster has it. The first node finds a free one.
      const first = await createNode({ address: addressOf(plan, 'receive', 0), tcpPort: 0 });
      const rest = await inTurns(plan.receivers - 1, (index) =>
        createNode({ address: addressOf(plan, 'receive', index + 1), tcpPort: first.tcpPort }),
      );
      for (const node of [first, ...rest]) bindAll(node, plan, deliver, receiveAll);
      return { where: { host: first.address, port: first.tcpPort } };
    },

    async send(plan, answered, where) {
      const nodes = await inTurns(plan.senders, (index) =>
        open(addressOf(plan, 'send', index), where),
      );
      const tcpPort = Number(where.port);
      const flows = await inTurns(pairsOf(plan), async (pair) => {
        const node = /** @type {RdsNode} */ (nodes[pair % plan.senders]);
        const address = addressOf(plan, 'receive', pair % plan.receivers);
        await node.ping({ address, tcpPort }, { timeoutMs: 30_000 });
        return Array.from({ length: plan.sockets }, (_, index) => {
          const socket = node.bind();
          receiveAll(socket, ({ data }) => answered(data));
          return new SocketFlow(socket, { address, port: FIRST_PORT + index, tcpPort });
        });
      });
      return { flows: flows.flat(), keeps: false };
    },
  };
}

/**
 * A node that is told where the receivers are. Where something stands in the way of the TCP
 * connection, it dials that, and knows its peer by its own address all the same.
 *
 * @param {string} address
 * @param {import('../contender.mjs').Where} where
 */
function open(address, { port, viaPort }) {
  if (viaPort === undefined) return createNode({ address, tcpPort: 0 });
  const transport = new DetourTransport(Number(port), Number(viaPort));
  return openNode(
    { address, tcpPort: 0 },
    {
      clock: new SystemClock(),
      transport,
      random: Math.random,
      defer: process.nextTick,
      yield: setImmediate,
      initialSequence: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
    },
  );
}

class DetourTransport extends TcpTransport {
  #port;
  #viaPort;

  /**
   * @param {number} port
   * @param {number} viaPort
   */
  constructor(port, viaPort) {
    super();
    this.#port = port;
    this.#viaPort = viaPort;
  }

  /**
   * @override
   * @param {import('../../packages/rds-tcp/dist/index.js').TcpAddress} local
   * @param {import('../../packages/rds-tcp/dist/index.js').TcpAddress} remote
   * @param {number} [lane]
   */
  connect(local, { address, tcpPort }, lane) {
    const port = tcpPort === this.#port ? this.#viaPort : tcpPort;
    return super.connect(local, { address, tcpPort: port }, lane);
  }
}

/**
 * @param {RdsNode} node
 * @param {Plan} plan
 * @param {import('../contender.mjs').Deliver} deliver
 * @param {Style} receiveAll
 */
function bindAll(node, plan, deliver, receiveAll) {
  for (let index = 0; index < plan.sockets; index++) {
    const socket = node.bind(FIRST_PORT + index);
    if (plan.echo) receiveAll(socket, ({ data, from }) => socket.trySendmsg(data, from));
    else receiveAll(socket, ({ data }) => deliver(data));
  }
}

/**
 * @template T
 * @param {number} count
 * @param {(index: number) => Promise<T>} make
 */
async function inTurns(count, make) {
  /** @type {T[]} */
  const made = [];
  while (made.length < count) {
    const first = made.length;
    const length = Math.min(AT_ONCE, count - first);
    made.push(...(await Promise.all(Array.from({ length }, (_, index) => make(first + index)))));
  }
  return made;
}
