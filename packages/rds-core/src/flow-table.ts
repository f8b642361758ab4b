/**
 * FlowTable: the flows of one socket, found again by destination. The last one used is looked at
 * first, because most sockets talk to one destination many times in a row.
 */

import { type Address, checkPort } from './address.js';
import { Flow, type FlowOwner, FlushGroup, type Route, type Unacknowledged } from './flow.js';
import { SendQuota } from './send-quota.js';
import type { Stats } from './stats.js';

/** Finds the way to a node. */
export interface Router {
  readonly stats: Stats;
  /** Goes up when a route disappears: flows of an earlier epoch are not to be used. */
  readonly epoch: number;
  /** Throws EINVAL or EOPNOTSUPP. `to` is read anew each time: its fields are the caller's. */
  route(to: Address, syscall: string): { route: Route; to: Address };
}

/**
 * Names kept per socket. All are forgotten together when there are more; the flows that anything
 * is outstanding on stay, and are found again by their route.
 */
const MAX_NAMES = 65536;

/** What a socket has with one node: a send buffer, and a flow to each of its ports. */
interface Destination {
  readonly quota: SendQuota;
  readonly flows: Map<number, Flow>;
}

export class FlowTable {
  readonly #router: Router;
  #sendBufferBytes: number;
  readonly #owner: FlowOwner;
  /** By the name that was given: one flow can have several. */
  readonly #names = new Map<string, Flow>();
  readonly #destinations = new Map<Route, Destination>();
  /** The flow that was found last, and for which name. */
  #last: Flow | null = null;
  #lastAddress = '';
  #lastPort = 0;
  #lastTcpPort: number | undefined;

  constructor(router: Router, sendBufferBytes: number, owner: FlowOwner) {
    this.#router = router;
    this.#sendBufferBytes = sendBufferBytes;
    this.#owner = owner;
  }

  /** The flow to `to`, or EINVAL, EOPNOTSUPP. */
  flowTo(to: Address, syscall: string): Flow {
    const last = this.#last;
    if (last === null) this.#router.stats.flow_miss_first++;
    else if (!this.#isLast(to)) this.#router.stats.flow_miss_other_destination++;
    else if (last.epoch !== this.#router.epoch) this.#router.stats.flow_miss_epoch++;
    else return last;
    return this.#lookUp(to, syscall);
  }

  /** Drops what this socket has sent, on one flow or on all, and counts it. */
  cancel(only: Flow | null): Unacknowledged {
    const total: Unacknowledged = { messages: 0, bytes: 0 };
    const routes = only === null ? [...this.#destinations.keys()] : [only.route];
    for (const route of routes) {
      // By owner, not by port: another socket may have had this port, or have it next.
      const canceled = route.cancel((owner) => {
        if (!(owner instanceof FlushGroup) || owner.flow.owner !== this.#owner) return false;
        return only === null || owner.flow === only;
      });
      if (canceled.messages > 0) route.outstanding.roomCame();
      total.messages += canceled.messages;
      total.bytes += canceled.bytes;
    }
    return total;
  }

  get isEmpty(): boolean {
    return this.#destinations.size === 0;
  }

  /** Another send buffer towards every peer. */
  resize(sendBufferBytes: number): void {
    this.#sendBufferBytes = sendBufferBytes;
    for (const { quota } of this.#destinations.values()) quota.resize(sendBufferBytes);
  }

  rejectWaiters(): void {
    for (const flow of this) flow.rejectWaiters();
  }

  *[Symbol.iterator](): IterableIterator<Flow> {
    for (const { flows } of this.#destinations.values()) yield* flows.values();
  }

  #lookUp(to: Address, syscall: string): Flow {
    checkPort(to?.port, syscall);
    const name = `${to.address}/${to.port}/${to.tcpPort ?? ''}`;
    let flow = this.#names.get(name);
    if (flow === undefined || flow.epoch !== this.#router.epoch) {
      // Before it is found: a new flow is idle, and would be forgotten with those that are.
      if (this.#names.size >= MAX_NAMES) this.#forgetNames();
      flow = this.#route(to, syscall);
      this.#names.set(name, flow);
    }
    // Copies: the object is the caller's.
    this.#last = flow;
    this.#lastAddress = to.address;
    this.#lastPort = to.port;
    this.#lastTcpPort = to.tcpPort;
    return flow;
  }

  #isLast(to: Address | undefined): boolean {
    if (to === undefined || to.port !== this.#lastPort) return false;
    return to.address === this.#lastAddress && to.tcpPort === this.#lastTcpPort;
  }

  /** The flow on the present route. If that has not changed, neither has the flow. */
  #route(given: Address, syscall: string): Flow {
    const { route, to } = this.#router.route(given, syscall);
    let destination = this.#destinations.get(route);
    if (destination === undefined) {
      this.#forgetRoutes();
      const quota = new SendQuota(this.#sendBufferBytes, route.outstanding);
      destination = { quota, flows: new Map() };
      this.#destinations.set(route, destination);
    }
    const { quota, flows } = destination;
    let flow = flows.get(to.port);
    if (flow === undefined) {
      flow = new Flow(to, route, quota, this.#owner);
      flows.set(to.port, flow);
    }
    flow.epoch = this.#router.epoch;
    return flow;
  }

  /** Routes that are gone have nothing outstanding: that is why they could go. */
  #forgetRoutes(): void {
    for (const route of this.#destinations.keys()) {
      if (route.isGone) this.#destinations.delete(route);
    }
  }

  #forgetNames(): void {
    this.#names.clear();
    for (const { flows } of this.#destinations.values()) {
      for (const [port, flow] of flows) if (flow.isIdle) flows.delete(port);
    }
  }
}
