/**
 * OwnMember: a member of the cluster that is one of our nodes. It binds sockets, reads them in all
 * ways there are, slowly or at once, and writes all into the ledger.
 */

import {
  type Address,
  type ConnectionEvent,
  openNode,
  type RdsError,
  type RdsNode,
  type RdsSocket,
  type SendOptions,
} from '../../src/index.js';
import { Receiver } from '../../src/receiver.js';
import { receiverOf } from '../../src/socket.js';
import type { Machine, SimulatedHost } from '../../src/testing/index.js';
import {
  hurried,
  isCongested,
  miscounted,
  neededRoom,
  overlooked,
  struckOff,
} from './call-rules.js';
import { type Entry, hasName, type Incarnation, isPromised } from './ledger.js';
import type { Cluster, Member, Seat } from './member.js';

/** When a caller gives up waiting. */
const TIMEOUTS_MS = [0, 10, 500, 20_000];

/** Who says this of another: bytes are not altered here, and nobody lies. */
const NONSENSE: readonly string[] = ['bad-header', 'frame-too-large', 'bad-ack'];

type Lost = Extract<ConnectionEvent, { type: 'down' }>;

interface OwnSeat extends Seat {
  readonly socket: RdsSocket;
}

export class OwnMember implements Member {
  readonly machine: Machine;
  readonly incarnation: Incarnation;
  readonly node: RdsNode;
  readonly seats: OwnSeat[] = [];
  /** The ends of its connections. */
  readonly lost: Lost[] = [];
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
    node.on('connection', (event) => {
      if (event.type === 'down') this.#lost(event);
      if (event.type !== 'up' || event.peer !== 'linux') return;
      cluster.ledger.takenForKernel(this.incarnation, event.address);
    });
    for (const port of cluster.plan.ports) this.bind(port);
  }

  static async start(cluster: Cluster, machine: Machine, host: SimulatedHost) {
    const paths = cluster.lanes?.drawCount();
    const options = { ...cluster.plan.node, address: machine.address, paths };
    return new OwnMember(cluster, machine, await openNode(options, host));
  }

  bind(port: number): void {
    const socket = this.node.bind(port);
    const queued = (): number => receiverOf(socket).queue.length;
    const endpoint = this.#cluster.ledger.bound(this.incarnation, port, queued);
    const seat = { socket, endpoint };
    this.seats.push(seat);
    this.#watch(seat);
    void this.#read(seat);
  }

  /** What programs do besides sending. */
  meddle(seat: OwnSeat, to: Address): void {
    const { random } = this.#cluster;
    const what = random.pick(['cancel', 'close', 'reset', 'ping', 'flush'] as const);
    if (what === 'cancel') this.#cancel(seat, random.chance(0.5) ? to : undefined);
    if (what === 'close') {
      this.#close(seat);
      if (random.chance(0.8)) this.bind(seat.endpoint.port);
    }
    if (what === 'reset') {
      const known = this.node.info().connections;
      if (known.length > 0) this.node.resetConnection(random.pick(known));
    }
    if (what === 'ping') void this.node.ping(to).catch(() => {});
    if (what === 'flush') void seat.socket.flush(undefined, { timeoutMs: 1000 }).catch(() => {});
  }

  send(seat: OwnSeat, to: Address, length: number): void {
    const { ledger } = this.#cluster;
    const options = this.#anyOptions();
    const [entry, data] = ledger.sending(seat.endpoint, to.address, to.port, length);
    if (options === 'try') {
      this.#trySend(seat, to, entry, data);
      return;
    }
    const settlement = options?.until === 'delivered' ? 'delivered' : 'accepted';
    seat.socket.sendmsg(data, to, options).then(
      () => {
        ledger.settled(entry, settlement);
        data.fill(0);
      },
      (error: RdsError) => this.#failed(entry, error, settlement === 'delivered'),
    );
  }

  #trySend({ socket }: OwnSeat, to: Address, entry: Entry, data: Uint8Array): void {
    const { ledger } = this.#cluster;
    const wasCongested = isCongested(this.node, to);
    try {
      socket.trySendmsg(data, to);
      this.#judge(overlooked(wasCongested), entry);
      ledger.settled(entry, 'accepted');
      // The node has its copy: the caller's is the caller's again.
      data.fill(0);
    } catch (error) {
      const isFull = (error as RdsError).code === 'EAGAIN';
      if (isFull) this.#judge(neededRoom(socket, ledger.entries, entry), entry);
      ledger.settled(entry, 'not-delivered', error);
    }
  }

  #judge(wrong: string | undefined, entry: Entry): void {
    if (wrong !== undefined) this.#cluster.ledger.violated(wrong, entry);
  }

  async close(): Promise<void> {
    await this.node.close({ deadlineMs: this.#cluster.random.pick([0, 1000]) });
  }

  async destroy(): Promise<void> {
    await this.node.destroy();
  }

  /** Wakes all readers that sleep. */
  hurry(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  #lost(event: Lost): void {
    this.lost.push(event);
    const { address, reason } = event;
    if (NONSENSE.includes(reason)) this.#cluster.ledger.nonsense(this.incarnation, address, reason);
  }

  /** Closes a socket, gracefully or at once. What it had not got acknowledged is excused. */
  #close(seat: OwnSeat): void {
    this.seats.splice(this.seats.indexOf(seat), 1);
    seat.endpoint.isOpen = false;
    this.#excuse(({ from }) => from === seat.endpoint);
    const { ledger, random } = this.#cluster;
    const deadlineMs = random.pick([0, 100, 5000]);
    const { clock } = this.machine.host;
    const startMs = clock.now();
    void seat.socket.close({ deadlineMs }).then((left) => {
      ledger.freed(seat.endpoint);
      const wrong = hurried(left, clock.now() - startMs, deadlineMs);
      // Who closes the whole node meanwhile does not wait for this socket.
      if (wrong === undefined || this.node.isClosed) return;
      ledger.violations.push(`${this.node.address}:${seat.endpoint.port} ${wrong}`);
    });
  }

  #cancel(seat: OwnSeat, to: Address | undefined): void {
    const key = to && `→ ${to.address}:${to.port}`;
    this.#excuse(({ from, flow }) => from === seat.endpoint && flow.key.endsWith(key ?? ''));
    seat.socket.cancelSentTo(to);
  }

  #failed(entry: Entry, error: RdsError, hasReceipt: boolean): void {
    const { ledger } = this.#cluster;
    if (hasReceipt && error.outcome === undefined && error.code !== 'EBADF') {
      ledger.violated(`a receipt without an outcome: ${error}`, entry);
    }
    const isKnown = error.outcome === 'not-delivered' || (!hasReceipt && error.code !== 'EBADF');
    ledger.settled(entry, isKnown ? 'not-delivered' : 'unknown', error);
    // One without a name may have been taken for another.
    if (isKnown && entry.arrivals.length > 0 && hasName(entry)) {
      ledger.violated(`arrived, but ${error}`, entry);
    }
  }

  #excuse(matches: (entry: Entry) => boolean): void {
    for (const entry of this.#cluster.ledger.entries) {
      if (entry.arrivals.length === 0 && matches(entry)) entry.isExcused = true;
    }
  }

  #anyOptions(): SendOptions | 'try' | undefined {
    const { random, simulation } = this.#cluster;
    const kind = random.integer(0, 9);
    if (kind < 3) return undefined;
    if (kind === 3) return 'try';
    const until = random.pick(['queued', 'delivered', 'delivered'] as const);
    if (kind === 4) return { until, dontWait: true };
    if (kind === 5) return { until, timeoutMs: random.pick(TIMEOUTS_MS) };
    if (kind !== 6) return { until };
    const controller = new AbortController();
    simulation.clock.setTimer(random.pick(TIMEOUTS_MS), () => controller.abort());
    return { until, signal: controller.signal };
  }

  async #read(seat: OwnSeat): Promise<void> {
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

  #arrived({ endpoint, socket }: OwnSeat, from: Address, data: Uint8Array): void {
    if (!endpoint.isOpen) return;
    const { ledger } = this.#cluster;
    ledger.arrived(endpoint, from, data);
    const wrong = miscounted(socket);
    if (wrong !== undefined)
      ledger.violations.push(`${this.node.address}:${socket.port}: ${wrong}`);
  }

  /** Looks at what comes in before the socket has it, and the program, and any acknowledgement. */
  #watch({ socket, endpoint }: OwnSeat): void {
    const receiver = receiverOf(socket);
    receiver.deliver = (message) => {
      const entry = this.#cluster.ledger.sentWith(message.data, endpoint);
      if (entry !== undefined) this.#judge(this.#struckOff(entry), entry);
      Receiver.prototype.deliver.call(receiver, message);
    };
  }

  /** What goes by no connection, or was acknowledged as to a kernel, need not be kept so long. */
  #struckOff(entry: Entry): string | undefined {
    const sender = this.#cluster.nodeOf(entry.from.incarnation);
    if (sender === undefined || sender === this.node || !isPromised(entry)) return undefined;
    return this.#cluster.ledger.wentToKernel(entry) ? undefined : struckOff(sender, entry);
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
