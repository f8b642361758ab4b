/**
 * PeerTable: the connections of a node, and the door for those who are not one yet. Mirrors
 * rds_conn_hash in net/rds/connection.c and rds_tcp_accept_one in net/rds/tcp_listen.c.
 */

import { compareNodes, type IpAddress, parseIp, RDS_TCP_PORT } from './address.js';
import type { CloseReason } from './close-reason.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { RdsError } from './errors.js';
import type { ResolvedNodeOptions } from './options.js';
import { mapFrame } from './outbound.js';
import type { PathSetup } from './path-owner.js';
import type { Runtime, Stream, TcpAddress } from './runtime.js';
import { SlabPool } from './slab.js';
import type { Stats } from './stats.js';
import { Stranger, type StrangerOwner } from './stranger.js';
import { Tap } from './tap.js';

/** Accepted connections that have not yet said whose they are. A mesh of 1,000 may call at once. */
const MAX_STRANGERS = 2048;

export interface PeerTableOwner extends ConnectionOwner {
  /** The hard limit is reached: new connections must not be read either. */
  readonly isPaused: boolean;
}

export class PeerTable implements StrangerOwner {
  readonly #owner: PeerTableOwner;
  readonly #runtime: Runtime;
  readonly #options: ResolvedNodeOptions;
  readonly #stats: Stats;
  readonly #local: TcpAddress;
  /** Of the whole node. */
  readonly pool = new SlabPool();
  readonly tap: Tap;
  readonly #connections = new Map<string, Connection>();
  /** Connections accepted so far. */
  #accepted = 0;
  readonly #strangers = new Set<Stranger>();
  /** Those who have said whose they are, by TCP port, and let their elders speak first. */
  readonly #deferring = new Map<Stranger, number>();
  #isClosed = false;
  /**
   * No path begins below what a forgotten one has used, though somebody may have set the clock
   * back: to a peer that remembers us, this incarnation's lower numbers would be old.
   */
  #leastSequence = 0;
  /** Connections forgotten; their flows must not be used any more. */
  epoch = 0;

  constructor(
    owner: PeerTableOwner,
    runtime: Runtime,
    options: ResolvedNodeOptions,
    stats: Stats,
    tcpPort: number,
  ) {
    this.#owner = owner;
    this.#runtime = runtime;
    this.tap = new Tap((task) => runtime.defer(task));
    this.#options = options;
    this.#stats = stats;
    this.#local = { address: options.ip.text, tcpPort };
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#connections.values();
  }

  get(ip: IpAddress, tcpPort: number): Connection | undefined {
    return this.#connections.get(`${ip.text}/${tcpPort}`);
  }

