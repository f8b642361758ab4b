/**
 * Connection: a peer, as long as the node lives: who it is, which incarnation of it, which of its
 * ports are congested, and the paths to it. Mirrors `struct rds_connection`.
 */

import { BlockedFlows } from './blocked-flows.js';
import type { CloseReason } from './close-reason.js';
import { CongestionMap } from './congestion-map.js';
import type { Flow, Route, Unacknowledged } from './flow.js';
import type { Herald } from './herald.js';
import { introduces } from './inbound.js';
import type { Introduction } from './introduction.js';
import type { LaneOwner } from './lane.js';
import type { Receipt } from './message.js';
import type { MapSource } from './outbound.js';
import type { Outstanding } from './outstanding.js';
import type { Path } from './path.js';
import type { PathSetup } from './path-owner.js';
import { type Carried, PathSet } from './path-set.js';
import type { Payload } from './payload.js';
import type { PeerKind } from './peer.js';
import type { WaitOptions } from './pending.js';
import { Pings } from './pings.js';
import type { TcpAddress } from './runtime.js';
import { SenderAddresses } from './sender-addresses.js';
import type { SocketTable } from './socket-table.js';
import type { Stranger } from './stranger.js';
import { countOf, type MessageOwner, type Train } from './train.js';
import { announcedPaths, decodeExtensions, type Extensions } from './wire/extension.js';
import { FLAG_CONGESTION_MAP, type Header } from './wire/header.js';

/** What a connection asks of its node, and tells it. */
export interface ConnectionOwner extends MapSource {
  readonly introduction: Introduction;
  readonly herald: Herald;
  readonly sockets: Pick<SocketTable, 'deliver'>;
  readonly mapVersion: number;
  freePort(): number;
  /** Nothing waits for it, and it was never reached or has closed. */
  forget(connection: Connection): void;
}

export class Connection implements Route, LaneOwner {
  readonly remote: TcpAddress;
  /** The first path, which says who the peer is. */
  readonly path: Path;
  readonly #paths: PathSet;
  readonly #owner: ConnectionOwner;
  readonly #setup: PathSetup;
  #kind: PeerKind = 'unknown';
  isAssumed = false;
  /** It was to be forgotten, but for what its other paths may still bring. */
  #isUnneeded = false;
  /** The peer's incarnation; 0 if it does not say. */
  #generation = 0;
  readonly #congestion = new CongestionMap();
  readonly #blocked = new BlockedFlows();
  readonly #senders: SenderAddresses;
  readonly #pings: Pings;
  readonly #closed: Promise<void>;
  #resolveClosed!: () => void;

  constructor(remote: TcpAddress, owner: ConnectionOwner, setup: PathSetup) {
    this.remote = remote;
    this.#owner = owner;
    this.#setup = setup;
    this.#senders = new SenderAddresses(remote, setup.local);
    this.#pings = new Pings(setup.runtime.clock, remote.address);
    this.#paths = new PathSet(this, setup);
    this.path = this.#paths.first;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  get paths(): readonly Path[] {
    return this.#paths.all;
  }

  get carried(): Carried {
    return this.#paths.carried;
  }

  /** A number above all that this incarnation has used towards the peer. */
  get unusedSequence(): number {
    return this.#paths.unusedSequence;
  }

  get congestedPorts(): number[] {
    return this.#congestion.ports();
  }

  // ── Route ────────────────────────────────────────────────────────────────────────────────────

  get outstanding(): Outstanding {
    return this.#paths.outstanding;
  }

  isCongested(port: number): boolean {
    if (!this.#congestion.isCongested(port)) return false;
    // Only the peer can say that it no longer is, and not without a connection.
    this.path.wake();
    return true;
  }

  awaitUncongested(port: number, flow: Flow): void {
    this.#blocked.add(port, flow);
  }

  send(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void {
    const { first, all } = this.#paths;
    const path = all.length === 1 ? first : this.#paths.of(sport);
    path.exchange.send(payload, length, sport, dport, owner, receipt);
    // One that is up needs no waking, which is asked for each message.
    if (path.exchange.link === null) path.wake();
    if (path !== first) first.wake();
  }

  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged {
    return this.#paths.cancel(matches);
  }

  get isGone(): boolean {
    return this.path.state.kind === 'closed';
  }

  // ── For the node ─────────────────────────────────────────────────────────────────────────────

  accept(stranger: Stranger): void {
    (this.paths[stranger.lane] as Path).accept(stranger);
  }

  hasPath(index: number): boolean {
    return index < this.paths.length;
  }

  knocked(): void {
    this.#paths.knocked();
  }

  reset(): void {
    for (const path of this.paths) path.reset();
  }

  pause(paused: boolean): void {
    this.#paths.pause(paused);
  }

  /** The round trip of an RDS ping, in milliseconds. */
  async ping(options: WaitOptions): Promise<number> {
    const tag = this.#owner.freePort();
    return this.#pings.wait(tag, options, () => {
      if (this.path.state.kind === 'up') this.path.exchange.ping(tag);
      else this.path.wake();
    });
  }

