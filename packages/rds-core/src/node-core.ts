/**
 * NodeCore: the inside of a node: its parts, and what sockets and connections ask of their node.
 * A program has the RdsNode around it, which shows nothing of this.
 */

import { type Address, type IpAddress, isInteger, unicastIp } from './address.js';
import type { Connection } from './connection.js';
import { RdsError, type RdsErrorCode } from './errors.js';
import { type Route, sum, type Unacknowledged } from './flow.js';
import { Herald, type HeraldedNode } from './herald.js';
import { Introduction } from './introduction.js';
import { Loopback } from './loopback.js';
import type { ResolvedNodeOptions } from './options.js';
import { PeerTable, type PeerTableOwner } from './peer-table.js';
import type { Clock, Listener, Runtime } from './runtime.js';
import { SocketTable, type SocketTableOwner } from './socket-table.js';
import { Stats } from './stats.js';

/** A node: by its address alone, or with the TCP port where it listens. */
export type NodeAddress = string | { address: string; tcpPort?: number | undefined };

export class NodeCore implements SocketTableOwner, PeerTableOwner {
  readonly address: string;
  readonly options: ResolvedNodeOptions;
  readonly runtime: Runtime;
  readonly stats = new Stats();
  readonly introduction: Introduction;
  readonly herald: Herald;
  readonly sockets: SocketTable;
  readonly peers: PeerTable;
  readonly #tcpPort: number;
  readonly #listener: Listener;
  readonly loopback: Loopback;
  #closed: Promise<Unacknowledged> | null = null;

  constructor(
    node: HeraldedNode,
    options: ResolvedNodeOptions,
    runtime: Runtime,
    listener: Listener,
  ) {
    this.address = options.ip.text;
    this.options = options;
    this.runtime = runtime;
    this.#tcpPort = listener.tcpPort;
    this.#listener = listener;
    this.introduction = new Introduction(runtime.random(), this.#tcpPort, options.paths);
    this.herald = new Herald(node, runtime);
    this.sockets = new SocketTable(this, options.maxQueuedBytes);
    this.peers = new PeerTable(this, runtime, options, this.stats, this.#tcpPort);
    this.loopback = new Loopback(runtime, this.sockets, this.peers.pool);
  }

  // ── For the node ─────────────────────────────────────────────────────────────────────────────

  get isClosed(): boolean {
    return this.#closed !== null;
  }

  /** Which peer is meant; throws EBADF, EINVAL, EOPNOTSUPP. */
  peerOf(peer: NodeAddress, syscall: string): { ip: IpAddress; tcpPort: number } {
    this.checkOpen(syscall);
    const { address, tcpPort = this.#tcpPort } =
      typeof peer === 'string' ? { address: peer } : (peer ?? {});
    const ip = unicastIp(address, syscall);
    if (!isInteger(tcpPort, 1, 65535)) {
      throw this.error('EINVAL', `tcpPort ${String(tcpPort)} is not in 1–65535`, syscall);
    }
    if (ip.family !== this.options.ip.family) {
      const text = `${this.address} can not reach ${ip.text}: IPv4 and IPv6 do not mix in RDS`;
      throw this.error('EOPNOTSUPP', text, syscall);
    }
    return { ip, tcpPort };
  }

  isSelf(ip: IpAddress, tcpPort: number): boolean {
    return tcpPort === this.#tcpPort && ip.text === this.address;
  }

  checkOpen(syscall: string): void {
    if (this.isClosed) throw this.error('EBADF', 'the node is closed', syscall);
  }

  error(code: RdsErrorCode, text: string, syscall: string): RdsError {
    return new RdsError(code, text, { syscall, address: this.address });
  }

  close(deadlineMs: number): Promise<Unacknowledged> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  async destroy(): Promise<Unacknowledged> {
    let left: Unacknowledged = { messages: 0, bytes: 0 };
    this.#closed ??= Promise.resolve().then(() => left);
    left = this.sockets.destroy();
    this.peers.closeDoor();
    for (const connection of [...this.peers]) connection.destroy();
    await this.#listener.close();
    return left;
  }

  // ── For sockets ──────────────────────────────────────────────────────────────────────────────

  get clock(): Clock {
    return this.runtime.clock;
  }

  get maxMessageBytes(): number {
    return this.options.maxMessageBytes;
  }

  get epoch(): number {
    return this.peers.epoch;
  }

  route(to: Address, syscall: string): { route: Route; to: Address } {
    const { ip, tcpPort } = this.peerOf(to, syscall);
    const address = { ...to, address: ip.text };
    if (this.isSelf(ip, tcpPort)) return { route: this.loopback, to: address };
    return { route: this.peers.connection(ip, tcpPort, syscall), to: address };
  }

  mapChanged(): void {
    for (const { path } of this.peers) path.exchange.mapChanged();
    this.loopback.uncongested();
  }

  pause(paused: boolean): void {
    for (const connection of this.peers) connection.pause(paused);
  }

  // ── For connections ──────────────────────────────────────────────────────────────────────────

  get isPaused(): boolean {
    return this.sockets.hardLimit.isPaused;
  }

  get mapVersion(): number {
    return this.sockets.congestion.version;
  }

  get mapExtensions(): Uint8Array | null {
    return this.introduction.mapExtensions;
  }

  copyMap(bytes: Uint8Array, at: number): void {
    this.sockets.congestion.copyTo(bytes, at);
  }

  freePort(): number {
    return this.sockets.ports.next();
  }

  forget(connection: Connection): void {
    this.peers.forget(connection);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  async #close(deadlineMs: number): Promise<Unacknowledged> {
    const left = await this.sockets.close(deadlineMs);
    this.peers.closeDoor();
    await Promise.all([...this.peers].map((connection) => connection.close()));
    await this.#listener.close();
    return sum(left);
  }
}
