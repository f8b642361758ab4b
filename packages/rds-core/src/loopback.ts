/**
 * Loopback: the way to a node's own sockets. Mirrors net/rds/loop.c: a transport like the others,
 * which hands a message straight over. It queues and drains in a loop, or two handlers that answer
 * each other would overflow the stack.
 */

import type { Flow, Route, Unacknowledged } from './flow.js';
import { chargeBytes, type Receipt } from './message.js';
import { copyPayload, type Payload } from './payload.js';
import { Queue } from './queue.js';
import type { Runtime } from './runtime.js';
import type { Outstanding } from './send-quota.js';
import type { Stats } from './stats.js';
import type { MessageOwner, Settled } from './train.js';

export interface LoopbackOwner {
  readonly stats: Stats;
  /** True if the socket there has more than it wants. */
  isCongested(port: number): boolean;
  /** False if no socket is bound to `dport`. */
  deliverLocally(sport: number, dport: number, data: Uint8Array): boolean;
}

interface Handover extends Settled {
  readonly data: Uint8Array;
  readonly sport: number;
  readonly dport: number;
  readonly owner: MessageOwner;
}

/** Messages handed over before the event loop gets its turn again. */
const TURN_MESSAGES = 1024;

export class Loopback implements Route {
  readonly isGone = false;
  readonly outstanding: Outstanding = { bytes: 0 };
  readonly #runtime: Runtime;
  readonly #owner: LoopbackOwner;
  readonly #queue = new Queue<Handover>();
  readonly #blocked = new Set<Flow>();
  #scheduled = false;

  constructor(runtime: Runtime, owner: LoopbackOwner) {
    this.#runtime = runtime;
    this.#owner = owner;
  }

  isCongested(port: number): boolean {
    return this.#owner.isCongested(port);
  }

  awaitUncongested(_port: number, flow: Flow): void {
    this.#blocked.add(flow);
  }

  /** A port is no longer congested. */
  uncongested(): void {
    const flows = [...this.#blocked];
    this.#blocked.clear();
    for (const flow of flows) flow.advance();
  }

  send(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): void {
    const data = new Uint8Array(length);
    copyPayload(payload, data, 0);
    const chargedBytes = chargeBytes(length);
    this.#queue.push({ data, count: 1, chargedBytes, sport, dport, owner, receipt });
    this.#owner.stats.send_queued++;
    this.#owner.stats.copy_from_user += length;
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#runtime.defer(this.#drain);
    }
  }

  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged {
    const canceled = this.#queue.removeWhere(({ owner }) => matches(owner));
    for (const item of canceled) item.owner.settled(item, 'canceled', 'not-delivered');
    const bytes = canceled.reduce((sum, { data }) => sum + data.byteLength, 0);
    this.#owner.stats.send_canceled += canceled.length;
    return { messages: canceled.length, bytes };
  }

  readonly #drain = (): void => {
    for (let count = 0; count < TURN_MESSAGES; count++) {
      const item = this.#queue.shift();
      if (item === undefined) {
        this.#scheduled = false;
        return;
      }
      const found = this.#owner.deliverLocally(item.sport, item.dport, item.data);
      this.#owner.stats.send_acked++;
      if (!found && item.receipt !== null) this.#owner.stats.send_refused++;
      if (found) item.owner.settled(item, 'delivered', null);
      else item.owner.settled(item, 'refused', 'not-delivered');
    }
    this.#runtime.yield(this.#drain);
  };
}
