/**
 * Which running nodes a command looks at: all of the user's that have an inspector, or the one
 * that its options name.
 */

import type { Command } from 'commander';
import { InspectorClient } from '../inspector/client.js';
import { addressName, liveSockets, type SocketName } from '../inspector/folder.js';
import { resolveHost, wholeNumber } from './arguments.js';
import { CommandError, codeOf } from './exit.js';

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

/** Connects to them; there is at least one. */
export async function connectNodes(selection: NodeSelection): Promise<InspectorClient[]> {
  if (process.platform === 'win32') throw new CommandError('there is no inspector on Windows');
  const { socket } = selection;
  if (socket !== undefined) return [await connectTo(socket)];
  const matches = await matcher(selection);
  const found = (await liveSockets()).filter(matches);
  const clients = await Promise.all(found.map(({ path }) => connectTo(path)));
  if (clients.length > 0) return clients;
  const isNarrow = selection.pid !== undefined || selection.node !== undefined;
  throw new CommandError(
    `no ${isNarrow ? 'such ' : ''}node was found; those that can be looked at are` +
      ` ${VISIBLE.join(' ')}`,
  );
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

async function connectTo(path: string): Promise<InspectorClient> {
  try {
    return await InspectorClient.connect(path);
  } catch (error) {
    throw new CommandError(`no inspector answers at ${path} (${codeOf(error)})`);
  }
}
