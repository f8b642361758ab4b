/**
 * RdsNode: one RDS address, which is what a host is to a kernel: its sockets, its peers, and the
 * TCP port where they meet. Two nodes in one process are as apart as two machines.
 */

import { EventEmitter } from 'eventemitter3';
import { type Address, type IpAddress, isInteger, unicastIp } from './address.js';
import type { Connection } from './connection.js';
import { RdsError, type RdsErrorCode } from './errors.js';
import type { NodeEvents } from './events.js';
import { type Route, sum, type Unacknowledged } from './flow.js';
import { Herald } from './herald.js';
import { connectionInfo, counters, type NodeInfo, socketInfo } from './info.js';
import { Introduction } from './introduction.js';
import { Loopback } from './loopback.js';
import { type BindOptions, type ResolvedNodeOptions, resolveBindOptions } from './options.js';
import { PeerTable, type PeerTableOwner } from './peer-table.js';
import type { WaitOptions } from './pending.js';
import type { PortTable } from './port-table.js';
import type { Clock, Listener, Runtime, Stream } from './runtime.js';
import { type CloseOptions, type RdsSocket, resolveDeadline } from './socket.js';
import { SocketTable, type SocketTableOwner } from './socket-table.js';
import { Stats } from './stats.js';

const PING_TIMEOUT_MS = 5000;