  /** The connection to a peer, made if need be; ENOBUFS if there are too many. */
  connection(ip: IpAddress, tcpPort: number, syscall: string): Connection {
    const known = this.get(ip, tcpPort);
    if (known !== undefined) return known;
    if (this.#connections.size >= this.#options.maxPeers) {
      const text = `this node has maxPeers (${this.#options.maxPeers}) peers already`;
      throw new RdsError('ENOBUFS', text, { syscall, address: ip.text });
    }
    const remote = { address: ip.text, tcpPort };
    const connection = new Connection(remote, this.#owner, this.#pathSetup(ip, tcpPort));
    if (this.#owner.isPaused) connection.pause(true);
    this.#connections.set(`${ip.text}/${tcpPort}`, connection);
    return connection;
  }

  forget(connection: Connection): void {
    const { address, tcpPort } = connection.remote;
    this.#connections.delete(`${address}/${tcpPort}`);
    this.#stats.conn_forgotten++;
    this.#leastSequence = Math.max(this.#leastSequence, connection.unusedSequence);
    this.epoch++;
    connection.destroy();
  }

  // ── The door ─────────────────────────────────────────────────────────────────────────────────

  accept(stream: Stream): void {
    if (this.#isClosed) {
      this.#turnAway(stream, 'closed');
      return;
    }
    const order = ++this.#accepted;
    const stranger = new Stranger(stream, order, this, this.#runtime, this.#options);
    // Who has said nothing for longest makes room: honest callers introduce themselves at once.
    const [oldest] = this.#strangers;
    if (this.#strangers.size >= MAX_STRANGERS) oldest?.reject('too-many-strangers');
    this.#strangers.add(stranger);
    // A kernel says its map first, to whoever calls. To one that only knocks it says nothing.
    const ip = parseIp(stream.remoteAddress);
    if (ip === null || this.#isLarger(ip, RDS_TCP_PORT)) return;
    const map = mapFrame(this.#owner);
    this.#stats.cong_update_queued++;
    stream.write([map], () => {});
    this.tap.sent({ address: ip.text, tcpPort: RDS_TCP_PORT }, 0, [map]);
    stranger.mapVersion = this.#owner.mapVersion;
  }

  identified(stranger: Stranger, tcpPort: number): void {
    this.#strangers.delete(stranger);
    if (!this.#isOvertaking(stranger)) {
      this.#admit(stranger, tcpPort);
      return;
    }
    // Where our event loop stood still, much waits to be read, in no order: let the elder speak.
    stranger.stream.pause();
    if (this.#deferring.size === 0) this.#runtime.yield(() => this.#admitInOrder());
    this.#deferring.set(stranger, tcpPort);
  }

  #admitInOrder(): void {
    const inOrder = [...this.#deferring].sort(([a], [b]) => a.order - b.order);
    this.#deferring.clear();
    for (const [stranger, tcpPort] of inOrder) {
      stranger.stream.resume();
      this.#admit(stranger, tcpPort);
    }
  }

  /** The peer has made another connection before, which has not been let in yet. */
  #isOvertaking({ order, stream }: Stranger): boolean {
    const isElder = (other: Stranger): boolean =>
      other.order < order && other.stream.remoteAddress === stream.remoteAddress;
    return [...this.#strangers, ...this.#deferring.keys()].some(isElder);
  }

  #admit(stranger: Stranger, tcpPort: number): void {
    const { stream } = stranger;
    if (this.#isClosed) {
      this.#turnAway(stream, 'closed');
      return;
    }
    const ip = parseIp(stream.remoteAddress);
    if (ip === null || compareNodes(this.#identity(), { ip, tcpPort }) === 0) {
      this.#turnAway(stream, 'self');
    } else if (this.#isLarger(ip, tcpPort)) {
      this.#turnAway(stream, 'knock');
      this.#knocked(ip, tcpPort);
    } else if (!this.get(ip, tcpPort) && this.#connections.size >= this.#options.maxPeers) {
      this.#turnAway(stream, 'too-many-peers');
    } else if (stranger.lane > 0 && !this.get(ip, tcpPort)?.hasPath(stranger.lane)) {
      // Its first path has still to say who it is: it will call again.
      this.#turnAway(stream, 'not-greeted');
    } else {
      this.connection(ip, tcpPort, 'accept').accept(stranger);
    }
  }

  rejected(stranger: Stranger, reason: CloseReason): void {
    this.#strangers.delete(stranger);
    const ip = parseIp(stranger.stream.remoteAddress);
    this.#turnAway(stranger.stream, reason);
    // A kernel knocks without a byte.
    if (reason === 'knock' && ip !== null) this.#knocked(ip, RDS_TCP_PORT);
  }

  /** From now on nobody is let in. */
  closeDoor(): void {
    this.#isClosed = true;
    for (const stranger of [...this.#strangers]) stranger.reject('closed');
  }

  #knocked(ip: IpAddress, tcpPort: number): void {
    if (!this.#isLarger(ip, tcpPort)) return;
    if (!this.get(ip, tcpPort) && this.#connections.size >= this.#options.maxPeers) {
      this.#stats.countClosed('too-many-peers');
      this.#owner.herald.refused(ip.text, 'too-many-peers');
      return;
    }
    this.connection(ip, tcpPort, 'accept').knocked();
  }

  #turnAway(stream: Stream, reason: CloseReason): void {
    stream.destroy();
    this.#stats.tcp_listen_closed_stale++;
    this.#stats.countClosed(reason);
    this.#owner.herald.refused(stream.remoteAddress, reason);
  }

  #pathSetup(ip: IpAddress, tcpPort: number): PathSetup {
    return {
      runtime: this.#runtime,
      options: this.#options,
      stats: this.#stats,
      pool: this.pool,
      tap: this.tap,
      local: this.#local,
      firstSequence: Math.max(this.#leastSequence, this.#runtime.initialSequence()),
      dials: this.#isLarger(ip, tcpPort),
      lane: this.#options.paths > 1 ? 0 : undefined,
    };
  }

  #identity(): { ip: IpAddress; tcpPort: number } {
    return { ip: this.#options.ip, tcpPort: this.#local.tcpPort };
  }

  #isLarger(ip: IpAddress, tcpPort: number): boolean {
    return compareNodes(this.#identity(), { ip, tcpPort }) < 0;
  }
}
