/**
 * RdsNode: one RDS address, which is what a host is to a kernel: its sockets, its peers, and the
 * TCP port where they meet. Two nodes in one process are as apart as two machines.
 */

import { EventEmitter } from 'eventemitter3';
import { type Address, type IpAddress, isInteger, RDS_TCP_PORT, unicastIp } from './address.js';
import type { CloseReason } from './close-reason.js';
import type { Connection } from './connection.js';
import { RdsError, type RdsErrorCode } from './errors.js';
import type { NodeEvents } from './events.js';
import { type Route, sum, type Unacknowledged } from './flow.js';
import { connectionInfo, counters, type NodeInfo, socketInfo } from './info.js';
import { LocalCongestion } from './local-congestion.js';
import { Loopback, type LoopbackOwner } from './loopback.js';
import type { Message } from './message.js';
import { type BindOptions, type ResolvedNodeOptions, resolveBindOptions } from './options.js';
import { PeerTable, type PeerTableOwner } from './peer-table.js';
import type { WaitOptions } from './pending.js';
import { PortTable } from './port-table.js';
import type { Clock, Listener, Runtime, Stream } from './runtime.js';
import { type CloseOptions, RdsSocket, resolveDeadline, type SocketOwner } from './socket.js';
import { Stats } from './stats.js';
import { encodeExtensions, ownFeatures } from './wire/extension.js';

/** What a queued message costs besides its payload: measured, about 270 bytes on Node 20. */
const MESSAGE_OVERHEAD_BYTES = 288;
/** Reading begins again when the queues are down to so much of the hard limit. */
const RESUME_AT = 0.75;
const PING_TIMEOUT_MS = 5000;
const MAX_GENERATION = 0xffff_ffff;

