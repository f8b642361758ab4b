/**
 * Metrics: what a snapshot of a node says, as numbers with a name, a unit and labels. Prometheus
 * and OpenTelemetry have different names for them, and make these of the same list.
 */

import type { ConnectionInfo, NodeInfo, SocketInfo } from '@rds-tcp/core';
import { BYTE_COUNTERS, COUNTER_HELP } from './counter-help.js';

/** An RdsNode, as far as it matters here. */
export interface ObservedNode {
  info(): NodeInfo;
}

export interface Metric {
  /** `connection` and `socket` metrics have a value per connection or socket. */
  readonly scope: 'node' | 'connection' | 'socket';
  readonly name: string;
  /** A counter only grows while the node, or the connection, is there. */
  readonly kind: 'counter' | 'gauge';
  readonly unit: 'bytes' | 'seconds' | 'messages' | 'none';
  readonly help: string;
  readonly samples: (info: NodeInfo) => readonly Sample[];
}

export interface Sample {
  readonly value: number;
  readonly of: Readonly<Record<string, string>>;
}

const PREFIX_OF_REASONS = 'tcp_closed_';

/** All metrics there are, in the order in which they are shown. */
export const METRICS: readonly Metric[] = [
  ...Object.entries(COUNTER_HELP).map(([name, help]): Metric => {
    const unit = BYTE_COUNTERS.has(name) ? 'bytes' : 'none';
    const samples = ({ counters }: NodeInfo) => [{ value: counters[name] ?? 0, of: {} }];
    return { scope: 'node', name, kind: 'counter', unit, help, samples };
  }),
  {
    scope: 'node',
    name: 'tcp_closed',
    kind: 'counter',
    unit: 'none',
    help: 'TCP connections that ended, by why',
    samples: closedByReason,
  },
  gauge('receive_queue', 'bytes', 'Charged bytes that all sockets have queued', (info) => {
    return info.queuedBytes;
  }),
  gauge('sockets', 'none', 'Bound sockets', ({ sockets }) => sockets.length),
  gauge('peers', 'none', 'Peers known', ({ connections }) => connections.length),

  ofConnections('up', 'gauge', 'none', '1 while messages flow, else 0', ({ state }) => {
    return state === 'up' ? 1 : 0;
  }),
  ofConnections('connects', 'counter', 'none', 'How often a connection came up', (connection) => {
    return connection.connects;
  }),
  ofConnections('tx', 'counter', 'messages', 'Messages sent, each once', (connection) => {
    return connection.txMessages;
  }),
  ofConnections('rx', 'counter', 'messages', 'Messages received, each once', (connection) => {
    return connection.rxMessages;
  }),
  ofConnections(
    'tx',
    'counter',
    'bytes',
    'Bytes written to TCP, with all that is no payload',
    (c) => {
      return c.txBytes;
    },
  ),
  ofConnections(
    'rx',
    'counter',
    'bytes',
    'Bytes read from TCP, with all that is no payload',
    (c) => {
      return c.rxBytes;
    },
  ),
  ofConnections('retransmitted', 'counter', 'messages', 'Messages sent once more', (connection) => {
    return connection.retransmitted;
  }),
  ofConnections('send_queue', 'gauge', 'messages', 'Accepted and not yet transmitted', (c) => {
    return c.sendQueueMessages;
  }),
  ofConnections('retransmit_queue', 'gauge', 'messages', 'Transmitted, not acknowledged', (c) => {
    return c.retransmitQueueMessages;
  }),
  ofConnections('retransmit_queue', 'gauge', 'bytes', 'Transmitted, not acknowledged', (c) => {
    return c.retransmitQueueBytes;
  }),
  ofConnections('congested_ports', 'gauge', 'none', 'Ports of the peer that are congested', (c) => {
    return c.congestedPorts.length;
  }),
  ofConnections('silent', 'gauge', 'seconds', 'For how long nothing was heard while up', (c) => {
    return (c.silentMs ?? 0) / 1000;
  }),

  ofSockets('receive_queue', 'messages', 'Messages that nobody has read', (socket) => {
    return socket.queuedMessages;
  }),
  ofSockets('receive_queue', 'bytes', 'Charged bytes that nobody has read', (socket) => {
    return socket.queuedBytes;
  }),
  ofSockets('congested', 'none', '1 while senders are made to wait, else 0', (socket) => {
    return socket.congested ? 1 : 0;
  }),
];

/** Names a node or peer, with brackets around IPv6 as in a URL. */
export function hostPort({ address, tcpPort }: { address: string; tcpPort: number }): string {
  return address.includes(':') ? `[${address}]:${tcpPort}` : `${address}:${tcpPort}`;
}

function closedByReason({ counters }: NodeInfo): Sample[] {
  return Object.entries(counters)
    .filter(([name]) => name.startsWith(PREFIX_OF_REASONS))
    .map(([name, value]) => {
      const reason = name.slice(PREFIX_OF_REASONS.length).replaceAll('_', '-');
      return { value, of: { reason } };
    });
}

function gauge(
  name: string,
  unit: Metric['unit'],
  help: string,
  value: (info: NodeInfo) => number,
): Metric {
  const samples = (info: NodeInfo) => [{ value: value(info), of: {} }];
  return { scope: 'node', name, kind: 'gauge', unit, help, samples };
}

function ofConnections(
  name: string,
  kind: Metric['kind'],
  unit: Metric['unit'],
  help: string,
  value: (connection: ConnectionInfo) => number,
): Metric {
  const samples = ({ connections }: NodeInfo) =>
    connections.map((c) => ({ value: value(c), of: { peer: hostPort(c) } }));
  return { scope: 'connection', name, kind, unit, help, samples };
}

function ofSockets(
  name: string,
  unit: Metric['unit'],
  help: string,
  value: (socket: SocketInfo) => number,
): Metric {
  const samples = ({ sockets }: NodeInfo) =>
    sockets.map((s) => ({ value: value(s), of: { port: String(s.port) } }));
  return { scope: 'socket', name, kind: 'gauge', unit, help, samples };
}
