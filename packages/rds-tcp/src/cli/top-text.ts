/**
 * What `rds top` prints of one moment: a line per node, and a table with a row per peer.
 */

import type { ConnectionInfo } from '@rds-tcp/core';
import type { InspectedNode } from '../inspector/protocol.js';
import { formatHostAndPort } from './arguments.js';

const HEAD = [
  'PEER',
  'KIND',
  'STATE',
  'TX/s',
  'RX/s',
  'TXB/s',
  'RXB/s',
  'SENDQ',
  'UNACK',
  'RESENT',
  'CONNECTS',
  'CONGESTED',
];

/** The words of a row; the numbers behind them stand to the right. */
const WORDS = 3;

/** `before` are the same nodes a moment ago; a node that is not among them has no rates yet. */
export function topText(before: readonly InspectedNode[], now: readonly InspectedNode[]): string {
  return now
    .map((node) =>
      nodeText(
        before.find((other) => isSame(other, node)),
        node,
      ),
    )
    .join('\n\n');
}

function isSame(a: InspectedNode, b: InspectedNode): boolean {
  return a.pid === b.pid && a.info.address === b.info.address && a.info.tcpPort === b.info.tcpPort;
}

function nodeText(
  before: InspectedNode | undefined,
  { pid, command, info }: InspectedNode,
): string {
  const congested = info.sockets.filter((socket) => socket.congested).length;
  const title = [
    `${formatHostAndPort(info.address, info.tcpPort)} (process ${pid}, ${command})`,
    `sockets: ${info.sockets.length}, congested: ${congested}`,
    `queued for reading: ${compact(info.queuedBytes)} bytes`,
  ];
  const rows = inOrder(info.connections).map((connection) => {
    const { address, tcpPort } = connection;
    const earlier = before?.info.connections.find(
      (other) => other.address === address && other.tcpPort === tcpPort,
    );
    const seconds = before === undefined ? 0 : (info.nowMs - before.info.nowMs) / 1000;
    return row(connection, earlier, seconds, tcpPort !== info.tcpPort);
  });
  return [title.join(' · '), ...table([HEAD, ...rows])].join('\n');
}

/** Those that are connected first: a long list of the dead does not push them off the screen. */
function inOrder(connections: readonly ConnectionInfo[]): ConnectionInfo[] {
  const rank = ({ state }: ConnectionInfo): number => (state === 'up' ? 0 : 1);
  return [...connections].sort((a, b) => rank(a) - rank(b));
}

/** No frame: lines are for eyes, and for awk. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, index) =>
    Math.max(...rows.map((cells) => cells[index]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return index < WORDS ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}

function row(
  now: ConnectionInfo,
  before: ConnectionInfo | undefined,
  seconds: number,
  isElsewhere: boolean,
): string[] {
  const rate = (count: (c: ConnectionInfo) => number): string =>
    before === undefined || seconds <= 0 ? '-' : compact((count(now) - count(before)) / seconds);
  return [
    isElsewhere ? formatHostAndPort(now.address, now.tcpPort) : now.address,
    now.peer,
    now.state,
    rate((c) => c.txMessages),
    rate((c) => c.rxMessages),
    rate((c) => c.txBytes),
    rate((c) => c.rxBytes),
    compact(now.sendQueueMessages),
    compact(now.retransmitQueueMessages),
    compact(now.retransmitted),
    compact(now.connects),
    String(now.congestedPorts.length),
  ];
}

/** At most five characters: 9999, 12.3k, 4.56M. */
export function compact(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  let rest = value;
  while (Math.round(rest) >= (unit === 0 ? 10_000 : 1000) && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  if (unit === 0) return String(Math.round(rest));
  return `${rest.toPrecision(3)}${units[unit]}`;
}
