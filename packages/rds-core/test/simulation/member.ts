/**
 * Member: the program that runs on the machines of a simulated cluster, one object per life. It
 * binds sockets, reads them in all ways there are, slowly or at once, and writes all into the
 * ledger. What it sends, and when, is the workload's business.
 */

import {
  type Address,
  openNode,
  type RdsError,
  type RdsNode,
  type RdsSocket,
  type SendOptions,
} from '../../src/index.js';
import type { Machine, SeededRandom, SimulatedHost, Simulation } from '../../src/testing/index.js';
import type { Endpoint, Entry, Incarnation, Ledger } from './ledger.js';
import type { Plan } from './plan.js';

export interface Seat {
  readonly socket: RdsSocket;
  readonly endpoint: Endpoint;
}

/** What all members of a cluster have in common. */
export interface Cluster {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly plan: Plan;
  /** Readers that took their time make haste now: the faults are over. */
  isEnding: boolean;
}

export class Member {
  readonly machine: Machine;
  readonly incarnation: Incarnation;
  readonly node: RdsNode;
  readonly seats: Seat[] = [];
  readonly #cluster: Cluster;
  readonly #sleepers = new Set<() => void>();

  constructor(cluster: Cluster, machine: Machine, node: RdsNode) {
    this.#cluster = cluster;
    this.machine = machine;
    this.node = node;
    this.incarnation = cluster.ledger.born(machine.address, 'rds-tcp');
    node.on('uncertain', ({ messages }) => {
      for (const { sport, to, data } of messages) {
        cluster.ledger.uncertain(this.incarnation, sport, to, data);
      }
    });
    for (const port of cluster.plan.ports) this.bind(port);
  }

  static async start(cluster: Cluster, machine: Machine, host: SimulatedHost): Promise<Member> {
    const options = { ...cluster.plan.node, address: machine.address };
    return new Member(cluster, machine, await openNode(options, host));
  }

  bind(port: number): void {
    const socket = this.node.bind(port);
    const queued = (): number => socket.info().queuedMessages;
    const endpoint = this.#cluster.ledger.bound(this.incarnation, port, queued);
    const seat = { socket, endpoint };
    this.seats.push(seat);
    void this.#read(seat);
  }

  /** Closes a socket, gracefully or at once. What it had not got acknowledged is excused. */
  async close(seat: Seat): Promise<void> {
    this.seats.splice(this.seats.indexOf(seat), 1);
    seat.endpoint.isOpen = false;
    this.#excuse(({ from }) => from === seat.endpoint);
    await seat.socket.close({ deadlineMs: this.#cluster.random.pick([0, 100, 5000]) });
  }

  cancel(seat: Seat, to: Address | undefined): void {
    const key = to && `→ ${to.address}:${to.port}`;
    this.#excuse(({ from, flow }) => from === seat.endpoint && flow.key.endsWith(key ?? ''));
    seat.socket.cancelSentTo(to);
  }

  send(seat: Seat, to: Address, length: number, options: SendOptions | 'try' | undefined): void {
    const { ledger } = this.#cluster;
    const [entry, data] = ledger.sending(seat.endpoint, to.address, to.port, length);
    if (options === 'try') {
      try {
        seat.socket.trySendmsg(data, to);
        ledger.settled(entry, 'accepted');
      } catch (error) {
        ledger.settled(entry, 'not-delivered', error);
      }
      return;
    }
    const settlement = options?.until === 'delivered' ? 'delivered' : 'accepted';
    seat.socket.sendmsg(data, to, options).then(
      () => ledger.settled(entry, settlement),
      (error: RdsError) => this.#failed(entry, error, settlement === 'delivered'),
    );
    // The node has its copy, or waits with the caller's: a waiting one must not change.
    if (entry.settlement !== 'pending') data.fill(0);
  }

  /** Wakes all readers that sleep. */
  hurry(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  #failed(entry: Entry, error: RdsError, hasReceipt: boolean): void {
    const { ledger } = this.#cluster;
    if (hasReceipt && error.outcome === undefined && error.code !== 'EBADF') {
      ledger.violated(`a receipt without an outcome: ${error}`, entry);
    }
    const isKnown = error.outcome === 'not-delivered' || (!hasReceipt && error.code !== 'EBADF');
    ledger.settled(entry, isKnown ? 'not-delivered' : 'unknown', error);
    // An empty message has no name: the one that arrived may have been another.
    if (isKnown && entry.arrivals.length > 0 && entry.length > 0) {
      ledger.violated(`arrived, but ${error}`, entry);
    }
  }

  #excuse(matches: (entry: Entry) => boolean): void {
    for (const entry of this.#cluster.ledger.entries) {
      if (entry.arrivals.length === 0 && matches(entry)) entry.isExcused = true;
    }
  }

  async #read(seat: Seat): Promise<void> {
    const { random } = this.#cluster;
    const { socket } = seat;
    if (random.chance(0.4)) {
      socket.on('message', ({ data, from }) => this.#arrived(seat, from, data));
      return;
    }
    const napMs = random.pick([0, 0, 5, 50, 1000]);
    const batch = random.pick([1, 7]);
    for await (const { data, from } of socket) {
      this.#arrived(seat, from, data);
      if (batch > 1) {
        for (const more of socket.recvmmsg(batch)) this.#arrived(seat, more.from, more.data);
      }
      if (napMs > 0 && !this.#cluster.isEnding) await this.#nap(random.integer(0, napMs));
    }
  }

  #arrived({ endpoint }: Seat, from: Address, data: Uint8Array): void {
    if (endpoint.isOpen) this.#cluster.ledger.arrived(endpoint, from, data);
  }

  #nap(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = this.machine.host.clock.setTimer(delayMs, wake);
      this.#sleepers.add(wake);
    });
  }
}
