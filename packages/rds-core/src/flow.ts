/**
 * Flow: what a socket remembers of one destination: the way there, the send buffer, and the calls
 * that wait. Mirrors the cached `rs_conn` of `struct rds_sock`. A flow is good for one epoch of
 * its node; when a way disappears, the epoch ends and the flow is looked up anew.
 */

import type { Address } from './address.js';
import { type Outcome, RdsError, type RdsErrorDetails } from './errors.js';
import { type Receipt, SETTLEMENT_ERRORS, type Settlement } from './message.js';
import type { Outstanding } from './outstanding.js';
import { type Payload, payloadBytes } from './payload.js';
import type { Pending } from './pending.js';
import { Queue } from './queue.js';
import type { RoomWaiter, SendQuota } from './send-quota.js';
import type { MessageOwner, Settled, Train } from './train.js';

/** The way to a node: a connection, or the loopback. */
export interface Route {
  isCongested(port: number): boolean;
  /** `flow` is told when `port` is no longer congested. */
  awaitUncongested(port: number, flow: Flow): void;
  /** Takes a message for good: the payload is copied before it returns. */
  send(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void;
  /** Drops what is not acknowledged of the owners that match. */
  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged;
  /** What all who send this way have outstanding; their send buffers share it. */
  readonly outstanding: Outstanding;
  /** It was forgotten: there is another one by now, or will be. */
  readonly isGone: boolean;
}

/** How much was not acknowledged. */
export interface Unacknowledged {
  messages: number;
  bytes: number;
}

export function sum(parts: readonly Unacknowledged[]): Unacknowledged {
  return {
    messages: parts.reduce((total, { messages }) => total + messages, 0),
    bytes: parts.reduce((total, { bytes }) => total + bytes, 0),
  };
}

/** A send that waits, or without payload a waitWritable. */
export interface Waiter {
  readonly pending: Pending<void>;
  readonly payload: Payload | null;
  readonly length: number;
  readonly receipt: Receipt | null;
  readonly group: FlushGroup;
}

export type Obstacle = 'room' | 'congestion';

/** What the flows of a socket tell it. */
export interface FlowOwner {
  readonly port: number;
  /** A send begins to wait. */
  blocked(obstacle: Obstacle): void;
  /** Nothing is left in the send buffer towards a peer. */
  emptied(): void;
}

/** The sends since the last flush, so that a flush knows what it waits for. */
export class FlushGroup implements MessageOwner {
  readonly flow: Flow;
  train: Train | null = null;
  trainBytes = 0;
  unsettled = 0;
  failure: { settlement: Exclude<Settlement, 'delivered'>; outcome: Outcome | null } | null = null;
  /** Who waits for all of them; each is a flush, or the socket's close. */
  readonly flushes = new Set<Pending<void>>();

  constructor(flow: Flow) {
    this.flow = flow;
  }

  settled(messages: Settled, settlement: Settlement, outcome: Outcome | null): void {
    const { receipt, chargedBytes, count } = messages;
    receipt?.(settlement, outcome);
    if (settlement !== 'delivered' && settlement !== 'refused') {
      this.failure ??= { settlement, outcome };
    }
    if (this.flow.quota.release(chargedBytes)) this.flow.owner.emptied();
    this.end(count);
  }

  /** So many less to wait for. */
  end(count: number): void {
    this.unsettled -= count;
    if (this.unsettled === 0) this.#finish();
  }

  #finish(): void {
    const { failure } = this;
    this.failure = null;
    this.flow.finished(this);
    if (this.flushes.size === 0) return;
    const details = { ...this.flow.details, syscall: 'flush' };
    const flushes = [...this.flushes];
    this.flushes.clear();
    for (const flush of flushes) {
      if (failure === null) flush.resolve();
      else flush.reject(settlementError(failure.settlement, failure.outcome, details));
    }
  }
}

export class Flow implements RoomWaiter {
  readonly to: Address;
  readonly route: Route;
  readonly quota: SendQuota;
  /** The epoch of the node in which the route was last seen to be right. */
  epoch = -1;
  readonly owner: FlowOwner;
  // Copies: with many sockets, each object that is looked at is a cache miss.
  readonly #sport: number;
  readonly #dport: number;
  readonly #waiters = new Queue<Waiter>();
  /** What the first waiter waits for; null if there is none. */
  #obstacle: Obstacle | null = null;
  /** The length for which there was last no room; whoever waits next most likely waits for that. */
  refusedBytes = 0;
  /** Waiters that gave up since they were last swept out. */
  #gaveUpCount = 0;
  /** The quota knows of us. */
  #waitsForRoom = false;
  /** What has been sent since the last flush, and before that what flushes wait for. */
  group = new FlushGroup(this);
  readonly #flushing: FlushGroup[] = [];

  constructor(to: Address, route: Route, quota: SendQuota, owner: FlowOwner) {
    this.to = to;
    this.route = route;
    this.quota = quota;
    this.owner = owner;
    this.#sport = owner.port;
    this.#dport = to.port;
  }

