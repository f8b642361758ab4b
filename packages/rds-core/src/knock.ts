/**
 * Knock: how the larger of two addresses asks the smaller to call. It connects and leaves again,
 * as a Linux kernel does, which never keeps a connection that it made to a smaller address.
 */

import type { Clock, Stream, StreamHandler, Timer } from './runtime.js';

/** How long a knock may stand. */
const KNOCK_MS = 1000;

export class Knock implements StreamHandler, Timer {
  readonly #stream: Stream;
  /** Bytes that say where to call back; a kernel, and a node on the default port, leaves none. */
  readonly #card: Uint8Array | null;
  readonly #done: () => void;
  readonly #timer: Timer;
  #over = false;

  /** `done` is called once, unless the knock is canceled before. */
  constructor(stream: Stream, clock: Clock, card: Uint8Array | null, done: () => void) {
    this.#stream = stream;
    this.#card = card;
    this.#done = done;
    this.#timer = clock.setTimer(KNOCK_MS, () => this.closed());
    stream.handler = this;
  }

  opened(): void {
    if (this.#over) return;
    if (this.#card !== null) this.#stream.write([this.#card], () => {});
    this.#stream.end();
  }

  received(): void {}

  ended(): void {
    this.closed();
  }

  closed(): void {
    if (this.#over) return;
    this.cancel();
    this.#done();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#stream.destroy();
  }
}
