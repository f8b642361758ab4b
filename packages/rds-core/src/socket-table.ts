/**
 * SocketTable: the sockets of a node, those at a port and those that only drain, and what comes
 * for them. Mirrors rds_bind and rds_find_bound in net/rds/bind.c.
 */

import type { Address } from './address.js';
import { RdsError } from './errors.js';
import { sum, type Unacknowledged } from './flow.js';
import { HardLimit } from './hard-limit.js';
import type { Herald } from './herald.js';
import { Loans } from './loans.js';
import { LocalCongestion } from './local-congestion.js';
import type { LoopbackOwner } from './loopback.js';
import type { ResolvedBindOptions } from './options.js';
import { PortTable } from './port-table.js';
import type { Runtime } from './runtime.js';
import {
  newSocket,
  type RdsSocket,
  receiverOf,
  type SocketHome,
  type SocketOwner,
  senderOf,
} from './socket.js';
import type { Stats } from './stats.js';

/** The node. */
export interface SocketTableOwner extends SocketOwner {
  readonly address: string;
  readonly runtime: Runtime;
  readonly herald: Herald;
  /** There is a new congestion map to send. */
  mapChanged(): void;
  /** Reading from the peers is to stop, or can go on. */
  pause(paused: boolean): void;
}

export class SocketTable implements SocketHome, LoopbackOwner {
  readonly ports: PortTable;
  readonly congestion: LocalCongestion;
  readonly hardLimit: HardLimit;
  readonly loans: Loans;
  readonly stats: Stats;
  readonly #owner: SocketTableOwner;
  /** Every socket that is not yet closed, with those that only drain. */
  readonly #sockets = new Set<RdsSocket>();

  constructor(owner: SocketTableOwner, maxQueuedBytes: number) {
    this.#owner = owner;
    this.stats = owner.stats;
    this.loans = new Loans(owner.runtime);
    this.ports = new PortTable(owner.runtime.random());
    this.congestion = new LocalCongestion(this.ports, () => owner.mapChanged());
    this.hardLimit = new HardLimit(maxQueuedBytes, this.stats, this.congestion, (paused) =>
      owner.pause(paused),
    );
  }

  /** A socket at a port, or at any free one; EADDRINUSE. */
  bind(options: ResolvedBindOptions): RdsSocket {
    const { address, runtime } = this.#owner;
    const port = options.port === 0 ? this.ports.random(runtime.random()) : options.port;
    if (port === null || this.ports.has(port)) {
      const text = port === null ? 'every port has a socket' : `port ${port} has a socket already`;
      throw new RdsError('EADDRINUSE', text, { syscall: 'bind', address, port: port ?? undefined });
    }
    const socket = newSocket(address, { ...options, port }, this.#owner);
    this.ports.add(socket);
    this.#sockets.add(socket);
    this.congestion.mark(port, false);
    return socket;
  }

  /** Closes all, waiting until what they sent is acknowledged or the deadline has passed. */
  close(deadlineMs: number): Promise<Unacknowledged[]> {
    return Promise.all([...this.#sockets].map((socket) => socket.close({ deadlineMs })));
  }

  destroy(): Unacknowledged {
    const sockets = [...this.#sockets];
    // First of all: the room of those that go would let others send what is dropped right after.
    for (const socket of sockets) senderOf(socket).rejectWaiters();
    return sum(sockets.map((socket) => socket.destroy()));
  }

  // ── SocketHome ───────────────────────────────────────────────────────────────────────────────

  unbind(socket: RdsSocket): void {
    this.ports.remove(socket);
    this.congestion.mark(socket.port, false);
  }

  socketClosed(socket: RdsSocket): void {
    this.#sockets.delete(socket);
  }

  congestionChanged(port: number, congested: boolean): void {
    this.#owner.herald.portChanged(port, congested);
    this.congestion.mark(port, congested);
  }

  // ── For the loopback and connections ─────────────────────────────────────────────────────────

  isCongested(port: number): boolean {
    return this.congestion.isCongested(port);
  }

  deliverLocally(sport: number, dport: number, data: Uint8Array): boolean {
    return this.deliver({ address: this.#owner.address, port: sport }, dport, data);
  }

  /** False if no socket is bound to `dport`. */
  deliver(from: Address, dport: number, data: Uint8Array): boolean {
    const socket = this.ports.get(dport);
    if (socket === undefined) {
      this.stats.recv_drop_no_sock++;
      return false;
    }
    receiverOf(socket).deliver({ data, from });
    return true;
  }
}