export class RdsNode
  extends EventEmitter<NodeEvents>
  implements AsyncDisposable, SocketTableOwner, PeerTableOwner
{
  readonly address: string;
  /** Where the node listens. */
  readonly tcpPort: number;
  /** @internal */
  readonly runtime: Runtime;
  /** @internal */
  readonly stats = new Stats();
  /** @internal */
  readonly introduction: Introduction;
  /** @internal */
  readonly herald: Herald;
  /** @internal */
  readonly sockets: SocketTable;
  readonly #options: ResolvedNodeOptions;
  readonly #listener: Listener;
  readonly #peers: PeerTable;
  readonly #loopback: Loopback;
  #closed: Promise<Unacknowledged> | null = null;

  /** @internal Nodes are made by `createNode`, or by `openNode` on a runtime of your own. */
  constructor(options: ResolvedNodeOptions, runtime: Runtime, listener: Listener) {
    super();
    this.address = options.ip.text;
    this.tcpPort = listener.tcpPort;
    this.runtime = runtime;
    this.#options = options;
    this.#listener = listener;
    this.introduction = new Introduction(runtime.random(), this.tcpPort, options.paths);
    this.herald = new Herald(this, runtime);
    this.sockets = new SocketTable(this, options.maxQueuedBytes);
    this.#loopback = new Loopback(runtime, this.sockets);
    this.#peers = new PeerTable(this, runtime, options, this.stats, this.tcpPort);
  }

  // ── For programs ─────────────────────────────────────────────────────────────────────────────

  /**
   * A socket on `port`, or on any free one. Throws EADDRINUSE if the port is taken, EINVAL for
   * port 1 and bad options, EBADF if the node is closed.
   */
  bind(portOrOptions?: number | BindOptions): RdsSocket {
    this.#checkOpen('bind');
    return this.sockets.bind(resolveBindOptions(portOrOptions, this.#options));
  }

  /**
   * The round-trip time in milliseconds of an RDS ping, whatever is bound there. ETIMEDOUT after
   * `timeoutMs` (5,000).
   */
  async ping(
    address: string | { address: string; tcpPort?: number | undefined },
    options: WaitOptions = {},
  ): Promise<number> {
    const { ip, tcpPort } = this.#peerOf(address, 'ping');
    if (this.#isSelf(ip, tcpPort)) return this.#pingSelf();
    const connection = this.#peers.connection(ip, tcpPort, 'ping');
    const { timeoutMs = PING_TIMEOUT_MS, signal } = options;
    return connection.ping({ timeoutMs, signal });
  }

  /**
   * RDS_CONN_RESET: drops the connection to a peer and makes it anew. Nothing is lost. Throws
   * ENOTCONN if there never was one.
   */
  resetConnection(address: string | { address: string; tcpPort?: number | undefined }): void {
    const { ip, tcpPort } = this.#peerOf(address, 'resetConnection');
    const connection = this.#peers.get(ip, tcpPort);
    if (connection === undefined) {
      throw this.#error('ENOTCONN', `no connection to ${ip.text} was ever made`, 'resetConnection');
    }
    connection.reset();
  }

  /** A snapshot of sockets, connections, queues and counters. */
  info(): NodeInfo {
    return {
      address: this.address,
      tcpPort: this.tcpPort,
      sockets: Array.from(this.sockets.ports, socketInfo),
      connections: Array.from(this.#peers, connectionInfo),
      queuedBytes: this.sockets.hardLimit.queuedBytes,
      nowMs: this.runtime.clock.now(),
      counters: counters(this.stats),
    };
  }

  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /**
   * Closes all sockets, waiting until what they sent is acknowledged or the deadline has passed,
   * then the connections and the listener. Says what was not acknowledged. After it nothing of
   * the node is left, and a process with nothing else to do ends.
   */
  async close(options: CloseOptions = {}): Promise<Unacknowledged> {
    const deadlineMs = resolveDeadline(options);
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  /** Drops everything at once, as if the process had died. Returns what was not acknowledged. */
  async destroy(): Promise<Unacknowledged> {
    let left: Unacknowledged = { messages: 0, bytes: 0 };
    this.#closed ??= Promise.resolve().then(() => left);
    left = this.sockets.destroy();
    this.#peers.closeDoor();
    for (const connection of [...this.#peers]) connection.destroy();
    await this.#listener.close();
    return left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ── For sockets ──────────────────────────────────────────────────────────────────────────────

  /** @internal For who looks inside: tap.ts, message-info.ts. */
  get inside(): { ports: PortTable; peers: PeerTable } {
    return { ports: this.sockets.ports, peers: this.#peers };
  }

  /** @internal */
  get clock(): Clock {
    return this.runtime.clock;
  }

  /** @internal */
  get maxMessageBytes(): number {
    return this.#options.maxMessageBytes;
  }

  /** @internal */
  get epoch(): number {
    return this.#peers.epoch;
  }

  /** @internal */
  route(to: Address, syscall: string): { route: Route; to: Address } {
    const { ip, tcpPort } = this.#peerOf(to, syscall);
    const address = { ...to, address: ip.text };
    if (this.#isSelf(ip, tcpPort)) return { route: this.#loopback, to: address };
    return { route: this.#peers.connection(ip, tcpPort, syscall), to: address };
  }

  /** @internal */
  mapChanged(): void {
    for (const { path } of this.#peers) path.exchange.mapChanged();
    this.#loopback.uncongested();
  }

  /** @internal */
  pause(paused: boolean): void {
    for (const connection of this.#peers) connection.pause(paused);
  }

  // ── For connections ──────────────────────────────────────────────────────────────────────────

  /** @internal */
  get isPaused(): boolean {
    return this.sockets.hardLimit.isPaused;
  }

  /** @internal */
  get mapVersion(): number {
    return this.sockets.congestion.version;
  }

  /** @internal */
  get mapExtensions(): Uint8Array | null {
    return this.introduction.mapExtensions;
  }

  /** @internal */
  copyMap(bytes: Uint8Array, at: number): void {
    this.sockets.congestion.copyTo(bytes, at);
  }

  /** @internal */
  freePort(): number {
    return this.sockets.ports.next();
  }

  /** @internal */
  accept(stream: Stream): void {
    this.#peers.accept(stream);
  }

  /** @internal */
  forget(connection: Connection): void {
    this.#peers.forget(connection);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  async #close(deadlineMs: number): Promise<Unacknowledged> {
    const left = await this.sockets.close(deadlineMs);
    this.#peers.closeDoor();
    await Promise.all([...this.#peers].map((connection) => connection.close()));
    await this.#listener.close();
    return sum(left);
  }

  async #pingSelf(): Promise<number> {
    const { clock } = this.runtime;
    const sentAtMs = clock.now();
    await new Promise<void>((resolve) => this.runtime.defer(resolve));
    return clock.now() - sentAtMs;
  }

  #isSelf(ip: IpAddress, tcpPort: number): boolean {
    return tcpPort === this.tcpPort && ip.text === this.address;
  }

  #peerOf(
    peer: string | { address: string; tcpPort?: number | undefined },
    syscall: string,
  ): { ip: IpAddress; tcpPort: number } {
    this.#checkOpen(syscall);
    const { address, tcpPort = this.tcpPort } =
      typeof peer === 'string' ? { address: peer } : (peer ?? {});
    const ip = unicastIp(address, syscall);
    if (!isInteger(tcpPort, 1, 65535)) {
      throw this.#error('EINVAL', `tcpPort ${String(tcpPort)} is not in 1–65535`, syscall);
    }
    if (ip.family !== this.#options.ip.family) {
      const text = `${this.address} can not reach ${ip.text}: IPv4 and IPv6 do not mix in RDS`;
      throw this.#error('EOPNOTSUPP', text, syscall);
    }
    return { ip, tcpPort };
  }

  #checkOpen(syscall: string): void {
    if (this.#closed !== null) throw this.#error('EBADF', 'the node is closed', syscall);
  }

  #error(code: RdsErrorCode, text: string, syscall: string): RdsError {
    return new RdsError(code, text, { syscall, address: this.address });
  }
}
