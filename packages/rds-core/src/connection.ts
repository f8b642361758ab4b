/**
 * Connection: a peer, as long as the node lives: who it is, which incarnation of it, which of its
 * ports are congested, and the path to it. Mirrors `struct rds_connection`.
 */

import type { Address, IpAddress } from './address.js';
import type { CloseReason } from './close-reason.js';
import { CongestionMap } from './congestion-map.js';
import { RdsError } from './errors.js';
import type { Flow, Route, Unacknowledged } from './flow.js';
import type { Message, MessageOwner, Receipt } from './message.js';
import { Path } from './path.js';
import type { PathOwner, PathSetup } from './path-owner.js';
import type { Payload } from './payload.js';
import type { PeerKind } from './peer.js';
import { Pending, type WaitOptions } from './pending.js';
import type { TcpAddress } from './runtime.js';
import type { Stranger } from './stranger.js';
import type { Extensions } from './wire/extension.js';

/** What a connection asks of its node, and tells it. */
export interface ConnectionOwner {
  readonly extensions: Uint8Array;
  readonly mapExtensions: Uint8Array | null;
  readonly mapVersion: number;
  copyMap(bytes: Uint8Array, at: number): void;
  freePort(): number;
  deliver(from: Address, dport: number, payload: Uint8Array): boolean;
  connectionUp(connection: Connection): void;
  connectionDown(connection: Connection, reason: CloseReason, error: unknown): void;
  /** A connection ended before anything could be exchanged on it. */
  refused(address: string, reason: CloseReason): void;
  connectionRestarted(connection: Connection): void;
  connectionUncertain(connection: Connection, messages: readonly Message[]): void;
  peerMapChanged(connection: Connection): void;
  /** Nothing waits for it, and it was never reached or has closed. */
  forget(connection: Connection): void;
}

/** Sender addresses remembered per peer, so that messages of one sender share one object. */
const MAX_SENDERS = 1024;

export class Connection implements Route, PathOwner {
  readonly ip: IpAddress;
  readonly remote: TcpAddress;
  readonly path: Path;
  readonly #owner: ConnectionOwner;
  readonly #setup: PathSetup;
  #kind: PeerKind = 'unknown';
  isAssumed = false;
  /** The peer's incarnation; 0 if it does not say. */
  #generation = 0;
  readonly #congestion = new CongestionMap();
  readonly #blocked = new Map<number, Set<Flow>>();
  readonly #senders = new Map<number, Address>();
  #lastSender: Address | null = null;
  readonly #pings = new Map<number, { sentAtMs: number; pending: Pending<number> }>();
  readonly #closed: Promise<void>;
  #resolveClosed!: () => void;

