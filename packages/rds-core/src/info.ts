/**
 * Info: a plain snapshot of a node, as JSON would have it. Mirrors what rds-info shows of a kernel
 * (RDS_INFO_SOCKETS, RDS_INFO_CONNECTIONS, …; net/rds/info.c).
 */

import type { Connection } from './connection.js';
import type { PathStateKind } from './path-state.js';
import type { PeerKind } from './peer.js';
import type { RdsSocket } from './socket.js';
import type { Stats } from './stats.js';

export interface NodeInfo {
  readonly address: string;
  readonly tcpPort: number;
  readonly sockets: readonly SocketInfo[];
  readonly connections: readonly ConnectionInfo[];
  /** Bytes that all sockets have queued for reading. */
  readonly queuedBytes: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface SocketInfo {
  readonly address: string;
  readonly port: number;
  readonly tos: number;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly congested: boolean;
}

export interface ConnectionInfo {
  readonly address: string;
  readonly tcpPort: number;
  readonly peer: PeerKind;
  readonly state: PathStateKind;
  /** The next sequence number to send, and the next expected. */
  readonly nextTxSequence: number;
  readonly nextRxSequence: number;
  /** Accepted and not yet transmitted. */
  readonly sendQueueMessages: number;
  /** Transmitted and not yet acknowledged. */
  readonly retransmitQueueMessages: number;
  readonly retransmitQueueBytes: number;
  readonly congestedPorts: readonly number[];
}

export function socketInfo(socket: RdsSocket): SocketInfo {
  const { address, port, tos, sendBufferBytes, receiveBufferBytes } = socket;
  return { address, port, tos, sendBufferBytes, receiveBufferBytes, ...socket.info() };
}

export function connectionInfo(connection: Connection): ConnectionInfo {
  const { remote, kind, path, congestedPorts } = connection;
  const { queue, nextTxSequence, nextRxSequence } = path.exchange;
  return {
    ...remote,
    peer: kind,
    state: path.state.kind,
    nextTxSequence,
    nextRxSequence,
    sendQueueMessages: queue.freshCount,
    retransmitQueueMessages: queue.sentCount,
    retransmitQueueBytes: queue.inFlightBytes,
    congestedPorts,
  };
}

/** The counters in one flat record; `closed` becomes one counter per reason. */
export function counters({ closed, ...counted }: Stats): Record<string, number> {
  const reasons = Object.entries(closed).map(
    ([reason, count]) => [`tcp_closed_${reason.replaceAll('-', '_')}`, count] as const,
  );
  const numbers = Object.entries(counted).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries([...numbers, ...reasons]) as Record<string, number>;
}
