/**
 * CounterHelp: each counter of a node in one line, for who reads metrics and not docs/API.md.
 */

/** Under the name that `node.info().counters` has; without those of closed connections. */
export const COUNTER_HELP: Readonly<Record<string, string>> = {
  conn_reset: 'Connections that were up and ended',
  conn_forgotten: 'Peers forgotten, because nothing waited for them and they are gone',
  recv_drop_old_seq: 'Resent messages that had arrived before',
  recv_drop_no_sock: 'Messages to a port where no socket is bound',
  recv_drop_dead_sock: 'Messages that were still queued when their socket closed',
  recv_drop_control: 'Pings, pongs and notes received that mean nothing here',
  recv_delivered: 'Messages given to a program',
  recv_queued: 'Messages put on the queue of a socket, because nobody waited for them',
  recv_ack_required: 'Frames received that asked for an acknowledgement',
  recv_ping: 'Pings received, with probes',
  recv_pong: 'Pongs received, with those of probes',
  recv_hb_ping: 'Signs of life that a node of ours asked for',
  send_queue_empty: 'Times that the send buffer of a socket towards a peer became empty',
  send_queue_full: 'Sends that found the send buffer full',
  send_queued: 'Messages accepted for sending',
  send_ack_required: 'Messages sent with the question for an acknowledgement',
  send_ping: 'Pings sent, without probes',
  send_pong: 'Pongs sent, with those of probes',
  send_hb_ping: 'Signs of life asked of a node of ours',
  send_ping_dropped: 'Pings not sent because too many waited',
  send_pong_dropped: 'Pongs not sent because too many waited',
  send_control_lost: 'Pings and pongs that were not yet sent when their connection ended',
  send_retransmitted: 'Messages sent once more after a connection broke',
  send_acked: 'Messages acknowledged by their receiver',
  send_canceled: 'Messages given up by cancelSentTo or by closing their socket',
  send_uncertain: 'Messages whose outcome stays unknown',
  send_refused: 'Messages with a receipt to a port where no socket was bound',
  copy_to_user: 'Payload given to programs',
  copy_from_user: 'Payload taken from programs',
  cong_update_queued: 'Congestion maps sent',
  cong_update_received: 'Congestion maps received',
  cong_send_error: 'Sends refused with ENOBUFS because their destination is congested',
  cong_send_blocked: 'Sends that waited for a congested destination',
  recv_bytes_added_to_sock: 'Charged bytes put on the queues of sockets',
  recv_bytes_freed_fromsock: 'Charged bytes that left the queues of sockets',
  tcp_data_ready_calls: 'Chunks read from TCP',
  tcp_write_space_calls: 'Times that TCP had taken what was written',
  tcp_sndbuf_full: 'Times that writing had to stop until TCP takes more',
  tcp_read_paused: 'Times that reading stopped because of maxQueuedBytes',
  tcp_connect_raced: 'Second connections of a peer whose first was thought to be up',
  tcp_listen_closed_stale: 'Connections accepted and closed again without becoming those of a peer',
  flow_miss_first: 'Sends to a destination that the socket had not sent to before',
  flow_miss_epoch: 'Sends whose way had to be looked up again because a peer was forgotten',
  flow_miss_other_destination: 'Sends to another destination than the one before',
};

/** Those that count bytes; the others count what happened. */
export const BYTE_COUNTERS: ReadonlySet<string> = new Set([
  'copy_to_user',
  'copy_from_user',
  'recv_bytes_added_to_sock',
  'recv_bytes_freed_fromsock',
]);
