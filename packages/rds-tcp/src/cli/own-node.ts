/**
 * The node that a command opens for itself: at the address from which the peer is reached, unless
 * told otherwise, and on the TCP port that is the same on all nodes of a cluster.
 */

import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { type BufferOptions, RDS_TCP_PORT, type RdsNode } from '@rds-tcp/core';
import type { Command } from 'commander';
import { createNode } from '../index.js';
import { formatHostAndPort, resolveHost, wholeNumber } from './arguments.js';
import { CommandError, codeOf, usageError } from './exit.js';
import { canonicalAddress } from './ip-bytes.js';

/** What `addNodeOptions` adds. */
export interface OwnNodeOptions {
  /** Where the peers listen. */
  readonly tcpPort: number;
  /** Where we do; the same if it is not given. */
  readonly listen?: number;
  /** Whether `rds info`, `rds top` and `rds tap` can look into it. */
  readonly inspector?: true;
}

export function addNodeOptions(command: Command): Command {
  return command
    .option(
      '--tcp-port <N>',
      'the TCP port of the peer, and our own',
      wholeNumber('--tcp-port', 1, 65535),
      RDS_TCP_PORT,
    )
    .option(
      '--listen <N>',
      'our own TCP port, where it is another; 0: any that is free',
      wholeNumber('--listen', 0, 65535),
    )
    .option('--inspector', 'let rds info, rds top and rds tap look into our node');
}

/** Opens a node that is to talk to `peer`, an IP address. */
export async function openNodeTowards(
  peer: string,
  local: string | undefined,
  options: OwnNodeOptions,
  limits: BufferOptions & { maxMessageBytes?: number } = {},
): Promise<RdsNode> {
  const address = local === undefined ? await localAddressFor(peer) : await resolveHost(local);
  // On one address, two nodes need two TCP ports.
  const isSame = address === peer;
  return openNodeAt(
    address,
    { ...options, listen: options.listen ?? (isSame ? 0 : undefined) },
    limits,
  );
}

/** Like OwnNodeOptions, of which `openNodeTowards` has decided some. */
interface Listening {
  readonly tcpPort: number;
  readonly listen?: number | undefined;
  readonly inspector?: boolean;
}

export async function openNodeAt(
  address: string,
  { tcpPort, listen = tcpPort, inspector = false }: Listening,
  limits: BufferOptions & { maxMessageBytes?: number } = {},
): Promise<RdsNode> {
  try {
    return await createNode({ address, tcpPort: listen, inspector, ...limits });
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    const where = formatHostAndPort(address, listen);
    throw new CommandError(
      `a node of another process, or the kernel's, listens on ${where}; use another address of` +
        ' this machine, or --listen 0 if no Linux kernel is to be reached',
    );
  }
}

/** The address from which the system would send to `peer`. Nothing is sent to find out. */
export function localAddressFor(peer: string): Promise<string> {
  const socket = createSocket(isIP(peer) === 6 ? 'udp6' : 'udp4');
  return new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(RDS_TCP_PORT, peer, () => resolve(canonicalAddress(socket.address().address)));
  })
    .catch((error: unknown) => {
      throw usageError(`there is no way to ${peer} from this machine (${codeOf(error)})`);
    })
    .finally(() => socket.close());
}
