/**
 * CloseReason: why a TCP connection ended, or was not let in.
 */

/** Counted per node as `tcp_closed_…`, and told with the 'connection' event. */
export type CloseReason =
  | 'peer-closed'
  | 'peer-busy'
  | 'broken'
  | 'connect-failed'
  | 'connect-timeout'
  | 'handshake-timeout'
  | 'silent'
  | 'bad-header'
  | 'frame-too-large'
  | 'bad-ack'
  | 'replaced'
  | 'reset'
  | 'closed'
  | 'not-greeted'
  | 'knock'
  | 'self'
  | 'too-many-strangers'
  | 'too-many-peers';
