/**
 * What `rds info` prints: the sections and columns of rds-info, so that scripts that read the one
 * read the other; and the same as JSON.
 */

import { type ConnectionInfo, RDS_TCP_PORT, type SocketInfo } from '@rds-tcp/core';
import type { MessageList } from '@rds-tcp/core/inspect';
import type { InspectedNode } from '../inspector/protocol.js';
import type { TcpConnectionInfo } from '../tcp-transport.js';
import { formatHostAndPort } from './arguments.js';

export type SectionName = 'T' | 'c' | 'k' | 'n' | 'r' | 's' | 't';

/** In the order in which rds-info prints them. */
export const SECTIONS: readonly { readonly letter: SectionName; readonly what: string }[] = [
  { letter: 'T', what: 'TCP connections' },
  { letter: 'c', what: 'counters' },
  { letter: 'k', what: 'sockets' },
  { letter: 'n', what: 'connections' },
  { letter: 'r', what: 'messages received and not yet read' },
  { letter: 's', what: 'messages accepted and not yet sent' },
  { letter: 't', what: 'messages sent and not yet acknowledged' },
];

export interface NodeView {
  readonly node: InspectedNode;
  /** Null if they were not asked for. */
  readonly queues: { readonly [K in 'r' | 's' | 't']: MessageList | null };
}

type Cell = string | number;
type Columns = readonly (readonly [name: string, width: number])[];

export function viewAsText(
  views: readonly NodeView[],
  letters: ReadonlySet<SectionName>,
  verbose: boolean,
): string {
  const isOne = views.length === 1;
  return views
    .map((view) => (isOne ? '' : title(view)) + nodeText(view, letters, verbose))
    .join('');
}

function title({ node: { pid, command, info } }: NodeView): string {
  return `\n=== ${formatHostAndPort(info.address, info.tcpPort)}, process ${pid} (${command})\n`;
}

function nodeText(
  { node, queues }: NodeView,
  letters: ReadonlySet<SectionName>,
  verbose: boolean,
): string {
  const width = node.info.address.includes(':') ? 39 : 15;
  const texts: Record<SectionName, () => string> = {
    T: () => tcpText(node.tcp, width),
    c: () => counterText(node.info.counters),
    k: () => socketText(node, width, verbose),
    n: () => connectionText(node, width, verbose),
    r: () => queueText('Receive', node, queues.r, width),
    s: () => queueText('Send', node, queues.s, width),
    t: () => queueText('Retransmit', node, queues.t, width),
  };
  const chosen = SECTIONS.filter(({ letter }) => letters.has(letter));
  return chosen.map(({ letter }) => texts[letter]()).join('');
}

function tcpText(connections: readonly TcpConnectionInfo[], width: number): string {
  const columns: Columns = [
    ['LocalAddr', width],
    ['LPort', 5],
    ['RemoteAddr', width],
    ['RPort', 5],
    ['HdrRemain', 10],
    ['DataRemain', 10],
    ['SentNxt', 10],
    ['ExpectUna', 10],
    ['SeenUna', 10],
  ];
  // What a kernel knows of its TCP and we do not is a dash. Bytes are counted from the first.
  const rows = connections.map((c) => [
    c.localAddress,
    c.localPort,
    c.remoteAddress,
    c.remotePort,
    '-',
    '-',
    c.bytesWritten,
    '-',
    '-',
  ]);
  return table('TCP Connections', columns, rows);
}

function counterText(counters: Readonly<Record<string, number>>): string {
  const columns: Columns = [
    ['CounterName', 32],
    ['Value', 16],
  ];
  return table('Counters', columns, Object.entries(counters));
}

function socketText(
  { info, pid, command }: InspectedNode,
  width: number,
  verbose: boolean,
): string {
  const columns: Columns = [
    ['BoundAddr', width],
    ['BPort', 5],
    ['ConnAddr', width],
    ['CPort', 5],
    ['SndBuf', 10],
    ['RcvBuf', 10],
    ['Inode', 8],
    ['Cong', 8],
    ['Pid', 10],
    ['Comm', 16],
  ];
  const row = (s: SocketInfo): Cell[] => [
    s.address,
    s.port,
    s.destination?.address ?? (width > 15 ? '::' : '0.0.0.0'),
    s.destination?.port ?? 0,
    s.sendBufferBytes,
    s.receiveBufferBytes,
    0,
    s.congested ? 1 : 0,
    pid,
    command,
  ];
  const more = ({ queuedMessages, queuedBytes, tos }: SocketInfo): string =>
    `queued=${queuedMessages} bytes=${queuedBytes} tos=${tos}`;
  const details = verbose ? info.sockets.map(more) : [];
  return table('RDS Sockets', columns, info.sockets.map(row), details);
}