export class RdsNode
  extends EventEmitter<NodeEvents>
  implements AsyncDisposable, SocketOwner, LoopbackOwner, PeerTableOwner
{
  readonly address: string;
  /** Where the node listens. */
  readonly tcpPort: number;
  /** @internal */
  readonly runtime: Runtime;
  /** @internal */
  readonly stats = new Stats();
  /** @internal */
  readonly extensions: Uint8Array;
  /** @internal */
  readonly laneExtensions: Uint8Array;
  /** @internal */
  readonly mapExtensions: Uint8Array | null;
  /** @internal */
  isPaused = false;
  readonly #options: ResolvedNodeOptions;
  readonly #listener: Listener;
  readonly #ports: PortTable;
  /** Every socket that is not yet closed, with those that only drain. */
  readonly #sockets = new Set<RdsSocket>();
  readonly #peers: PeerTable;
  readonly #loopback: Loopback;
  readonly #congestion: LocalCongestion;
  #queuedBytes = 0;
  #queuedMessages = 0;
  #closed: Promise<Unacknowledged> | null = null;

  /** @internal Nodes are made by `createNode`, or by `openNode` on a runtime of your own. */
  constructor(options: ResolvedNodeOptions, runtime: Runtime, listener: Listener) {
    super();
    this.address = options.ip.text;
    this.tcpPort = listener.tcpPort;
    this.runtime = runtime;
    this.#options = options;
    this.#listener = listener;
    const { paths } = options;
    const own = { features: ownFeatures(paths), tcpPort: this.tcpPort };
    const generation = 1 + Math.floor(runtime.random() * MAX_GENERATION);
    this.extensions = encodeExtensions({ npaths: 1, generation, own });
    const lanes = { npaths: paths, generation, sportIndex: true, own };
    this.laneExtensions = encodeExtensions(lanes);
    this.mapExtensions = this.tcpPort === RDS_TCP_PORT ? null : encodeExtensions({ own });
    this.#ports = new PortTable(runtime.random());
    this.#congestion = new LocalCongestion(this.#ports, () => this.#mapChanged());
    this.#loopback = new Loopback(runtime, this);
    this.#peers = new PeerTable(this, runtime, options, this.stats, this.tcpPort);
  }

  // ── For programs ─────────────────────────────────────────────────────────────────────────────

  /**
   * A socket on `port`, or on any free one. Throws EADDRINUSE if the port is taken, EINVAL for
   * port 1 and bad options, EBADF if the node is closed.
   */
  bind(portOrOptions?: number | BindOptions): RdsSocket {
    this.#checkOpen('bind');
    const options = resolveBindOptions(portOrOptions, this.#options);
    const port = options.port === 0 ? this.#ports.random(this.runtime.random()) : options.port;
    if (port === null || this.#ports.has(port)) {
      const text = port === null ? 'every port has a socket' : `port ${port} has a socket already`;
      throw this.#error('EADDRINUSE', text, 'bind', port ?? undefined);
    }
    const socket = new RdsSocket(this.address, { ...options, port }, this);
    this.#ports.add(socket);
    this.#sockets.add(socket);
    this.#congestion.mark(port, false);
    return socket;
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
      sockets: Array.from(this.#ports, socketInfo),
      connections: Array.from(this.#peers, connectionInfo),
      queuedBytes: this.#queuedBytes,
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
    left = sum([...this.#sockets].map((socket) => socket.destroy()));
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
    return { ports: this.#ports, peers: this.#peers };
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
  unbind(socket: RdsSocket): void {
    this.#ports.remove(socket);
    this.#congestion.mark(socket.port, false);
  }

  /** @internal */
  socketClosed(socket: RdsSocket): void {
    this.#sockets.delete(socket);
  }

  /** @internal */
  congestionChanged(port: number, congested: boolean): void {
    this.#tell('congestion', { type: 'local', port, congested });
    this.#congestion.mark(port, congested);
  }

  /** @internal */
  queueChanged(byBytes: number, byMessages: number): void {
    this.#queuedBytes += byBytes;
    this.#queuedMessages += byMessages;
    if (byBytes > 0) this.stats.recv_bytes_added_to_sock += byBytes;
    else this.stats.recv_bytes_freed_fromsock -= byBytes;
    const usedBytes = this.#queuedBytes + this.#queuedMessages * MESSAGE_OVERHEAD_BYTES;
    const part = usedBytes / this.#options.maxQueuedBytes;
    this.#congestion.filled(part);
    if (!this.isPaused && part > 1) {
      this.stats.tcp_read_paused++;
      this.#pause(true);
    } else if (this.isPaused && part <= RESUME_AT) {
      this.#pause(false);
    }
  }

  // ── For the loopback and connections ─────────────────────────────────────────────────────────

  /** @internal */
  isCongested(port: number): boolean {
    return this.#congestion.isCongested(port);
  }

  /** @internal */
  deliverLocally(sport: number, dport: number, data: Uint8Array): boolean {
    return this.deliver({ address: this.address, port: sport }, dport, data);
  }

  /** @internal */
  deliver(from: Address, dport: number, data: Uint8Array): boolean {
    const socket = this.#ports.get(dport);
    if (socket === undefined) {
      this.stats.recv_drop_no_sock++;
      return false;
    }
    socket.deliver({ data, from });
    return true;
  }

  /** @internal */
  get mapVersion(): number {
    return this.#congestion.version;
  }

  /** @internal */
  copyMap(bytes: Uint8Array, at: number): void {
    this.#congestion.copyTo(bytes, at);
  }

  /** @internal */
  freePort(): number {
    return this.#ports.next();
  }

  /** @internal */
  accept(stream: Stream): void {
    this.#peers.accept(stream);
  }

  /** @internal */
  refused(address: string, reason: CloseReason): void {
    this.#tell('connection', { type: 'refused', address, reason });
  }

  /** @internal */
  forget(connection: Connection): void {
    this.#peers.forget(connection);
  }

  /** @internal */
  connectionUp({ remote, kind }: Connection): void {
    const peer = kind === 'rds-tcp' ? kind : 'linux';
    this.#tell('connection', { type: 'up', ...remote, peer });
  }

  /** @internal */
  connectionDown({ remote }: Connection, reason: CloseReason, error: unknown): void {
    this.#tell('connection', { type: 'down', ...remote, reason, error });
  }

  /** @internal */
  connectionRestarted({ remote }: Connection): void {
    this.#tell('connection', { type: 'restarted', ...remote });
  }

  /** @internal */
  connectionUncertain({ remote }: Connection, messages: readonly Message[]): void {
    if (!this.#isWanted('uncertain')) return;
    const uncertain = messages.map((message) => ({
      sport: message.sport,
      to: { ...remote, port: message.dport },
      data: message.copyPayload(),
    }));
    this.#tell('uncertain', { type: 'messages', ...remote, messages: uncertain });
  }

  /** @internal */
  peerMapChanged(connection: Connection): void {
    if (!this.#isWanted('congestion')) return;
    const { remote, congestedPorts } = connection;
    this.#tell('congestion', { type: 'remote', ...remote, ports: congestedPorts });
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  async #close(deadlineMs: number): Promise<Unacknowledged> {
    const left = await Promise.all([...this.#sockets].map((s) => s.close({ deadlineMs })));
    this.#peers.closeDoor();
    await Promise.all([...this.#peers].map((connection) => connection.close()));
    await this.#listener.close();
    return sum(left);
  }

  #mapChanged(): void {
    for (const { path } of this.#peers) path.exchange.mapChanged();
    this.#loopback.uncongested();
  }

  #pause(paused: boolean): void {
    this.isPaused = paused;
    for (const connection of this.#peers) connection.pause(paused);
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

  /**
   * Listeners hear at the end of the turn: they are the program's, and may close, reset or throw
   * in the middle of what they are told of.
   */
  #tell<T extends keyof NodeEvents>(event: T, about: NodeEvents[T][0]): void {
    if (!this.#isWanted(event)) return;
    const { watcher } = this.runtime;
    if (watcher?.wants(event)) this.runtime.defer(() => watcher.told(this, event, about));
    this.runtime.defer(() => this.emit(event, ...([about] as never)));
  }

  #isWanted(event: keyof NodeEvents): boolean {
    return this.listenerCount(event) > 0 || this.runtime.watcher?.wants(event) === true;
  }

  #error(code: RdsErrorCode, text: string, syscall: string, port?: number): RdsError {
    return new RdsError(code, text, { syscall, address: this.address, port });
  }
}
