/**
 * Loopback: the way to a node's own sockets. Mirrors net/rds/loop.c: a transport like the others,
 * which hands a message straight over. It queues and drains in a loop, or two handlers that answer
 * each other would overflow the stack.
 */

import type { Flow, Route, Unacknowledged } from './flow.js';
import { HandOuts } from './hand-outs.js';
import type { Receipt } from './message.js';
import { IN_FLIGHT_BYTES } from './outbound.js';
import { Outstanding } from './outstanding.js';
import type { Payload } from './payload.js';
import { Queue } from './queue.js';
import type { Runtime } from './runtime.js';
import { FramePlacer, Slab, type SlabPool, type SlabSource } from './slab.js';
import type { Stats } from './stats.js';
import { countOf, type MessageOwner, type Train } from './train.js';
import { TrainYard } from './train-yard.js';
import { HEADER_BYTES, lengthAt } from './wire/header.js';

export interface LoopbackOwner {
  readonly stats: Stats;
  /** True if the socket there has more than it wants. */
  isCongested(port: number): boolean;
  /** False if no socket is bound to `dport`. */
  deliverLocally(sport: number, dport: number, data: Uint8Array): boolean;
}

/** Messages handed over before the event loop gets its turn again. */
const TURN_MESSAGES = 1024;

/** A large message waits in the memory that its receiver gets; small ones are copied out. */
const KEPT: SlabSource = { take: (bytes) => new Slab(bytes, null) };

export class Loopback implements Route {
  readonly isGone = false;
  /** As much as between two nodes. */
  readonly outstanding = new Outstanding(IN_FLIGHT_BYTES);
  readonly #runtime: Runtime;
  readonly #owner: LoopbackOwner;
  readonly #yard: TrainYard;
  readonly #queue = new Queue<Train>();
  readonly #handOuts = new HandOuts();
  readonly #blocked = new Set<Flow>();
  #scheduled = false;
  /** What is being handed over, and how many of its messages have been. */
  #train: Train | null = null;
  #handedOver = 0;

  constructor(runtime: Runtime, owner: LoopbackOwner, pool: SlabPool) {
    this.#runtime = runtime;
    this.#owner = owner;
    this.#yard = new TrainYard(new FramePlacer(pool, KEPT), () => {});
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
    const { stats } = this.#owner;
    stats.send_queued++;
    stats.copy_from_user += length;
    const opened = this.#yard.board(payload, length, sport, dport, owner, receipt);
    if (opened === null) return;
    this.#queue.push(opened);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#runtime.defer(this.#drain);
  }

  cancel(matches: (owner: MessageOwner) => boolean): Unacknowledged {
    const canceled = this.#queue.removeWhere(({ owner }) => matches(owner));
    const rest = this.#cutOff(matches);
    if (rest !== null) canceled.unshift(rest);
    const messages = countOf(canceled);
    const bytes = canceled.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    this.#owner.stats.send_canceled += messages;
    // First all: what waits for room leaves when the first is settled, and must not join another.
    for (const train of canceled) train.seal();
    for (const train of canceled) train.settle('canceled');
    return { messages, bytes };
  }

  readonly #drain = (): void => {
    for (let left = TURN_MESSAGES; left > 0; ) {
      const train = this.#next(left);
      if (train === null) {
        this.#scheduled = false;
        return;
      }
      left -= train.count;
      this.#handOver(train);
    }
    this.#runtime.yield(this.#drain);
  };

  /** The next messages in order: a train, or of a longer one the first `most`. */
  #next(most: number): Train | null {
    const first = this.#queue.peek();
    if (first === undefined) return null;
    first.seal();
    if (first.count > most) return first.split(most);
    this.#queue.shift();
    return first;
  }

  #handOver(train: Train): void {
    const { stats } = this.#owner;
    const { sport, dport } = train;
    const { bytes, view, isForKeeps } = train.slab;
    let at = train.start;
    let found = false;
    this.#train = train;
    // Whoever is given a message may cancel those behind it: see `cancel`.
    for (this.#handedOver = 1; this.#handedOver <= this.#train.count; this.#handedOver++) {
      const from = at + HEADER_BYTES;
      at = from + lengthAt(view, at);
      // The slab is used again, and the message is for whoever gets it to keep.
      const data = isForKeeps ? bytes.subarray(from, at) : this.#handOuts.copy(bytes, from, at);
      found = this.#owner.deliverLocally(sport, dport, data);
      if (!found && train.receipt !== null) stats.send_refused++;
    }
    const handedOver = this.#train;
    this.#train = null;
    stats.send_acked += handedOver.count;
    handedOver.settle(found ? 'delivered' : 'refused');
  }

  /** What is left of the train that is being handed over, if it is to be canceled. */
  #cutOff(matches: (owner: MessageOwner) => boolean): Train | null {
    const train = this.#train;
    if (train === null || this.#handedOver === train.count || !matches(train.owner)) return null;
    this.#train = train.split(this.#handedOver);
    return train;
  }
}
