/**
 * @rds-tcp/core: reliable datagrams without a network. `openNode` on a Runtime of your own, or use
 * the package `rds-tcp`, which has one for TCP.
 */

export { type Address, RDS_TCP_PORT } from './address.js';
export type { CloseReason } from './close-reason.js';
export { type Outcome, RdsError, type RdsErrorCode, type RdsErrorDetails } from './errors.js';
export type {
  CongestionEvent,
  ConnectionEvent,
  EventWatcher,
  NodeEvents,
  UncertainEvent,
  UncertainMessage,
} from './events.js';
export type { Unacknowledged } from './flow.js';
export type { ConnectionInfo, NodeInfo, PathInfo, SocketInfo } from './info.js';
export type { Incoming, MessageData } from './message.js';
export { RdsNode } from './node.js';
export { openNode } from './open-node.js';
export type { BindOptions, BufferOptions, NodeOptions, ReconnectOptions } from './options.js';
export type { PathStateKind } from './path-state.js';
export type { PeerKind } from './peer.js';
export type { AbortSignalLike, WaitOptions } from './pending.js';
export type { ReceiveOptions } from './receiver.js';
export type {
  Clock,
  Listener,
  Runtime,
  Stream,
  StreamHandler,
  TcpAddress,
  Timer,
  Transport,
} from './runtime.js';
export type { SendOptions, WaitWritableOptions } from './sender.js';
export { type CloseOptions, RdsSocket, type RdsSocketEvents } from './socket.js';
export {
  RDS_CANCEL_SENT_TO,
  RDS_CONG_MONITOR,
  RDS_FREE_MR,
  RDS_GET_MR,
  RDS_GET_MR_FOR_DEST,
  RDS_RECVERR,
  RDS_TRANS_TCP,
  SIOCRDSGETTOS,
  SIOCRDSSETTOS,
  SO_RCVBUF,
  SO_RCVTIMEO,
  SO_RDS_MSG_RXPATH_LATENCY,
  SO_RDS_TRANSPORT,
  SO_SNDBUF,
  SO_SNDTIMEO,
  SO_TIMESTAMP,
  SOL_RDS,
  SOL_SOCKET,
  type SocketOptionValue,
} from './sockopt.js';