  /** Half-closes and waits until the peer has done the same, or a moment has passed. */
  close(): Promise<void> {
    this.#paths.finish();
    return this.#closed;
  }

  /** Drops all at once. */
  destroy(): void {
    this.#paths.close();
  }

  // ── PathOwner ────────────────────────────────────────────────────────────────────────────────

  get kind(): PeerKind {
    return this.#kind;
  }

  get extensions(): Uint8Array {
    const { introduction } = this.#owner;
    return this.paths.length > 1 ? introduction.laneExtensions : introduction.extensions;
  }

  get mapExtensions(): Uint8Array | null {
    return this.isAssumed ? this.#owner.introduction.extensions : this.#owner.mapExtensions;
  }

  get mapVersion(): number {
    return this.#owner.mapVersion;
  }

  get wanted(): boolean {
    return !this.#pings.isEmpty || this.#paths.lanesAreNeeded || this.#blocked.areWaiting;
  }

  copyMap(bytes: Uint8Array, at: number): void {
    this.#owner.copyMap(bytes, at);
  }

  freePort(): number {
    return this.#owner.freePort();
  }

  mapReceived(map: Uint8Array): void {
    if (!this.#congestion.replace(map)) return;
    this.#owner.herald.peerMapChanged(this);
    this.#blocked.advance(this.#congestion);
  }

  recognises(): boolean {
    return true;
  }

  introduced(extensions: Extensions): void {
    const { own, generation = 0 } = extensions;
    const kind = own === undefined ? 'linux' : 'rds-tcp';
    // Several paths show that it was ours, though it may have been taken for a kernel since.
    const wasOwn = this.#kind === 'rds-tcp' || this.paths.length > 1;
    const replaced = wasOwn && kind === 'linux';
    const restarted = generation !== 0 && this.#generation !== 0 && generation !== this.#generation;
    this.#kind = kind;
    this.isAssumed = false;
    if (generation !== 0 || replaced) this.#generation = generation;
    if (restarted || replaced) this.#restarted();
    this.#paths.widen(Math.min(this.#setup.options.paths, announcedPaths(extensions)));
  }

  foreign(): void {
    this.introduced({});
  }

  startedOver(): void {
    this.#owner.herald.connectionRestarted(this);
  }

  assumeForeign(): void {
    this.#kind = 'linux';
    this.isAssumed = true;
  }

  deliver(sport: number, dport: number, payload: Uint8Array): boolean {
    return this.#owner.sockets.deliver(this.#senders.of(sport), dport, payload);
  }

  ponged(tag: number): void {
    this.#pings.ponged(tag);
  }

  giveUp(trains: readonly Train[], settlement: 'restarted' | 'unconfirmed'): void {
    const unknown = trains.filter(({ verdict }) => verdict === 'delivered');
    this.#setup.stats.send_uncertain += countOf(unknown);
    if (unknown.length > 0) this.#owner.herald.connectionUncertain(this, unknown);
    for (const train of trains) {
      train.settle(train.verdict === 'delivered' ? settlement : train.verdict);
    }
    this.#paths.settled();
  }

  connected(): void {
    // Pings are not kept over a broken connection, and those who wait for them still wait.
    for (const tag of this.#pings.tags()) this.path.exchange.ping(tag);
    this.#isUnneeded = false;
    this.#paths.follow();
    this.#owner.herald.connectionUp(this);
  }

  disconnected(reason: CloseReason, error: unknown, wasUp: boolean): void {
    if (wasUp) this.#owner.herald.connectionDown(this, reason, error);
    else this.#owner.herald.refused(this.remote.address, reason);
  }

  unreachable(): void {
    this.#isUnneeded = this.#paths.lanesAreLinked;
    if (!this.#isUnneeded) this.#owner.forget(this);
  }

  closed(): void {
    if (this.paths.some(({ state }) => state.kind !== 'closed')) return;
    this.#pings.close();
    this.#resolveClosed();
  }

  // ── LaneOwner ────────────────────────────────────────────────────────────────────────────────

  isSame(header: Header): boolean {
    if (!introduces(header)) return header.flags === FLAG_CONGESTION_MAP;
    const { own, generation = this.#generation } = decodeExtensions(header.extensions);
    const isSame = own !== undefined && generation === this.#generation;
    // The first path has yet to notice.
    if (!isSame) this.path.knocked();
    return isSame;
  }

  laneDown(): void {
    const { state } = this.path;
    const rests = state.kind === 'down' && state.timer === null;
    if (!this.#isUnneeded || !rests || this.wanted || this.#paths.lanesAreLinked) return;
    this.#owner.forget(this);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  #restarted(): void {
    for (const { exchange } of [...this.paths]) exchange.peerRestarted();
    this.#paths.fold();
    this.#owner.herald.connectionRestarted(this);
  }
}
