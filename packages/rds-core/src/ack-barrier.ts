/**
 * AckBarrier: how a Linux peer is made to say what it has processed. It acknowledges by TCP
 * alone, which no program can see. But it answers a ping in order: the pong of a ping sent behind
 * messages proves that they were processed.
 *
 * Each barrier has a port of its own. A kernel resends its pongs after a broken connection like
 * any message, and the late pong of an old barrier must not be taken for that of a newer one.
 */

import { Deadline } from './deadline.js';
import type { Runtime } from './runtime.js';

/** A pong comes within a tick, 10 ms, where there is one. */
const PONG_TIMEOUT_MS = 5000;
/** How long messages are kept for a peer that does not answer. */
const NO_PONG_MS = 1000;
/** So many connections without a pong show that a peer does not answer. */
const UNANSWERED_CONNECTIONS = 2;
/** One of our own that stalls for a minute before its first word looks the same. */
const UNANSWERED_IF_ASSUMED = 12;

/** What a missing pong means. */
export type Missing =
  /** The peer answers usually: ask again. */
  | 'again'
  /** It never answered. If it does not on a new connection either, it never will. */
  | 'reconnect'
  /** A kernel with ping_enable=0. */
  | 'never';

export class AckBarrier {
  readonly #runtime: Runtime;
  readonly #isHeard: () => boolean;
  readonly #missing: (meaning: Missing, sequence: number) => void;
  #waiting: { readonly tag: number; sequence: number; readonly timer: Deadline } | null = null;
  /** Whether the peer answers pings at all. */
  #answers: 'yes' | 'no' | 'not known' = 'not known';
  /** Connections in a row on which it has not. */
  #unanswered = 0;

  /**
   * `isHeard` says whether the peer has said anything on this connection. `missing` is told the
   * sequence up to which the missing pong would have acknowledged.
   */
  constructor(
    runtime: Runtime,
    isHeard: () => boolean,
    missing: (meaning: Missing, sequence: number) => void,
  ) {
    this.#runtime = runtime;
    this.#isHeard = isHeard;
    this.#missing = missing;
  }

  get isWaiting(): boolean {
    return this.#waiting !== null;
  }

  /** On a new connection an answer is no longer a matter of course. */
  connected(): void {
    if (this.#answers === 'yes') this.#answers = 'not known';
  }

  /** True if the peer has answered on this connection: only then its silence means anything. */
  get answers(): boolean {
    return this.#answers === 'yes';
  }

  /** It is a peer that never answers. */
  get isMute(): boolean {
    return this.#answers === 'no';
  }

  /**
   * Begins a barrier whose ping has `tag` as source port. `isAssumed` if the peer is taken for a
   * kernel only because it has not said otherwise.
   */
  begin(tag: number, isAssumed: boolean): void {
    const connections = isAssumed ? UNANSWERED_IF_ASSUMED : UNANSWERED_CONNECTIONS;
    const timeoutMs = this.#answers === 'no' ? NO_PONG_MS : PONG_TIMEOUT_MS;
    const timer = new Deadline(this.#runtime, timeoutMs, () => {
      const sequence = this.#waiting?.sequence ?? 0;
      this.#waiting = null;
      this.#missing(this.#meaning(sequence, connections), sequence);
    });
    this.#waiting = { tag, sequence: 0, timer };
  }

  /** The ping went out with this number. */
  sent(sequence: number): void {
    if (this.#waiting !== null) this.#waiting.sequence = sequence;
  }

  /** A pong came: the sequence up to which all is processed, or null if it is not this one's. */
  pong(tag: number): number | null {
    this.#answers = 'yes';
    this.#unanswered = 0;
    const waiting = this.#waiting;
    if (waiting === null || waiting.tag !== tag || waiting.sequence === 0) return null;
    this.cancel();
    return waiting.sequence;
  }

  /** The connection broke: the ping or its pong may be lost. */
  cancel(): void {
    this.#waiting?.timer.cancel();
    this.#waiting = null;
  }

  #meaning(sequence: number, connections: number): Missing {
    if (this.#answers === 'yes' || sequence === 0) return 'again';
    // Without even the map, which each kernel sends first, the connection is dead: that tells
    // nothing about pongs.
    if (this.#answers === 'not known' && !this.#isHeard()) return 'reconnect';
    if (this.#answers === 'not known' && ++this.#unanswered < connections) {
      return 'reconnect';
    }
    this.#answers = 'no';
    return 'never';
  }
}
