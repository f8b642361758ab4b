/**
 * Acknowledger: tells the peer, if it is one of our own nodes, what has come from it: once for all
 * that a chunk brought, and now and then while a large message comes in. What was refused is told
 * before, in notes: see refusals.ts.
 */

import type { Inbound } from './inbound.js';
import type { Link } from './link.js';
import type { Outbound } from './outbound.js';
import type { Runtime } from './runtime.js';
import type { Traffic } from './traffic.js';
import type { MessageOwner } from './train.js';

/** How often to give a sign while a message comes in: the tick of the shortest livenessMs. */
const SIGN_MS = 200;
/**
 * After so much the acknowledgement does not wait for what else is there to be read, which may be
 * megabytes: the sender may be waiting for room, and shall have it before all is read.
 */
const ACK_BYTES = 512 * 1024;

/** The exchange. */
export interface AcknowledgerOwner {
  /** The connection while messages may flow. */
  readonly link: Link | null;
  /** True while the peer is one of our own nodes. */
  readonly acksInBand: boolean;
  readonly traffic: Traffic;
  /** Something is to be sent at the end of this turn. */
  readonly flushDue: boolean;
  flush(): void;
}

export class Acknowledger {
  readonly #owner: AcknowledgerOwner;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #runtime: Runtime;
  #isScheduled = false;
  #signedAtMs = 0;

  constructor(owner: AcknowledgerOwner, inbound: Inbound, outbound: Outbound, runtime: Runtime) {
    this.#owner = owner;
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#runtime = runtime;
  }

  /** The frames of a chunk are in: one acknowledgement for them and for what follows at once. */
  chunkEnded(): void {
    if (!this.#owner.acksInBand) return;
    const { flushDue, traffic } = this.#owner;
    if (!flushDue && traffic.rxBytes - traffic.ackedRxBytes >= ACK_BYTES) this.giveDue();
    if (this.#isScheduled) return;
    if (!this.#inbound.ackDue && this.#inbound.refusals.untold === 0) {
      // A large message on a slow network: its sender must not take us for dead meanwhile.
      if (this.#runtime.clock.now() - this.#signedAtMs >= SIGN_MS) this.giveSign();
      return;
    }
    // What is about to leave carries it, as answers do.
    if (!flushDue) this.#schedule();
  }

  /** What was to be sent in this turn has left, or has found no room. */
  flushed(): void {
    if (this.#inbound.ackDue && this.#owner.acksInBand && !this.#isScheduled) this.#schedule();
  }

  /** There is room again, which there may not have been. */
  written(): void {
    if (!this.#isScheduled) this.giveDue();
  }

  /** An acknowledgement leaves, alone or with something else. */
  told(): void {
    const { traffic } = this.#owner;
    traffic.ackedRxBytes = traffic.rxBytes;
  }

  /** Says what we have received, unless that is said. */
  giveDue(): void {
    if (this.#inbound.ackDue) this.#giveNow();
  }

  /** Says that we live, and what we have received. */
  giveSign(): void {
    this.#signedAtMs = this.#runtime.clock.now();
    this.#giveNow();
  }

  /** Puts a note about refused messages on the queue, before the acknowledgements behind it. */
  tellRefusals(): void {
    const { refusals } = this.#inbound;
    const { payload, ranges } = refusals.tell();
    const owner: MessageOwner = {
      train: null,
      trainBytes: 0,
      settled: (_, settlement) => {
        if (settlement === 'delivered') refusals.confirm(ranges);
      },
    };
    this.#outbound.note(payload, owner);
  }

  #schedule(): void {
    this.#isScheduled = true;
    this.#runtime.yield(() => {
      this.#isScheduled = false;
      if (this.#inbound.refusals.untold > 0) this.#owner.flush();
      this.giveDue();
    });
  }

  /** Later, if much is still waiting to be written: a peer that does not read gets no more. */
  #giveNow(): void {
    const { link, acksInBand } = this.#owner;
    // A kernel would take a frame numbered 0 at its word, and every resend for something new.
    if (link === null || !acksInBand || !this.#outbound.hasRoom(link)) return;
    this.#outbound.writeUnsequenced(link, 0);
  }
}
