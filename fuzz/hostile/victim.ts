/**
 * Victim: the node that is attacked, with a program that sends, receives and does not look, and
 * what must hold of it whatever comes.
 */

import {
  type ConnectionEvent,
  openNode,
  RdsError,
  type RdsNode,
  type RdsSocket,
} from '../../packages/rds-core/src/index.js';
import type {
  SimulatedClock,
  SimulatedNetwork,
} from '../../packages/rds-core/src/testing/index.js';
import { check } from '../target.js';
import { pick } from './words.js';

export const VICTIM = '10.0.0.5';
export const MAX_MESSAGE_BYTES = 4096;
const MAX_QUEUED_BYTES = 64 * 1024;
/** What is read at once. Its messages are delivered, though the first of them fills the node. */
export const CHUNK_BYTES = 16 * 1024;
const MAX_PEERS = 4;
/** Per peer: the timer of its state, one of a barrier, and a few parcels on their way. */
const MAX_PENDING = 100;
const SEND_TIMEOUT_MS = 2000;

export class Victim {
  readonly node: RdsNode;
  readonly #clock: SimulatedClock;
  /** A listener takes what comes to 5000 and 5002; nobody reads 5001 but when told to. */
  readonly inbox: RdsSocket;
  readonly #sink: RdsSocket;
  readonly #sender: RdsSocket;
  #extra: RdsSocket | null = null;
  /** Calls that have not yet come back. */
  #outstanding = 0;
  readonly #states = new Set<string>();
  #lastEvent = '';

  private constructor(node: RdsNode, clock: SimulatedClock) {
    this.node = node;
    this.#clock = clock;
    this.inbox = node.bind(5000);
    this.#sink = node.bind({ port: 5001, receiveBufferBytes: 16 * 1024 });
    node.bind(5002).on('message', () => {});
    this.#sender = node.bind({ port: 4000, sendBufferBytes: 16 * 1024 });
    node.on('connection', (event) => this.#note(event));
  }

  static async open(clock: SimulatedClock, network: SimulatedNetwork): Promise<Victim> {
    const options = {
      address: VICTIM,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      maxQueuedBytes: MAX_QUEUED_BYTES,
      maxPeers: MAX_PEERS,
      handshakeTimeoutMs: 1000,
      livenessMs: 2000,
    };
    return new Victim(await openNode(options, network.runtime()), clock);
  }

  send(address: string, a: number, b: number): void {
    const to = {
      address,
      port: 6000 + (a >> 5),
      tcpPort: pick([16385, 16385, 7000, 7001], a >> 3),
    };
    const payload = new Uint8Array(pick([1, 0, 100, MAX_MESSAGE_BYTES], b));
    const until = a & 1 ? 'delivered' : 'queued';
    const count = a & 2 ? 16 : 1;
    for (let n = 0; n < count; n++) {
      this.#call(this.#sender.sendmsg(payload, to, { until, timeoutMs: SEND_TIMEOUT_MS }));
    }
  }

  act(address: string, a: number): void {
    const { node } = this;
    switch (a % 6) {
      case 0:
        this.read();
        break;
      case 1:
        if (this.#extra === null) this.#extra = node.bind(5003);
        else this.#call(this.#extra.close({ deadlineMs: a }));
        break;
      case 2:
        this.#call(Promise.resolve().then(() => node.resetConnection(address)));
        break;
      case 3:
        this.#call(node.ping(address, { timeoutMs: SEND_TIMEOUT_MS }));
        break;
      case 4:
        this.#call(
          Promise.resolve().then(() => this.#sender.cancelSentTo({ address, port: 6000 })),
        );
        break;
      default:
        this.#call(this.#sender.flush(undefined, { timeoutMs: SEND_TIMEOUT_MS }));
    }
  }

  /** Takes all that the sink has. */
  read(): void {
    while (this.#sink.recvmmsg().length > 0);
  }

  /** From now on all that comes is taken. */
  readAll(): void {
    for (const socket of [this.#sink, this.#sender, this.#extra]) {
      if (socket?.isClosed === false) socket.on('message', () => {});
    }
  }

  checkLimits(): void {
    const { queuedBytes, connections } = this.node.info();
    for (const { address, peer, state } of connections)
      this.#states.add(`${address} ${peer} ${state}`);
    const most = MAX_QUEUED_BYTES + CHUNK_BYTES + MAX_MESSAGE_BYTES;
    check(queuedBytes <= most, `${queuedBytes} bytes are queued, more than ${most}`);
    check(connections.length <= MAX_PEERS, `${connections.length} peers`);
    // Each call that waits has a timer of its own.
    const pending = this.#clock.pending - this.#outstanding;
    check(pending <= MAX_PENDING, `${pending} events are pending`);
  }

  /** Closes, in good order or at once. */
  async close(gracefully: boolean): Promise<void> {
    const { node } = this;
    await this.#clock.until(gracefully ? node.close({ deadlineMs: 300 }) : node.destroy());
    await this.#clock.settle();
    check(this.#outstanding === 0, `${this.#outstanding} calls have not come back`);
  }

  /** What this life was like, in words. */
  features(): string[] {
    const counters = Object.entries(this.node.info().counters)
      .filter(([name, value]) => value > 0 && !name.includes('bytes'))
      .map(([name, value]) => `${name} ${Math.min(32 - Math.clz32(value), 7)}`);
    return [...counters, ...this.#states];
  }

  #note(event: ConnectionEvent): void {
    const text = 'reason' in event ? `${event.type} ${event.reason}` : event.type;
    this.#states.add(`${this.#lastEvent}, ${text}`);
    this.#lastEvent = text;
  }

  #call(promise: Promise<unknown>): void {
    this.#outstanding++;
    promise.then(
      () => {
        this.#outstanding--;
      },
      (error: unknown) => {
        if (!(error instanceof RdsError)) throw error;
        this.#outstanding--;
      },
    );
  }
}
