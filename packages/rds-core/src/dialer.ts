/**
 * Dialer: makes the TCP connections of a path: those on which we call, those with which we only
 * ask to be called, and the links around them. When to make one is the path's business.
 */

import { RDS_TCP_PORT } from './address.js';
import { Knock } from './knock.js';
import { Link, type LinkOwner } from './link.js';
import { mapFrame } from './outbound.js';
import type { PathOwner, PathSetup } from './path-owner.js';
import type { Stream } from './runtime.js';
import type { Traffic } from './traffic.js';

export class Dialer {
  readonly #owner: PathOwner;
  readonly #setup: PathSetup;
  readonly #path: LinkOwner;
  readonly #traffic: Traffic;

  constructor(owner: PathOwner, setup: PathSetup, path: LinkOwner, traffic: Traffic) {
    this.#owner = owner;
    this.#setup = setup;
    this.#path = path;
    this.#traffic = traffic;
  }

  /** Calls the peer. */
  call(): Link {
    return this.link(this.#stream());
  }

  /** Asks the peer to call; `done` when it has had its time, unless it is canceled before. */
  knock(done: () => void): Knock {
    const { local, runtime, tap } = this.#setup;
    const card = local.tcpPort === RDS_TCP_PORT ? null : mapFrame(this.#owner);
    if (card !== null) tap.sent(this.#owner.remote, 0, [card]);
    return new Knock(this.#stream(), runtime.clock, card, done);
  }

  link(stream: Stream): Link {
    return new Link(stream, this.#path, this.#setup, this.#owner.remote, this.#traffic);
  }

  #stream(): Stream {
    const { runtime, local, lane } = this.#setup;
    return runtime.transport.connect(local, this.#owner.remote, lane);
  }
}
