/**
 * rds-tcp: reliable datagrams between processes, over one TCP connection per pair of peers.
 */

import { type NodeOptions, openNode, type RdsNode, type Runtime } from '@rds-tcp/core';
import { SystemClock, wallClockMicroseconds } from './system-clock.js';
import { TcpTransport } from './tcp-transport.js';

export * from '@rds-tcp/core';
export { SystemClock } from './system-clock.js';
export { TcpTransport } from './tcp-transport.js';

/**
 * Opens a node at `options.address`: it listens there on TCP port 16385, and is ready to bind
 * sockets. Rejects with EINVAL, EADDRINUSE, EADDRNOTAVAIL, EACCES.
 */
export function createNode(options: NodeOptions): Promise<RdsNode> {
  return openNode(options, systemRuntime());
}

function systemRuntime(): Runtime {
  return {
    clock: new SystemClock(),
    transport: new TcpTransport(),
    random: Math.random,
    defer: process.nextTick,
    yield: setImmediate,
    initialSequence: wallClockMicroseconds,
  };
}
