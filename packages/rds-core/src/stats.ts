/**
 * Stats: what a node counts. Names are the kernel's (net/rds/stats.c, net/rds/tcp_stats.c) where
 * the kernel counts the same, so that what operators know keeps its meaning. Those of the kernel
 * that can not mean anything here are not there; docs/PARITY.md says why, one by one.
 */

import { keepAsDoubles } from './sums.js';

export class Stats {
  /** Connections that were up and broke, or were replaced. */
  conn_reset = 0;
  /** Peers forgotten: never reached, or closed, and nothing waited for them. */
  conn_forgotten = 0;
  /** Resent messages that had arrived before. */
  recv_drop_old_seq = 0;
  /** Messages to a port where no socket is bound. */
  recv_drop_no_sock = 0;
  /** Messages that were still queued when their socket closed. */
  recv_drop_dead_sock = 0;
  /** Pings, pongs and notes that mean nothing here. */
  recv_drop_control = 0;
  /** Messages given to a program. */
  recv_delivered = 0;
  /** Messages put on the queue of a socket, because nobody waited for them. */
  recv_queued = 0;
  /** Frames that asked for an acknowledgement. */
  recv_ack_required = 0;
  recv_ping = 0;
  recv_pong = 0;
  /** Signs of life that one of our own nodes asked for. */
  recv_hb_ping = 0;
  /** Times that the send buffer of a socket towards a peer became empty. */
  send_queue_empty = 0;
  /** Sends that found the send buffer full. */
  send_queue_full = 0;
  send_queued = 0;
  /** Messages sent with the question for an acknowledgement. */
  send_ack_required = 0;
  send_ping = 0;
  send_pong = 0;
  /** Signs of life asked of one of our own nodes. */
  send_hb_ping = 0;
  /** Pings not sent because the queue for them was full. */
  send_ping_dropped = 0;
  /** Pongs not sent because the queue for them was full. */
  send_pong_dropped = 0;
  /** Pings and pongs that a connection took with it, unsent: they are never kept for the next. */
  send_control_lost = 0;
  /** Messages sent once more after a connection broke. */
  send_retransmitted = 0;
  /** Messages acknowledged by their receiver. */
  send_acked = 0;
  /** Messages given up by cancelSentTo or by closing their socket. */
  send_canceled = 0;
  /** Messages whose outcome stays unknown: the peer restarted, or does not acknowledge. */
  send_uncertain = 0;
  /** Messages to a port where no socket was bound, as told by the peer. */
  send_refused = 0;
  /** Payload bytes given to programs, and taken from them. */
  copy_to_user = 0;
  copy_from_user = 0;
  cong_update_queued = 0;
  cong_update_received = 0;
  /** Sends refused with ENOBUFS. */
  cong_send_error = 0;
  /** Sends that waited for a congested destination. */
  cong_send_blocked = 0;
  recv_bytes_added_to_sock = 0;
  recv_bytes_freed_fromsock = 0;
  tcp_data_ready_calls = 0;
  /** Times that TCP had taken what was written. */
  tcp_write_space_calls = 0;
  /** Times that writing had to stop until TCP takes more. */
  tcp_sndbuf_full = 0;
  /** Times that reading stopped because the node's hard limit was reached. */
  tcp_read_paused = 0;
  /** Second connections of a peer whose first was still thought to be up. */
  tcp_connect_raced = 0;
  /** Connections accepted and closed again without becoming a peer's. */
  tcp_listen_closed_stale = 0;
  /** Sends that did not find their destination remembered, by why. */
  flow_miss_first = 0;
  flow_miss_epoch = 0;
  flow_miss_other_destination = 0;
  /** Connections closed or refused, by why. */
  readonly closed: Record<string, number> = {};

  constructor() {
    keepAsDoubles(this);
  }

  countClosed(reason: string): void {
    this.closed[reason] = (this.closed[reason] ?? 0) + 1;
  }
}