function connectionText({ info }: InspectedNode, width: number, verbose: boolean): string {
  const remotes = info.connections.map(remoteOf);
  const columns: Columns = [
    ['LocalAddr', width],
    ['RemoteAddr', Math.max(width, ...remotes.map((remote) => remote.length))],
    ['Tos', 4],
    ['NextTX', 16],
    ['NextRX', 16],
    ['Flgs', 4],
  ];
  const row = (c: ConnectionInfo): Cell[] => [
    info.address,
    remoteOf(c),
    0,
    c.nextTxSequence,
    c.nextRxSequence,
    flagsOf(c),
  ];
  const details = verbose ? info.connections.map((c) => connectionDetails(c, info.nowMs)) : [];
  return table('RDS Connections', columns, info.connections.map(row), details);
}

/** Several nodes can share an address; a kernel has no other TCP port than this one. */
function remoteOf({ address, tcpPort }: ConnectionInfo): string {
  return tcpPort === RDS_TCP_PORT ? address : formatHostAndPort(address, tcpPort);
}

/** s: sending, c: connecting, C: connected, E: in error, which is not known here. */
function flagsOf({ state, sendQueueMessages, retransmitQueueMessages }: ConnectionInfo): string {
  const isUp = state === 'up';
  const isComing = state === 'connecting' || state === 'knocking' || state === 'greeting';
  const isSending = isUp && sendQueueMessages + retransmitQueueMessages > 0;
  return `${isSending ? 's' : '-'}${isComing ? 'c' : '-'}${isUp ? 'C' : '-'}-`;
}

function connectionDetails(c: ConnectionInfo, nowMs: number): string {
  const ago = (atMs: number | null): string =>
    atMs === null ? 'never' : `${((nowMs - atMs) / 1000).toFixed(1)}s ago`;
  const parts: [string, Cell][] = [
    ['tcpPort', c.tcpPort],
    ['peer', c.peer],
    ['state', c.state],
    ['sendQueue', c.sendQueueMessages],
    ['unacknowledged', `${c.retransmitQueueMessages} (${c.retransmitQueueBytes} bytes)`],
    ['tx', `${c.txMessages} (${c.txBytes} bytes)`],
    ['rx', `${c.rxMessages} (${c.rxBytes} bytes)`],
    ['retransmitted', c.retransmitted],
    ['connects', c.connects],
    ['attempts', c.attempts],
    ['connected', ago(c.connectAtMs)],
    ['lost', ago(c.resetAtMs)],
    ['reason', c.lastCloseReason ?? 'none'],
    ['congested', c.congestedPorts.join(',') || 'none'],
  ];
  return parts.map(([name, value]) => `${name}=${value}`).join(', ');
}

function queueText(
  name: string,
  { info }: InspectedNode,
  list: MessageList | null,
  width: number,
): string {
  const columns: Columns = [
    ['LocalAddr', width],
    ['LPort', 5],
    ['RemoteAddr', width],
    ['RPort', 5],
    ['Tos', 4],
    ['Seq', 16],
    ['Bytes', 10],
  ];
  const { messages, total } = list ?? { messages: [], total: 0 };
  const rows = messages.map((m) => [
    info.address,
    m.localPort,
    m.remoteAddress,
    m.remotePort,
    0,
    m.sequence,
    m.bytes,
  ]);
  const more = total - messages.length;
  return table(`${name} Message Queue`, columns, rows) + (more > 0 ? `(and ${more} more)\n` : '');
}

/** As rds-info prints: an empty line, the heading, the columns, and each value to the right. */
function table(
  heading: string,
  columns: Columns,
  rows: readonly (readonly Cell[])[],
  details: readonly string[] = [],
): string {
  const line = (cells: readonly Cell[]): string =>
    `${cells.map((cell, index) => String(cell).padStart(columns[index]?.[1] ?? 0)).join(' ')}\n`;
  const body = rows.map((row, index) => {
    const detail = details[index];
    return line(row) + (detail === undefined ? '' : `    ${detail}\n`);
  });
  return `\n${heading}:\n${line(columns.map(([name]) => name))}${body.join('')}`;
}

export function viewAsJson(views: readonly NodeView[], letters: ReadonlySet<SectionName>): string {
  const items = views.map(({ node: { pid, command, info, tcp }, queues }) => {
    const { address, tcpPort, sockets, connections, counters, queuedBytes, nowMs } = info;
    const parts: Record<SectionName, object> = {
      T: { tcpConnections: tcp },
      c: { counters },
      k: { sockets, queuedBytes },
      n: { connections, nowMs },
      r: { receiveQueue: queues.r },
      s: { sendQueue: queues.s },
      t: { retransmitQueue: queues.t },
    };
    const chosen = SECTIONS.filter(({ letter }) => letters.has(letter));
    const content = Object.assign({}, ...chosen.map(({ letter }) => parts[letter]));
    return { address, tcpPort, pid, command, ...content };
  });
  return `${JSON.stringify(items, null, 2)}\n`;
}
