// A node of the soak, on the built library. Where a proxy cuts the connections, it is a node with
// another transport: who dials a peer gets, without knowing, the proxy that leads there. Nothing
// else can stand between two nodes, as a peer is known by the address that it dials from.

import { createNode, openNode, SystemClock, TcpTransport } from '../packages/rds-tcp/dist/index.js';
import { NODE_TCP_PORT, PROXY_TCP_PORT } from './network-plan.mjs';

/** @typedef {import('../packages/rds-tcp/dist/index.js').RdsNode} RdsNode */
/** @typedef {import('../packages/rds-tcp/dist/index.js').RdsSocket} RdsSocket */

/** Small, so that full buffers and congestion are an everyday thing; and impatient. */
const OPTIONS = {
  sendBufferBytes: 512 * 1024,
  receiveBufferBytes: 256 * 1024,
  reconnect: 'kernel',
  livenessMs: 2000,
  connectTimeoutMs: 2000,
  handshakeTimeoutMs: 2000,
};

/**
 * @param {{ address: string, tcpPort: number }} name
 * @param {boolean} proxied
 * @returns {Promise<RdsNode>}
 */
export function openSoakNode(name, proxied) {
  /** @type {import('../packages/rds-tcp/dist/index.js').NodeOptions} */
  const options = { ...OPTIONS, reconnect: 'kernel', ...name };
  if (!proxied) return createNode(options);
  return openNode(options, {
    clock: new SystemClock(),
    transport: new ProxiedTransport(),
    random: Math.random,
    defer: process.nextTick,
    yield: setImmediate,
    initialSequence: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  });
}

class ProxiedTransport extends TcpTransport {
  /**
   * @override
   * @param {import('../packages/rds-tcp/dist/index.js').TcpAddress} local
   * @param {import('../packages/rds-tcp/dist/index.js').TcpAddress} remote
   */
  connect(local, { address, tcpPort }) {
    // At the usual port nobody is. A node tries it if a knock breaks before its first byte.
    const isNode = tcpPort === NODE_TCP_PORT;
    return super.connect(local, { address, tcpPort: isNode ? PROXY_TCP_PORT : tcpPort });
  }
}
