/**
 * FlowTable: the flows of one socket, found again by destination. The last one used is looked at
 * first, because most sockets talk to one destination many times in a row.
 */

import { type Address, checkPort } from './address.js';
import { Flow, type FlowOwner, type Route, type Unacknowledged } from './flow.js';
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
 * Flows kept per socket. One is given up to make room if nothing of it is outstanding; it is only
 * a memory of where things go.
 */
const MAX_FLOWS = 65536;

export class FlowTable {
  readonly #router: Router;
  readonly #sendBufferBytes: number;
  readonly #owner: FlowOwner;
  readonly #flows = new Map<string, Flow>();
  /** By route: the send buffer belongs to the peer, not to the port. */
  readonly #quotas = new Map<Route, SendQuota>();
  #last: { readonly to: Address; readonly flow: Flow } | null = null;

  constructor(router: Router, sendBufferBytes: number, owner: FlowOwner) {
    this.#router = router;
    this.#sendBufferBytes = sendBufferBytes;
    this.#owner = owner;
  }

  /** The flow to `to`, or EINVAL, EOPNOTSUPP. */
  flowTo(to: Address, syscall: string): Flow {
    const last = this.#last;
    if (last === null) this.#router.stats.flow_miss_first++;
    else if (!sameAddress(last.to, to)) this.#router.stats.flow_miss_other_destination++;
    else if (last.flow.epoch !== this.#router.epoch) this.#router.stats.flow_miss_epoch++;
    else return last.flow;
    return this.#lookUp(to, syscall);
  }

  /** Drops what is sent on one flow or on all, and counts it. */
  cancel(only: Flow | null): Unacknowledged {
    const { port } = this.#owner;
    if (only !== null) return only.route.cancel(port, only.to.port);
    const total: Unacknowledged = { messages: 0, bytes: 0 };
    for (const route of this.#quotas.keys()) {
      const { messages, bytes } = route.cancel(port, null);
      total.messages += messages;
      total.bytes += bytes;
    }
    return total;
  }

  rejectWaiters(): void {
    for (const flow of this.#flows.values()) flow.rejectWaiters();
  }

  [Symbol.iterator](): IterableIterator<Flow> {
    return this.#flows.values();
  }

  #lookUp(to: Address, syscall: string): Flow {
    const key = `${to?.address}/${to?.port}/${to?.tcpPort ?? ''}`;
    let flow = this.#flows.get(key);
    if (flow === undefined || flow.epoch !== this.#router.epoch) {
      flow = this.#route(to, syscall, flow);
      this.#evict();
      this.#flows.set(key, flow);
    }
    this.#last = { to: { address: to.address, port: to.port, tcpPort: to.tcpPort }, flow };
    return flow;
  }

  /** A flow in the present epoch: the same one if its way is, since sends may wait in it. */
  #route(given: Address, syscall: string, before: Flow | undefined): Flow {
    const { route, to } = this.#router.route(given, syscall);
    if (before?.route === route) {
      before.epoch = this.#router.epoch;
      return before;
    }
    checkPort(to.port, syscall);
    let quota = this.#quotas.get(route);
    if (quota === undefined) {
      quota = new SendQuota(this.#sendBufferBytes);
      this.#quotas.set(route, quota);
    }
    return new Flow(to, route, quota, this.#router.epoch, this.#owner);
  }

  #evict(): void {
    if (this.#flows.size < MAX_FLOWS) return;
    for (const [key, flow] of this.#flows) {
      if (!flow.isIdle) continue;
      this.#flows.delete(key);
      return;
    }
  }
}

function sameAddress(a: Address, b: Address | undefined): boolean {
  return b !== undefined && a.port === b.port && a.address === b.address && a.tcpPort === b.tcpPort;
}
