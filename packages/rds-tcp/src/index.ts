/**
 * rds-tcp: reliable datagrams between processes, over one TCP connection per pair of peers.
 */

import {
  type NodeOptions,
  openNode,
  RdsError,
  type RdsNode,
  type Runtime,
  type Transport,
} from '@rds-tcp/core';
import { allocate } from './allocate.js';
import { diagnostics } from './diagnostics.js';
import { SystemClock, wallClockMicroseconds } from './system-clock.js';
import { TcpTransport } from './tcp-transport.js';

export * from '@rds-tcp/core';
export type { AcceptFailedMessage, DiagnosticsMessage } from './diagnostics.js';
export { SystemClock } from './system-clock.js';
export { type TcpConnectionInfo, TcpTransport } from './tcp-transport.js';

/** What a node on TCP is opened with. */
export interface TcpNodeOptions extends NodeOptions {
  /**
   * Lets tools of the same user look into the node (`rds info`, `rds top`, `rds tap`) over a UNIX
   * socket: at this path, or `true` for a name in the user's own folder, where they find it. It is
   * never on the network. Default false.
   */
  readonly inspector?: boolean | string | undefined;
}

/**
 * Opens a node at `options.address`: it listens there on TCP port 16385, and is ready to bind
 * sockets. Rejects with EINVAL, EADDRINUSE, EADDRNOTAVAIL, EACCES, EIO; EOPNOTSUPP for an inspector
 * on Windows.
 */
export async function createNode(options: TcpNodeOptions): Promise<RdsNode> {
  const { inspector = false } = options ?? {};
  if (inspector === false) return openNode(options, systemRuntime(new TcpTransport()));
  if (inspector !== true && (typeof inspector !== 'string' || inspector === '')) {
    const text = `inspector is ${String(inspector)}, not true, false or the path of a socket`;
    throw new RdsError('EINVAL', text, { syscall: 'createNode' });
  }
  return openInspected(options, inspector);
}

/** The inspector closes with the node's listener, which is the last that a node closes. */
async function openInspected(options: NodeOptions, where: true | string): Promise<RdsNode> {
  const tcp = new TcpTransport();
  let close = async (): Promise<void> => {};
  const transport: Transport = {
    connect: (...args) => tcp.connect(...args),
    listen: async (local, onStream) => {
      const listener = await tcp.listen(local, onStream);
      const closeBoth = async () => void (await Promise.all([listener.close(), close()]));
      return { tcpPort: listener.tcpPort, close: closeBoth };
    },
  };
  const node = await openNode(options, systemRuntime(transport));
  try {
    const { Inspector } = await import('./inspector/inspector.js');
    const opened = await Inspector.open(node, tcp, where);
    close = () => opened.close();
    return node;
  } catch (error) {
    await node.destroy();
    throw error;
  }
}

function systemRuntime(transport: Transport): Runtime {
  return {
    clock: new SystemClock(),
    transport,
    random: Math.random,
    defer: process.nextTick,
    yield: setImmediate,
    initialSequence: wallClockMicroseconds,
    allocate,
    watcher: diagnostics,
  };
}
