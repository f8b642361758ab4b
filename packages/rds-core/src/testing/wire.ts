/**
 * Wire: one direction of one connection. Parcels arrive late and in order, as from TCP; a parcel is
 * what happens on arrival. Only the first has a timer, so the heap of the clock stays as small as
 * the number of busy wires.
 */

import { Queue } from '../queue.js';
import type { Timer } from '../runtime.js';
import type { SimulatedClock } from './clock.js';
import type { Link } from './link.js';

interface Parcel {
  /** It arrives then, or with the one before it, whichever is later. */
  readonly readyAtMs: number;
  readonly arrive: () => void;
}

export class Wire {
  readonly #clock: SimulatedClock;
  readonly #link: Link;
  readonly #flight = new Queue<Parcel>();
  #timer: Timer | undefined;
  #state: 'whole' | 'severed' = 'whole';

  constructor(clock: SimulatedClock, link: Link) {
    this.#clock = clock;
    this.#link = link;
  }

  /** Calls `arrive` when the link has carried it, not before what was sent earlier arrived. */
  send(arrive: () => void, bytes = 0): void {
    if (this.#state === 'severed') return;
    const readyAtMs = this.#link.arrivalMs(this.#clock.now(), bytes);
    this.#flight.push({ readyAtMs, arrive });
    if (this.#flight.length === 1) this.#expectFirst(readyAtMs);
  }

  /** Everything in flight is lost. */
  drop(): void {
    this.#flight.clear();
    this.#timer?.cancel();
  }

  /** Everything in flight and everything sent from now on is lost, and nobody is told. */
  sever(): void {
    this.#state = 'severed';
    this.drop();
  }

  #expectFirst(atMs: number): void {
    // After a drop within a partition two may be waiting to call this.
    this.#timer?.cancel();
    this.#timer = this.#clock.schedule(atMs, () => this.#arriveFirst());
  }

  #arriveFirst(): void {
    if (this.#link.isBlocked) {
      const link = this.#link;
      link.whenHealed(() => this.#expectFirst(link.arrivalMs(this.#clock.now(), 0)));
      return;
    }
    const parcel = this.#flight.shift();
    const next = this.#flight.peek();
    if (next !== undefined) this.#expectFirst(Math.max(next.readyAtMs, this.#clock.now()));
    parcel?.arrive();
  }
}
