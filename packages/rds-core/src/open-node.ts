/**
 * Opening a node: its options are checked, its address is listened on, and what an operating
 * system can have against that is said in a sentence.
 */

import { RdsError } from './errors.js';
import { coreOf, newNode, type RdsNode } from './node.js';
import { type NodeOptions, resolveNodeOptions } from './options.js';
import type { Runtime } from './runtime.js';

/**
 * Opens a node: listens, and is ready to bind sockets. `rds-tcp` does this on real TCP. Rejects
 * with EINVAL for bad options, and with EADDRINUSE, EADDRNOTAVAIL, EACCES or EIO if the transport
 * can not listen.
 */
export async function openNode(options: NodeOptions, runtime: Runtime): Promise<RdsNode> {
  const resolved = resolveNodeOptions(options);
  const local = { address: resolved.ip.text, tcpPort: resolved.tcpPort };
  let node: RdsNode | null = null;
  const listener = await runtime.transport
    .listen(local, (stream) => {
      if (node === null) stream.destroy();
      else coreOf(node).peers.accept(stream);
    })
    .catch((cause: unknown) => {
      throw listenError(cause, local.address, local.tcpPort);
    });
  node = newNode(resolved, runtime, listener);
  return node;
}

function listenError(cause: unknown, address: string, port: number): RdsError {
  const errno = (cause as { code?: unknown } | null)?.code;
  const details = { syscall: 'createNode', address, port, cause };
  if (errno === 'EADDRINUSE') {
    const text = `another process listens on ${address}:${port}; use another tcpPort`;
    return new RdsError('EADDRINUSE', text, details);
  }
  if (errno === 'EADDRNOTAVAIL') {
    return new RdsError('EADDRNOTAVAIL', `${address} is no address of this machine`, details);
  }
  if (errno === 'EACCES') {
    return new RdsError('EACCES', `this process may not listen on port ${port}`, details);
  }
  return new RdsError('EIO', `can not listen on ${address}:${port}: ${String(cause)}`, details);
}