  constructor(ip: IpAddress, remote: TcpAddress, owner: ConnectionOwner, setup: PathSetup) {
    this.ip = ip;
    this.remote = remote;
    this.#owner = owner;
    this.#setup = setup;
    this.path = new Path(this, setup);
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get congestedPorts(): number[] {
    return this.#congestion.ports();
  }

  // ── Route ────────────────────────────────────────────────────────────────────────────────────

  isCongested(port: number): boolean {
    if (!this.#congestion.isCongested(port)) return false;
    // Only the peer can say that it no longer is, and not without a connection.
    this.path.wake();
    return true;
  }

  awaitUncongested(port: number, flow: Flow): void {
    const flows = this.#blocked.get(port) ?? new Set();
    this.#blocked.set(port, flows.add(flow));
  }

  send(
    payload: Payload,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void {
    this.path.exchange.send(payload, sport, dport, owner, receipt);
    this.path.wake();
  }

  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged {
    const { queue } = this.path.exchange;
    const canceled = queue.takeWhere(({ owner }) => matches(owner));
    const bytes = canceled.reduce((sum, { length }) => sum + length, 0);
    for (const message of canceled) message.settle('canceled');
    this.#setup.stats.send_canceled += canceled.length;
    return { messages: canceled.length, bytes };
  }

  get isGone(): boolean {
    return this.path.state.kind === 'closed';
  }

  // ── For the node ─────────────────────────────────────────────────────────────────────────────

  accept(stranger: Stranger): void {
    this.path.accept(stranger);
  }

  /** The round trip of an RDS ping, in milliseconds. */
  async ping(options: WaitOptions): Promise<number> {
    const { clock } = this.#setup.runtime;
    const tag = this.#owner.freePort();
    const { address } = this.remote;
    const details = { syscall: 'ping', address };
    const pending = new Pending<number>(clock, options, details, () => this.#pings.delete(tag));
    if (!pending.isSettled) {
      this.#pings.set(tag, { sentAtMs: clock.now(), pending });
      if (this.path.state.kind === 'up') this.path.exchange.ping(tag);
      else this.path.wake();
    }
    return pending.promise;
  }

  /** Half-closes and waits until the peer has done the same, or a moment has passed. */
  close(): Promise<void> {
    this.path.finish();
    return this.#closed;
  }

  // ── PathOwner ────────────────────────────────────────────────────────────────────────────────

  get kind(): PeerKind {
    return this.#kind;
  }

  get extensions(): Uint8Array {
    return this.#owner.extensions;
  }

  get mapExtensions(): Uint8Array | null {
    return this.isAssumed ? this.#owner.extensions : this.#owner.mapExtensions;
  }

  get mapVersion(): number {
    return this.#owner.mapVersion;
  }

  get wanted(): boolean {
    if (this.#pings.size > 0) return true;
    return [...this.#blocked.values()].some((flows) => [...flows].some((flow) => flow.waiting > 0));
  }

  copyMap(bytes: Uint8Array, at: number): void {
    this.#owner.copyMap(bytes, at);
  }

  freePort(): number {
    return this.#owner.freePort();
  }

  mapReceived(map: Uint8Array): void {
    if (!this.#congestion.replace(map)) return;
    this.#owner.peerMapChanged(this);
    for (const [port, flows] of [...this.#blocked]) {
      if (this.#congestion.isCongested(port)) continue;
      this.#blocked.delete(port);
      for (const flow of flows) flow.advance();
    }
  }

  introduced({ own, generation = 0 }: Extensions): void {
    const kind = own === undefined ? 'linux' : 'rds-tcp';
    const replaced = this.#kind === 'rds-tcp' && kind === 'linux';
    const restarted = generation !== 0 && this.#generation !== 0 && generation !== this.#generation;
    this.#kind = kind;
    this.isAssumed = false;
    if (generation !== 0 || replaced) this.#generation = generation;
    if (restarted || replaced) this.#restarted();
  }

  foreign(): void {
    this.introduced({});
  }

  startedOver(): void {
    this.#owner.connectionRestarted(this);
  }

  assumeForeign(): void {
    this.#kind = 'linux';
    this.isAssumed = true;
  }

  deliver(sport: number, dport: number, payload: Uint8Array): boolean {
    return this.#owner.deliver(this.#sender(sport), dport, payload);
  }

  ponged(tag: number): void {
    const ping = this.#pings.get(tag);
    if (ping === undefined) return;
    this.#pings.delete(tag);
    ping.pending.resolve(this.#setup.runtime.clock.now() - ping.sentAtMs);
  }

  giveUp(messages: readonly Message[], settlement: 'restarted' | 'unconfirmed'): void {
    const unknown = messages.filter(({ verdict }) => verdict === 'delivered');
    this.#setup.stats.send_uncertain += unknown.length;
    if (unknown.length > 0) this.#owner.connectionUncertain(this, unknown);
    for (const message of messages) {
      message.settle(message.verdict === 'delivered' ? settlement : message.verdict);
    }
  }

  connected(): void {
    // Pings are not kept over a broken connection, and those who wait for them still wait.
    for (const tag of this.#pings.keys()) this.path.exchange.ping(tag);
    this.#owner.connectionUp(this);
  }

  disconnected(reason: CloseReason, error: unknown, wasUp: boolean): void {
    if (wasUp) this.#owner.connectionDown(this, reason, error);
    else this.#owner.refused(this.remote.address, reason);
  }

  unreachable(): void {
    this.#owner.forget(this);
  }

  closed(): void {
    for (const { pending } of this.#pings.values()) {
      pending.reject(new RdsError('EBADF', 'the node was closed', { syscall: 'ping' }));
    }
    this.#pings.clear();
    this.#resolveClosed();
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  #restarted(): void {
    this.path.exchange.peerRestarted();
    this.#owner.connectionRestarted(this);
  }

  #sender(port: number): Address {
    if (this.#lastSender?.port === port) return this.#lastSender;
    let sender = this.#senders.get(port);
    if (sender === undefined) {
      if (this.#senders.size >= MAX_SENDERS) this.#senders.clear();
      const { address, tcpPort } = this.remote;
      const elsewhere = tcpPort !== this.#setup.local.tcpPort;
      sender = Object.freeze(elsewhere ? { address, port, tcpPort } : { address, port });
      this.#senders.set(port, sender);
    }
    this.#lastSender = sender;
    return sender;
  }
}