  get details(): RdsErrorDetails {
    return { syscall: 'sendmsg', address: this.to.address, port: this.to.port };
  }

  get isIdle(): boolean {
    return this.#flushing.length === 0 && this.group.unsettled === 0;
  }

  /** What keeps a message of `bytes` from being sent now. */
  obstacle(bytes: number): Obstacle | null {
    if (this.#obstacle !== null) return this.#obstacle;
    if (this.route.isCongested(this.#dport)) return 'congestion';
    return this.quota.admits(bytes) ? null : 'room';
  }

  /** Sends, if nothing is in the way. Returns what was. */
  trySend(payload: Payload, length: number, receipt: Receipt | null): Obstacle | null {
    const obstacle = this.obstacle(length);
    if (obstacle !== null) {
      this.refusedBytes = obstacle === 'room' ? length : 0;
      return obstacle;
    }
    this.refusedBytes = 0;
    const { group } = this;
    group.unsettled++;
    this.quota.reserve(length);
    this.route.send(payload, length, this.#sport, this.#dport, group, receipt);
    return null;
  }

  /** Waits behind those who came earlier. */
  wait(waiter: Waiter): void {
    waiter.group.unsettled++;
    this.#waiters.push(waiter);
    if (this.#waiters.length === 1) this.advance();
  }

  /** The first waiter may have given up: those behind it may be able to go. */
  gaveUp(): void {
    if (this.#waiters.peek()?.pending.isSettled) this.advance();
    if (++this.#gaveUpCount * 2 <= this.#waiters.length) return;
    this.#gaveUpCount = 0;
    for (const { group } of this.#waiters.removeWhere(({ pending }) => pending.isSettled)) {
      group.end(1);
    }
  }

  /** What is not settled now. What is sent from here on belongs to the next flush. */
  flush(): readonly FlushGroup[] {
    if (this.group.unsettled > 0) {
      this.#flushing.push(this.group);
      this.group = new FlushGroup(this);
    }
    return this.#flushing;
  }

  /** All of a group is settled. */
  finished(group: FlushGroup): void {
    const index = this.#flushing.indexOf(group);
    if (index >= 0) this.#flushing.splice(index, 1);
  }

  /** The socket closes: nobody waits any longer. */
  rejectWaiters(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    this.#obstacle = null;
    for (const { pending, group } of waiters) {
      pending.fail('ECANCELED', 'the socket was closed');
      group.end(1);
    }
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  get roomNeeded(): number {
    return this.#waiters.peek()?.length ?? 0;
  }

  roomCame(): boolean {
    this.#waitsForRoom = this.#pump(true) === 'room';
    return this.#waitsForRoom;
  }

  /** Something may be out of the way. */
  advance(): void {
    this.#dropSettled();
    if (this.#waitsForRoom) {
      this.quota.needChanged();
    } else if (this.#pump(false) === 'room') {
      this.#waitsForRoom = true;
      this.quota.wait(this);
    }
  }

  /** Lets waiters through until something is in the way. */
  #pump(inTurn: boolean): Obstacle | null {
    this.#obstacle = null;
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const obstacle = this.#letThrough(first, inTurn);
      if (obstacle !== null) {
        this.#obstacle = obstacle;
        this.owner.blocked(obstacle);
        if (obstacle === 'congestion') this.route.awaitUncongested(this.to.port, this);
        return obstacle;
      }
      this.#waiters.shift();
    }
    return null;
  }

  /** The first waiter that has not given up. */
  #first(): Waiter | undefined {
    this.#dropSettled();
    return this.#waiters.peek();
  }

  #dropSettled(): void {
    while (this.#waiters.peek()?.pending.isSettled) this.#waiters.shift()?.group.end(1);
  }

  #letThrough(waiter: Waiter, inTurn: boolean): Obstacle | null {
    const { pending, payload, length, receipt, group } = waiter;
    if (this.route.isCongested(this.to.port)) return 'congestion';
    if (!(inTurn ? this.quota.hasRoom(length) : this.quota.admits(length))) return 'room';
    if (payload === null) {
      group.end(1);
      pending.resolve();
      return null;
    }
    if (payloadBytes(payload) !== length) {
      group.end(1);
      pending.fail('EINVAL', 'the data was transferred or resized while it waited');
      return null;
    }
    this.quota.reserve(length);
    this.route.send(payload, length, this.#sport, this.#dport, group, receipt);
    // With a receipt the call goes on waiting; should it give up now, the message is under way.
    if (receipt === null) pending.resolve();
    else pending.outcome = 'unknown';
    return null;
  }
}

export function settlementError(
  settlement: Exclude<Settlement, 'delivered'>,
  outcome: Outcome | null,
  details: RdsErrorDetails,
): RdsError {
  const { code, text } = SETTLEMENT_ERRORS[settlement];
  return new RdsError(code, text, { ...details, outcome: outcome ?? undefined });
}
