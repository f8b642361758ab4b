/**
 * LinuxMember: a member of the cluster that is a Linux kernel, and the programs on it. What its
 * rules let it lose it says itself.
 */

import type { Address } from '../../src/index.js';
import {
  type LinuxFate,
  LinuxPeer,
  type LinuxSocket,
  type Machine,
} from '../../src/testing/index.js';
import type { Entry, Incarnation } from './ledger.js';
import type { Cluster, Member, Seat } from './member.js';

interface LinuxSeat extends Seat {
  readonly socket: LinuxSocket;
  /** Its program blocks in sendmsg, or never does: those who mix both send in no order. */
  readonly blocks: boolean;
}

const READ_EVERY_MS = 50;
const PING_EVERY_MS = 5000;
/** Of a kernel that has booted or been loaded again. */
const PERHAPS_OLD: readonly LinuxFate[] = ['acknowledged-resent', 'acknowledged-unanswered'];

export class LinuxMember implements Member {
  readonly incarnation: Incarnation;
  readonly seats: LinuxSeat[] = [];
  readonly peer: LinuxPeer;
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster, peer: LinuxPeer) {
    this.#cluster = cluster;
    this.peer = peer;
    this.incarnation = cluster.ledger.born(peer.options.address, 'linux');
    peer.onFate = (token, fate) => this.#fate(token as Entry, fate);
    for (const port of cluster.plan.ports) this.#bind(port);
  }

  static async start(cluster: Cluster, machine: Machine): Promise<LinuxMember> {
    const { plan, random, simulation } = cluster;
    const generation = cluster.lanes?.generationOf(machine.address) ?? 6.1;
    const options = { ...plan.linuxOptions, generation, address: machine.address };
    const peer = new LinuxPeer(simulation.network, random.fork(), options);
    machine.host = peer.host;
    await peer.start();
    return new LinuxMember(cluster, peer);
  }

  send({ blocks, endpoint, socket }: LinuxSeat, to: Address, length: number): void {
    const { ledger } = this.#cluster;
    const [entry, data] = ledger.sending(endpoint, to.address, to.port, length);
    if (blocks) {
      socket.send(data, to, entry);
      return;
    }
    const result = socket.sendmsg(data, to, entry);
    if (result !== 'sent') ledger.settled(entry, 'not-delivered', result);
  }

  meddle(seat: LinuxSeat, to: Address): void {
    const { random } = this.#cluster;
    const what = random.pick(['close', 'drop', 'ping'] as const);
    if (what === 'close') {
      this.#close(seat);
      if (random.chance(0.8)) this.#bind(seat.endpoint.port);
    }
    if (what === 'drop') this.peer.dropConnections();
    if (what === 'ping') this.peer.ping(to.address, () => {});
  }

  /**
   * A kernel with the larger address knocks when its program sends, and never by itself: what
   * waits for a node that was away then waits for another send.
   */
  hurry(): void {
    if (!this.incarnation.isLive) return;
    for (const { address } of this.#cluster.ownMachines) this.peer.ping(address, () => {});
    this.peer.host.clock.setTimer(PING_EVERY_MS, () => this.hurry());
  }

  async close(): Promise<void> {
    this.peer.stop();
  }

  async destroy(): Promise<void> {
    this.peer.stop();
  }

  #bind(port: number): void {
    const { ledger, plan, random } = this.#cluster;
    const { receiveBufferBytes, sendBufferBytes } = plan.linuxBuffers;
    const socket = this.peer.bind(port, { receiveBufferBytes, sendBufferBytes });
    const endpoint = ledger.bound(this.incarnation, port, () => socket.queuedMessages);
    const seat = { socket, endpoint, blocks: random.chance(0.5) };
    this.seats.push(seat);
    if (random.chance(0.5)) {
      socket.onMessage = ({ data, from }) => ledger.arrived(endpoint, from, data);
    } else this.#readNow(seat);
  }

  /** One message now and then; all that there is, once the faults are over. */
  #readNow(seat: LinuxSeat): void {
    const { ledger, random } = this.#cluster;
    const { endpoint, socket } = seat;
    if (!endpoint.isOpen || !this.incarnation.isLive) return;
    for (let message = socket.recvmsg(); message; message = socket.recvmsg()) {
      ledger.arrived(endpoint, message.from, message.data);
      if (!this.#cluster.isEnding) break;
    }
    const delayMs = random.integer(1, READ_EVERY_MS);
    this.peer.host.clock.setTimer(delayMs, () => this.#readNow(seat));
  }

  #close(seat: LinuxSeat): void {
    this.seats.splice(this.seats.indexOf(seat), 1);
    seat.endpoint.isOpen = false;
    for (const entry of this.#cluster.ledger.entries) {
      if (entry.from !== seat.endpoint) continue;
      if (entry.arrivals.length === 0) entry.isExcused = true;
      // It blocked in its call, which ends with the socket. What arrived, without a name, may have
      // been another.
      if (entry.settlement === 'pending') this.#cluster.ledger.settled(entry, 'not-delivered');
    }
    seat.socket.close();
  }

  #fate(entry: Entry, fate: LinuxFate): void {
    const { ledger } = this.#cluster;
    if (fate === 'queued') ledger.settled(entry, 'accepted');
    else if (fate === 'dropped-by-generation') ledger.droppedByKernel(entry);
    // One that has booted begins at 1 again. What it has to send twice then looks like what its
    // predecessor sent, and by the kernel's own rule is taken for a repetition.
    // And what it says before it has answered us may be taken for its predecessor's, see GUARANTEES.
    else if (this.incarnation.number > 1 && PERHAPS_OLD.includes(fate)) entry.isExcused = true;
  }
}
