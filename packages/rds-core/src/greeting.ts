/**
 * Greeting: the beginning of a connection, until it is clear who the peer is. One of our own says
 * so before anything else, on every connection; a kernel sends its map, and need not say more.
 */

import { Deadline } from './deadline.js';
import type { Exchange } from './exchange.js';
import { introduces } from './inbound.js';
import type { PathOwner, PathSetup } from './path-owner.js';
import type { Timer } from './runtime.js';
import { FLAG_CONGESTION_MAP, type Header } from './wire/header.js';

/** A Linux peer that has sent its map and then nothing is not going to introduce itself. */
const PATIENCE_MS = 250;

export interface GreetingOwner {
  /** The peer has said who it is, or need not. */
  greeted(): void;
  /** It has not, in time, or it is another. */
  notGreeted(): void;
}

export class Greeting implements Timer {
  readonly #owner: GreetingOwner;
  readonly #peer: PathOwner;
  readonly #exchange: Exchange;
  readonly #setup: PathSetup;
  #deadline: Timer;
  #awaited: 'map' | 'word' = 'map';
  #isOver = false;

  constructor(owner: GreetingOwner, peer: PathOwner, exchange: Exchange, setup: PathSetup) {
    this.#owner = owner;
    this.#peer = peer;
    this.#exchange = exchange;
    this.#setup = setup;
    // A kernel has said who it is on an earlier connection.
    this.#deadline =
      peer.kind === 'linux'
        ? new Deadline(setup.runtime, PATIENCE_MS, () => owner.greeted())
        : new Deadline(setup.runtime, setup.options.handshakeTimeoutMs, () => owner.notGreeted());
  }

  cancel(): void {
    this.#isOver = true;
    this.#deadline.cancel();
  }

  frame(header: Header, payload: Uint8Array): void {
    if (!this.#peer.recognises(header)) {
      this.#owner.notGreeted();
      return;
    }
    if (header.flags === FLAG_CONGESTION_MAP) {
      this.#map(header, payload);
      return;
    }
    if (!introduces(header)) this.#peer.foreign();
    this.#exchange.frame(header, payload);
    // Listeners may have closed the path meanwhile.
    if (!this.#isOver) this.#owner.greeted();
  }

  #map(header: Header, payload: Uint8Array): void {
    const introduced = this.#exchange.map(header, payload);
    if (this.#isOver) return;
    if (introduced || this.#peer.kind === 'linux') this.#owner.greeted();
    else if (this.#peer.kind === 'unknown' && this.#awaited === 'map') this.#awaitWord();
  }

  #awaitWord(): void {
    this.#awaited = 'word';
    this.#deadline.cancel();
    this.#deadline = new Deadline(this.#setup.runtime, PATIENCE_MS, () => {
      this.#peer.assumeForeign();
      this.#owner.greeted();
    });
  }
}
