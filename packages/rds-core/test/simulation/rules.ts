/**
 * Rules: what must hold of a cluster that has come to rest after its faults, each on its own. To
 * add one, add an entry: it gives a line for each violation.
 */

import { coreOf } from '../../src/node.js';
import { type Entry, isAmbiguous, isPromised, isThere } from './ledger.js';
import type { Workload } from './workload.js';

type Rule = (workload: Workload) => Iterable<string>;
type LastRule = (workload: Workload) => Iterable<string> | AsyncIterable<string>;

/** Accepted, with both ends alive from then on: the promise holds for it. */
function mustArrive(entry: Entry): boolean {
  const { to, settlement, error } = entry;
  if (!isPromised(entry) || isAmbiguous(entry)) return false;
  if (settlement === 'accepted' || settlement === 'delivered') return true;
  // The caller gave up waiting; the message did not.
  const { code } = (error ?? {}) as { code?: string };
  const isOurs = to?.incarnation.kind === 'rds-tcp';
  return settlement === 'unknown' && isOurs && (code === 'ETIMEDOUT' || code === 'ABORT_ERR');
}

/** Everything that ends when the faults have ended. Rules about it need not wait. */
export const AT_REST: Record<string, Rule> = {
  *'nothing is lost'({ ledger }) {
    for (const entry of ledger.entries) {
      if (mustArrive(entry) && entry.arrivals.length === 0) yield named(entry);
    }
  },
  *'a receipt is true'({ ledger }) {
    for (const entry of ledger.entries) {
      const { settlement, arrivals, to } = entry;
      if (settlement !== 'delivered' || arrivals.length > 0 || isAmbiguous(entry)) continue;
      if (to !== undefined && isThere(to)) yield named(entry);
    }
  },
  *'every promise settles'({ ledger }) {
    for (const entry of ledger.entries) {
      if (entry.settlement === 'pending' && entry.from.incarnation.isLive) yield named(entry);
    }
  },
  *'queues are empty'({ ownMembers }) {
    for (const { node } of ownMembers) {
      for (const { address, sendQueueMessages, retransmitQueueMessages } of node.info()
        .connections) {
        const left = sendQueueMessages + retransmitQueueMessages;
        if (left > 0) yield `${node.address} keeps ${left} messages for ${address}`;
      }
      if (node.info().queuedBytes > 0) yield `${node.address} has bytes that nobody reads`;
    }
  },
  *'peers know whose ports are congested'({ ownMembers }) {
    for (const { node } of ownMembers) {
      const congested = node.info().sockets.filter((socket) => socket.congested);
      for (const { port } of congested) yield `${node.address}:${port} is congested, and empty`;
      for (const { address, state, congestedPorts } of node.info().connections) {
        if (state !== 'up' || congestedPorts.length === 0) continue;
        yield `${node.address} takes ${address}:${congestedPorts} for congested`;
      }
    }
  },
};

/** Not the end of a connection to which nothing was done. */
const ABSENCE: readonly string[] = ['connect-timeout', 'handshake-timeout', 'silent'];

/** What is looked at once, when all is at rest. */
export const FINALLY: Record<string, LastRule> = {
  *'a kernel stumbles over nothing'({ kernels }) {
    for (const { peer } of kernels) yield* peer.violations;
  },
  *'no connection ends without a cause'({ ownMembers, plan, lanes }) {
    // A kernel without pongs is asked again on another connection before that is believed.
    const isMute = plan.linux.first + plan.linux.last > 0 && !plan.linuxOptions.pingEnable;
    if (plan.faults.length > 0 || lanes !== null || isMute) return;
    for (const { node, lost } of ownMembers) {
      for (const { address, reason } of lost) {
        if (ABSENCE.includes(reason)) yield `${node.address} → ${address}: ${reason}`;
      }
    }
  },
  async *'send buffers are free again'({ simulation, ownMembers, plan }) {
    const blocked: string[] = [];
    for (const { node, seats } of ownMembers) {
      const { connections } = node.info();
      for (const { socket } of seats) {
        for (const { address } of [node, ...connections]) {
          // A port may be thought congested by who has no connection to hear otherwise.
          const whole = { bytes: socket.sendBufferBytes, timeoutMs: plan.drainMs };
          socket.waitWritable({ address, port: socket.port }, whole).catch((error) => {
            blocked.push(`${node.address}:${socket.port} → ${address}: ${error}`);
          });
        }
      }
    }
    await simulation.clock.advance(plan.drainMs + 1);
    yield* blocked;
  },
  *'sockets share nothing any more'({ ownMembers }) {
    for (const { node } of ownMembers) {
      const { loopback, peers } = coreOf(node);
      const ofAll = [loopback, ...peers].map(({ outstanding }) => outstanding.bytes);
      if (ofAll.some((bytes) => bytes !== 0)) yield `${node.address} counts ${ofAll} bytes`;
    }
  },
  *'counters add up'({ ownMembers }) {
    for (const { node } of ownMembers) {
      const { counters, queuedBytes } = node.info();
      const { recv_bytes_added_to_sock: added = 0, recv_bytes_freed_fromsock: freed = 0 } =
        counters;
      if (added - freed !== queuedBytes) {
        yield `${node.address} queued ${added} and freed ${freed} bytes, and holds ${queuedBytes}`;
      }
    }
  },
};

function named({ id, flow, settlement, length, sentAtMs, from, to }: Entry): string {
  const lives = `${from.incarnation.number} → ${to?.incarnation.number ?? 'nobody'}`;
  return `${flow.key}: message ${id} (${length} bytes, ${settlement}, sent at ${sentAtMs}, ${lives})`;
}
