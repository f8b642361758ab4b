// A node of the library in a process of its own, to be killed and stopped: does what its parent
// asks for (own-process.mjs).

import { OwnPeer } from './own-peer.mjs';

/** @type {OwnPeer | null} */
let peer = null;
/** @type {Map<number, import('./own-socket.mjs').OwnSocket>} */
const sockets = new Map();

const methods = {
  /** @param {import('./own-peer.mjs').NodeOptions} options */
  async open(options) {
    peer = await OwnPeer.open(options);
  },
  /** @param {import('./own-peer.mjs').BindOptions} options */
  bind(options) {
    if (peer === null) throw new Error('there is no node yet');
    const socket = peer.bind(options);
    sockets.set(socket.port, socket);
    return { port: socket.port, tcpPort: socket.tcpPort };
  },
  /**
   * @param {number} port
   * @param {import('./kernel-socket.mjs').Name} to
   * @param {import('./kernel-socket.mjs').SendPlan} plan
   */
  send(port, to, plan) {
    return sockets.get(port)?.send(to, plan);
  },
  /**
   * @param {number} port
   * @param {import('./kernel-socket.mjs').ReceivePlan} plan
   */
  receive(port, plan) {
    return sockets.get(port)?.receive(plan);
  },
  events() {
    return peer?.events() ?? [];
  },
  /** @param {string} address */
  ping(address) {
    return peer?.node.ping(address);
  },
};

process.on(
  'message',
  async (/** @type {{ id: number, method: keyof typeof methods, args: any }} */ request) => {
    const method = /** @type {(...args: unknown[]) => unknown} */ (methods[request.method]);
    try {
      process.send?.({ id: request.id, result: (await method(...request.args)) ?? null });
    } catch (error) {
      process.send?.({
        id: request.id,
        error: error instanceof Error ? error.stack : String(error),
      });
    }
  },
);
process.on('disconnect', () => process.exit());
