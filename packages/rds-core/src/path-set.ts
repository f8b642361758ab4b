/**
 * PathSet: the paths of a connection: how many there are, and which socket uses which. The first
 * is always there; the others come when the peer has said that it has as many, and go when it has
 * restarted. Mirrors c_path and c_npaths of `struct rds_connection`, and rds_recv_hs_exthdrs.
 *
 * What a socket sends stays in order, because all of it goes on one path. When the number of paths
 * changes, what was not yet sent moves; and as long as the first path has something unacknowledged
 * from the time before, nothing that is new leaves on any.
 */

import type { Unacknowledged } from './flow.js';
import { Lane, type LaneOwner, pathOfPort } from './lane.js';
import { IN_FLIGHT_BYTES } from './outbound.js';
import { Outstanding } from './outstanding.js';
import { Path } from './path.js';
import type { PathSetup } from './path-owner.js';
import type { SendQueue } from './send-queue.js';
import { countOf, type MessageOwner } from './train.js';

/** What paths have carried, as `Traffic` has it. */
export interface Carried {
  readonly txMessages: number;
  readonly rxMessages: number;
  readonly txBytes: number;
  readonly rxBytes: number;
  readonly retransmitted: number;
}

export class PathSet {
  readonly first: Path;
  readonly all: Path[];
  readonly #owner: LaneOwner;
  readonly #setup: PathSetup;
  /** Of all sockets, on all paths. */
  readonly outstanding = new Outstanding(IN_FLIGHT_BYTES);
  /** What paths have carried that are gone. */
  #folded: Carried = { txMessages: 0, rxMessages: 0, txBytes: 0, rxBytes: 0, retransmitted: 0 };
  /** What they have not used. To a peer that lives, lower numbers of another path would be old. */
  #unusedSequence = 0;
  #isPaused = false;
  /** From which nothing new leaves until what the first path had sent is settled. */
  readonly #held = new Set<SendQueue>();
  #isClosing = false;

  constructor(owner: LaneOwner, setup: PathSetup) {
    this.#owner = owner;
    this.#setup = setup;
    this.first = new Path(owner, setup);
    this.all = [this.first];
  }

  /** The path of what is sent from a port. */
  of(port: number): Path {
    return this.all[pathOfPort(port, this.all.length)] as Path;
  }

  /** A number above all that any of them has used, with those that are gone. */
  get unusedSequence(): number {
    const next = this.all.map(({ exchange }) => exchange.nextTxSequence);
    return Math.max(this.#unusedSequence, ...next);
  }

  /** What all have carried, with those that are gone. */
  get carried(): Carried {
    return this.all.reduce(plus, this.#folded);
  }

  /** True if anything waits on a path beyond the first. */
  get lanesAreNeeded(): boolean {
    return this.#lanes.some(({ exchange }) => !exchange.queue.isEmpty);
  }

  /** True if something may still come on a path beyond the first. */
  get lanesAreLinked(): boolean {
    return this.#lanes.some(({ state }) => 'link' in state && state.kind !== 'connecting');
  }

  get #lanes(): Path[] {
    return this.all.length === 1 ? [] : this.all.slice(1);
  }

  /** The peer has so many paths. Only a restart makes them fewer. */
  widen(count: number): void {
    if (count <= this.all.length || this.#isClosing) return;
    const waiting = this.all.flatMap(({ exchange }) => exchange.queue.takeFresh());
    while (this.all.length < count) this.all.push(this.#newLane(this.all.length));
    this.outstanding.windowBytes = count * IN_FLIGHT_BYTES;
    for (const train of waiting) this.of(train.sport).exchange.queue.push(train);
    if (this.first.exchange.queue.hasSent) this.#hold();
    this.first.exchange.flushSoon();
    if (this.first.state.kind === 'up') this.follow();
    this.outstanding.roomCame();
  }

  /**
   * The peer has restarted, and all that was sent is settled: there is one path again. What its
   * last process may still say on the others counts for nothing.
   */
  fold(): void {
    const { stats } = this.#setup;
    for (const lane of this.all.splice(1)) {
      if (lane.state.kind === 'up') stats.conn_reset++;
      for (const train of lane.exchange.queue.takeFresh()) this.first.exchange.queue.push(train);
      this.#folded = plus(this.#folded, lane);
      this.#unusedSequence = Math.max(this.#unusedSequence, lane.exchange.nextTxSequence);
      lane.close();
    }
    this.outstanding.windowBytes = IN_FLIGHT_BYTES;
  }

  /** The first is up: the others can be. */
  follow(): void {
    for (const lane of this.#lanes) lane.follow();
  }

  /** The larger peer asks to be called. */
  knocked(): void {
    this.first.knocked();
    if (this.first.state.kind === 'up') for (const lane of this.#lanes) lane.knocked();
  }

  /** Something that was sent is settled: perhaps all that the others wait for. */
  settled(): void {
    if (this.#held.size === 0 || this.first.exchange.queue.hasSent) return;
    this.first.exchange.queue.onAcknowledged = null;
    for (const queue of this.#held) queue.release();
    this.#held.clear();
    for (const { exchange } of this.all) exchange.flushSoon();
  }

  /** Drops what is not acknowledged of the owners that match. */
  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged {
    const canceled = this.all.flatMap(({ exchange }) =>
      exchange.queue.takeWhere(({ owner }) => matches(owner)),
    );
    const messages = countOf(canceled);
    const bytes = canceled.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    for (const train of canceled) train.settle('canceled');
    this.settled();
    this.#setup.stats.send_canceled += messages;
    return { messages, bytes };
  }

  pause(paused: boolean): void {
    this.#isPaused = paused;
    for (const path of this.all) path.pause(paused);
  }

  finish(): void {
    this.#isClosing = true;
    for (const path of [...this.all]) path.finish();
  }

  close(): void {
    this.#isClosing = true;
    for (const path of [...this.all]) path.close();
  }

  #hold(): void {
    this.first.exchange.queue.onAcknowledged = () => this.settled();
    for (const { exchange } of this.all) {
      if (this.#held.has(exchange.queue)) continue;
      this.#held.add(exchange.queue);
      exchange.queue.hold();
    }
  }

  #newLane(lane: number): Path {
    const firstSequence = Math.max(this.#unusedSequence, this.#setup.firstSequence);
    const path = new Path(new Lane(this.#owner), { ...this.#setup, lane, firstSequence });
    if (this.#isPaused) path.pause(true);
    return path;
  }
}

function plus(sum: Carried, { exchange }: Path): Carried {
  const { traffic, sentMessages } = exchange;
  return {
    txMessages: sum.txMessages + sentMessages,
    rxMessages: sum.rxMessages + traffic.rxMessages,
    txBytes: sum.txBytes + traffic.txBytes,
    rxBytes: sum.rxBytes + traffic.rxBytes,
    retransmitted: sum.retransmitted + traffic.retransmitted,
  };
}
