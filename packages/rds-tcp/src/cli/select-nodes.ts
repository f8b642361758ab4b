/**
 * Which running nodes a command looks at: all of the user's that have an inspector, or the one
 * that its options name.
 */

import type { Command } from 'commander';
import { InspectorClient } from '../inspector/client.js';
import { addressName, liveSockets, type SocketName } from '../inspector/folder.js';
import type { InspectedNode } from '../inspector/protocol.js';
import { formatHostAndPort, resolveHost, wholeNumber } from './arguments.js';
import { CommandError, describeError, reportError, usageError } from './exit.js';

export interface NodeSelection {
  readonly pid?: number;
  /** The address of the node, perhaps with `:TCPPORT` or in brackets. */
  readonly node?: string;
  readonly socket?: string;
}

/** In lines of a help text. */
const VISIBLE = [
  "this user's, opened with createNode({ …, inspector: true }),",
  'or with --inspector by rds recv, send, ping or stress',
];

export function addNodeSelection(command: Command): Command {
  return command
    .addHelpText('after', `\nNodes that can be looked at:\n  ${VISIBLE.join('\n  ')}`)
    .option('--pid <PID>', 'only nodes of this process', wholeNumber('--pid', 1, 2 ** 31))
    .option('--node <ADDRESS>', 'only the node with this address, or ADDRESS:TCPPORT')
    .option('--socket <PATH>', 'the node whose inspector listens at this path');
}

/** A node that a command looks into. */
export interface LookedAt {
  /** What errors call it. */
  readonly name: string;
  readonly client: InspectorClient;
  /** What it said first. */
  readonly node: InspectedNode;
}

export interface LookedInto {
  /** At least one. */
  readonly nodes: readonly LookedAt[];
  /** Whether all answered. */
  readonly isComplete: boolean;
}

/**
 * Asks each of them who it is. Those that do not answer are named on stderr, because a process
 * that stands still must not hide the others; if none does, this rejects.
 */
export async function lookInto(command: string, selection: NodeSelection): Promise<LookedInto> {
  const places = await placesOf(selection);
  const results = await Promise.allSettled(places.map(lookAt));
  const nodes = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  const last = nodes.length === 0 ? failures.pop() : undefined;
  for (const failure of failures) reportError(command, failure);
  if (last !== undefined) throw last;
  return { nodes, isComplete: failures.length === 0 };
}

/** An error of a node, which then says of which. */
export function unanswered(name: string, error: unknown): CommandError {
  return new CommandError(`${name} does not answer: ${describeError(error)}`);
}

interface Place {
  readonly name: string;
  readonly path: string;
}

async function placesOf(selection: NodeSelection): Promise<Place[]> {
  if (process.platform === 'win32') throw new CommandError('there is no inspector on Windows');
  const { socket: path } = selection;
  if (path === '') throw usageError("--socket is '', not a path");
  if (path !== undefined) return [{ name: `the node at ${path}`, path }];
  const matches = await matcher(selection);
  const found = (await liveSockets()).filter(matches);
  if (found.length > 0) return found.map(({ path, ...name }) => ({ name: nameOf(name), path }));
  const isNarrow = selection.pid !== undefined || selection.node !== undefined;
  throw new CommandError(
    `no ${isNarrow ? 'such ' : ''}node was found; those that can be looked at are` +
      ` ${VISIBLE.join(' ')}`,
  );
}

function nameOf({ addressName, tcpPort, pid }: Omit<SocketName, 'path'>): string {
  return `the node ${formatHostAndPort(addressName, tcpPort)} of process ${pid}`;
}

async function lookAt({ name, path }: Place): Promise<LookedAt> {
  let client: InspectorClient | undefined;
  try {
    client = await InspectorClient.connect(path);
    return { name, client, node: await client.node() };
  } catch (error) {
    client?.close();
    throw unanswered(name, error);
  }
}

async function matcher({ pid, node }: NodeSelection): Promise<(name: SocketName) => boolean> {
  const wanted = node === undefined ? null : await nodeName(node);
  return (name) =>
    (pid === undefined || name.pid === pid) &&
    (wanted === null || name.addressName === addressName(wanted.address)) &&
    (wanted?.tcpPort === undefined || name.tcpPort === wanted.tcpPort);
}

async function nodeName(text: string): Promise<{ address: string; tcpPort?: number }> {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const address = await resolveHost(bracketed ?? plain ?? text.replace(/^\[(.*)\]$/, '$1'));
  if (port === undefined) return { address };
  return { address, tcpPort: wholeNumber('the TCP port', 1, 65535)(port) };
}
