/**
 * MessageInfo: the messages in a node's queues, one by one. Mirrors what rds-info shows with -s, -r
 * and -t (RDS_INFO_SEND_MESSAGES, RDS_INFO_RECV_MESSAGES, RDS_INFO_RETRANS_MESSAGES). Not part of
 * `node.info()`, because a busy node has many.
 */

import { coreOf, type RdsNode } from './node.js';
import { receiverOf } from './socket.js';

/** Rows of one list: as much as a person can look at, and a message of a few MiB. */
const MAX_MESSAGE_ROWS = 10_000;

/**
 * `'send'`: accepted and not yet transmitted. `'retransmit'`: transmitted and not yet acknowledged.
 * `'receive'`: received and not yet read.
 */
export type MessageQueue = 'send' | 'receive' | 'retransmit';

/** A message in a queue. Mirrors `struct rds_info_message`. */
export interface MessageInfo {
  /** The port of the own socket, and the socket at the other end. */
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** On the wire; 0 before the first transmission, and in the receive queue, which keeps none. */
  readonly sequence: number;
  readonly bytes: number;
}

/** The messages of one kind of queue: the first 10,000, and how many there are. */
export interface MessageList {
  readonly messages: readonly MessageInfo[];
  readonly total: number;
}

/**
 * A snapshot of one kind of queue, of all peers or sockets of the node. Throws EINVAL if `node` is
 * none of this copy of the package.
 */
export function listMessages(node: RdsNode, queue: MessageQueue): MessageList {
  const messages: MessageInfo[] = [];
  let total = 0;
  const rows = queue === 'receive' ? received(node) : sent(node, queue);
  for (const row of rows) {
    if (++total <= MAX_MESSAGE_ROWS) messages.push(row);
  }
  return { messages, total };
}

function* received(node: RdsNode): Iterable<MessageInfo> {
  for (const socket of coreOf(node).sockets.ports) {
    for (const { data, from } of receiverOf(socket).queue) {
      yield {
        localPort: socket.port,
        remoteAddress: from.address,
        remotePort: from.port,
        sequence: 0,
        bytes: data.byteLength,
      };
    }
  }
}

function* sent(node: RdsNode, which: 'send' | 'retransmit'): Iterable<MessageInfo> {
  for (const { remote, paths } of coreOf(node).peers) {
    for (const { exchange } of paths) {
      const messages = exchange.queue.messages(which === 'send' ? 'fresh' : 'sent');
      for (const { sequence, sport, dport, data } of messages) {
        yield {
          localPort: sport,
          remoteAddress: remote.address,
          remotePort: dport,
          sequence: exchange.wireSequence(sequence),
          bytes: data.byteLength,
        };
      }
    }
  }
}
