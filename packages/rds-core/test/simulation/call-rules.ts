/**
 * Rules of single calls and arrivals: what must hold then, whatever becomes of the message. They
 * find what a cluster at rest no longer shows: who was not held back, or was without need, or left
 * too early. Each gives what is wrong, or undefined.
 */

import type { Address, RdsNode, RdsSocket, Unacknowledged } from '../../src/index.js';
import { chargeBytes } from '../../src/message.js';
import { listMessages } from '../../src/message-info.js';
import { IN_FLIGHT_BYTES } from '../../src/outbound.js';
import { OWN_BYTES } from '../../src/send-quota.js';
import { receiverOf } from '../../src/socket.js';
import type { Entry } from './ledger.js';

/** Whether the node knows the destination to be congested: asked before a send. */
export function isCongested(node: RdsNode, to: Address): boolean {
  const { sockets, connections } = node.info();
  if (to.address === node.address) {
    return sockets.some(({ port, congested }) => congested && port === to.port);
  }
  const peer = connections.find(({ address }) => address === to.address);
  return peer?.congestedPorts.includes(to.port) ?? false;
}

/** What was sent at once, though the destination was congested. */
export function overlooked(wasCongested: boolean): string | undefined {
  return wasCongested ? 'was sent to a congested port' : undefined;
}

/**
 * EAGAIN, though all that ever went to that peer would fit into the send buffer for it, and with
 * what other sockets of the node sent there into two windows.
 */
export function neededRoom(
  socket: RdsSocket,
  entries: readonly Entry[],
  entry: Entry,
): string | undefined {
  const { address } = entry.from.incarnation;
  const there = entries.filter(({ from, flow, settlement }) => {
    const isThere = from.incarnation.address === address && flow.to === entry.flow.to;
    return isThere && settlement !== 'not-delivered';
  });
  const ofAll = chargedBytes(there);
  const own = chargedBytes(there.filter(({ from }) => from === entry.from));
  if (own > socket.sendBufferBytes) return undefined;
  const shared = 2 * Math.max(socket.sendBufferBytes, IN_FLIGHT_BYTES);
  if (own > OWN_BYTES && own + ofAll > shared) return undefined;
  return `no room for ${own} bytes of ${socket.sendBufferBytes}, or ${ofAll} with others there`;
}

function chargedBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { length }) => sum + chargeBytes(length), 0);
}

/** The queue counts less than what it holds, or more. */
export function miscounted(socket: RdsSocket): string | undefined {
  const { queue } = receiverOf(socket);
  let bytes = 0;
  for (const { data } of queue) bytes += chargeBytes(data.length);
  return queue.bytes === bytes ? undefined : `${bytes} bytes are queued as ${queue.bytes}`;
}

/** Closed before its time, with something not acknowledged. */
export function hurried(
  { messages }: Unacknowledged,
  tookMs: number,
  deadlineMs: number,
): string | undefined {
  if (messages === 0 || tookMs >= deadlineMs) return undefined;
  return `closed after ${tookMs} of ${deadlineMs} ms with ${messages} messages under way`;
}

/**
 * What comes in is still in the books of the node that sent it, since nobody has acknowledged it:
 * had the connection broken a moment ago, it would have been lost.
 */
export function struckOff(sender: RdsNode, { flow, from, to, length }: Entry): string | undefined {
  const { messages } = listMessages(sender, 'retransmit');
  const isKept = messages.some(({ localPort, remoteAddress, remotePort, bytes }) => {
    if (remoteAddress !== flow.to || remotePort !== to?.port) return false;
    return localPort === from.port && bytes === length;
  });
  return isKept ? undefined : 'its sender does not keep it any more';
}
