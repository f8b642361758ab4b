/**
 * Info: a plain snapshot of a node, as JSON would have it. Mirrors what rds-info shows of a kernel
 * (RDS_INFO_SOCKETS, RDS_INFO_CONNECTIONS, …; net/rds/info.c).
 */

import type { Address } from './address.js';
import type { CloseReason } from './close-reason.js';
import type { Connection } from './connection.js';
import type { Path } from './path.js';
import type { PathStateKind } from './path-state.js';
import type { PeerKind } from './peer.js';
import { type RdsSocket, receiverOf } from './socket.js';
import type { Stats } from './stats.js';

/** A node at one moment: what `node.info()` gives. */
export interface NodeInfo {
  readonly address: string;
  readonly tcpPort: number;
  readonly sockets: readonly SocketInfo[];
  readonly connections: readonly ConnectionInfo[];
  /** Bytes that all sockets have queued for reading. */
  readonly queuedBytes: number;
  /**
   * The runtime's clock at this moment: the times below are of the same. It counts milliseconds
   * from an arbitrary start, so take differences.
   */
  readonly nowMs: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** A socket at one moment. Mirrors `struct rds_info_socket`. */
export interface SocketInfo {
  readonly address: string;
  readonly port: number;
  readonly tos: number;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  /** The default destination, set by connect. */
  readonly destination: Address | null;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly congested: boolean;
}

/** A peer and the connection to it at one moment. Mirrors `struct rds_info_connection`. */
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
  /** Messages sent to the peer and received from it, each counted once. */
  readonly txMessages: number;
  readonly rxMessages: number;
  /** Bytes written to TCP and read from it: with headers, maps, acknowledgements and resends. */
  readonly txBytes: number;
  readonly rxBytes: number;
  /** Messages sent once more after a connection broke. */
  readonly retransmitted: number;
  /** How often a connection came up. */
  readonly connects: number;
  /** Tries of ours since the last came up: calls, or knocks. */
  readonly attempts: number;
  /** When we last tried, when one last came up, when one last ended that was up; null: never. */
  readonly attemptAtMs: number | null;
  readonly connectAtMs: number | null;
  readonly resetAtMs: number | null;
  /** Why the last connection ended, whether it was up or not. */
  readonly lastCloseReason: CloseReason | null;
  /** While up: for how long nothing was heard, as of the last tick of a fifth of livenessMs. */
  readonly silentMs: number | null;
  /** One by one; messages, bytes and queues above are of all, the rest of the first. */
  readonly paths: readonly PathInfo[];
}

/** One path of a connection: a TCP connection, and what is kept for the next one. */
export interface PathInfo {
  readonly state: PathStateKind;
  readonly nextTxSequence: number;
  readonly nextRxSequence: number;
  readonly sendQueueMessages: number;
  readonly retransmitQueueMessages: number;
  readonly retransmitQueueBytes: number;
}

export function socketInfo(socket: RdsSocket): SocketInfo {
  const { address, port, tos, sendBufferBytes, receiveBufferBytes, destination } = socket;
  const { length, bytes, isCongested } = receiverOf(socket).queue;
  const queue = { queuedMessages: length, queuedBytes: bytes, congested: isCongested };
  return { address, port, tos, sendBufferBytes, receiveBufferBytes, destination, ...queue };
}

export function connectionInfo(connection: Connection): ConnectionInfo {
  const { remote, kind, path, congestedPorts } = connection;
  const { state, history, exchange } = path;
  const paths = connection.paths.map(pathInfo);
  const total = (what: (path: PathInfo) => number) => paths.reduce((sum, p) => sum + what(p), 0);
  return {
    ...remote,
    peer: kind,
    state: state.kind,
    nextTxSequence: exchange.nextTxSequence,
    nextRxSequence: exchange.nextRxSequence,
    sendQueueMessages: total((each) => each.sendQueueMessages),
    retransmitQueueMessages: total((each) => each.retransmitQueueMessages),
    retransmitQueueBytes: total((each) => each.retransmitQueueBytes),
    congestedPorts,
    ...connection.carried,
    connects: history.connects,
    attempts: history.attempts,
    attemptAtMs: history.attemptAtMs,
    connectAtMs: history.connectAtMs,
    resetAtMs: history.resetAtMs,
    lastCloseReason: history.lastCloseReason,
    silentMs: state.kind === 'up' ? state.timer.silentMs : null,
    paths,
  };
}

function pathInfo({ state, exchange }: Path): PathInfo {
  const { queue, nextTxSequence, nextRxSequence } = exchange;
  return {
    state: state.kind,
    nextTxSequence,
    nextRxSequence,
    sendQueueMessages: queue.freshCount,
    retransmitQueueMessages: queue.sentCount,
    retransmitQueueBytes: queue.inFlightBytes,
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
