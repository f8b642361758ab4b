/**
 * KernelTalk: what is said to a Linux kernel besides messages: who we are, again on each
 * connection, and the questions whose answers stand in for the acknowledgements that it does not
 * send. Our own nodes need none of it.
 */

import { AckBarrier, type Missing } from './ack-barrier.js';
import type { CloseReason } from './close-reason.js';
import { Deadline } from './deadline.js';
import type { Link } from './link.js';
import { PROBE, PROBE_PORT } from './outbound.js';
import type { Peer } from './peer.js';
import type { Runtime } from './runtime.js';
import type { SendQueue } from './send-queue.js';
import type { Stats } from './stats.js';
import type { Train } from './train.js';

/** The exchange, as far as kernels are concerned. */
export interface KernelTalkOwner {
  readonly queue: SendQueue;
  acknowledgedUpTo(sequence: number): void;
  faulted(reason: CloseReason): void;
  flushSoon(): void;
}

/**
 * How long a kernel that has never answered us is waited for before it is sent messages. A pong
 * takes a round trip and a tick, 10 ms; with ping_enable=0 it does not come.
 */
const FIRST_ANSWER_MS = 500;
/** After so many connections without an answer it is most likely one that has none. */
const MAX_ASKED = 3;
/** After so many silences in a row it is most likely one that says nothing if nothing happens. */
const MAX_SILENCES = 3;

/** The answer to a probe. */
const PROBE_PONG = { kind: 'control', sport: 0, dport: PROBE_PORT, extended: true } as const;

export class KernelTalk {
  readonly #owner: KernelTalkOwner;
  readonly #peer: Peer;
  readonly #stats: Stats;
  readonly #barrier: AckBarrier;
  readonly #runtime: Runtime;
  /** The last connection that came up. */
  #link: Link | null = null;
  /**
   * The port of the ping behind the first probe of the present connection. A kernel keeps the pongs
   * of earlier connections, and of our predecessor, and all probes have one port: only the pong to
   * this one was said here, and after the probe was heard.
   */
  #question: number | null = null;
  /** It has answered this incarnation of ours. */
  #knowsUs = false;
  /** How many connections it was asked on before it had. */
  #asked = 0;
  /** How often it fell silent since it last answered. */
  #silences = 0;
  /** Runs while its first answer is waited for. */
  #firstAnswer: Deadline | null = null;

  constructor(owner: KernelTalkOwner, peer: Peer, runtime: Runtime, stats: Stats) {
    this.#owner = owner;
    this.#peer = peer;
    this.#stats = stats;
    this.#runtime = runtime;
    const isHeard = () => this.#link !== null && this.#link.chunks > 0;
    this.#barrier = new AckBarrier(runtime, isHeard, (meaning, sequence) => {
      this.#pongMissing(meaning, sequence);
    });
  }

  /** It has answered on this connection: only then its silence means anything. */
  get answers(): boolean {
    return this.#barrier.answers;
  }

  /**
   * It is taken for a kernel because it has said nothing, and seldom fell silent before: it may be
   * one of our own that never got to speak, on a connection that its end has forgotten.
   */
  get isUntried(): boolean {
    return this.#peer.isAssumed && !this.#barrier.isMute && this.#silences < MAX_SILENCES;
  }

  /** A connection ended because nothing was heard. What one of our own does is no hint. */
  fellSilent(): void {
    if (this.isUntried) this.#silences++;
  }

  /** A connection begins, on which nothing was asked yet. */
  began(): void {
    this.#question = null;
  }

  /** It is up. */
  opened(link: Link): void {
    this.#link = link;
    this.#barrier.connected();
    if (this.#peer.kind !== 'linux') return;
    this.#owner.queue.pushControl(PROBE);
    // A kernel asks once in its life. If the answer was lost with a connection, or the question
    // with the process that was here before us, its senders that wait for it would wait for ever.
    this.#owner.queue.pushControl(PROBE_PONG);
    const sport = this.#peer.freePort();
    this.#owner.queue.pushControl({ kind: 'control', sport, dport: 0, extended: false });
    this.#stats.send_ping++;
    this.#question = sport;
    if (!this.#knowsUs && !this.#barrier.isMute) this.#askFirst();
  }

  /** The connection is gone, or the barrier means nothing any more. */
  cancel(): void {
    this.#barrier.cancel();
    this.#release();
  }

  /** It pinged, or probed, which it does with extensions and from a port of its own. */
  pinged(sport: number): void {
    this.#stats.recv_ping++;
    const extended = sport === PROBE_PORT;
    const pong = extended ? PROBE_PONG : { ...PROBE_PONG, dport: sport, extended };
    if (this.#owner.queue.pushControl(pong)) this.#stats.send_pong++;
    else this.#stats.send_pong_dropped++;
    this.#owner.flushSoon();
  }

  /** Whether the pong to this port answers what the present connection began with. */
  isAnswer(dport: number): boolean {
    return dport === this.#question;
  }

  /** True if the pong was the answer to one of our questions here. */
  ponged(dport: number): boolean {
    this.#stats.recv_pong++;
    const sequence = this.#barrier.pong(dport);
    if (sequence !== null || this.isAnswer(dport)) {
      this.#knowsUs = true;
      this.#silences = 0;
      this.#release();
    }
    if (sequence === null) return dport === PROBE_PORT;
    this.#owner.acknowledgedUpTo(sequence);
    if (this.#owner.queue.hasSent) this.#owner.flushSoon();
    return true;
  }

  /**
   * A Linux peer is asked once per round trip, behind all that is to be acknowledged and in the
   * same write, so that the question costs no write of its own. True if it was.
   */
  ask(): boolean {
    const { queue } = this.#owner;
    if (this.#peer.kind !== 'linux' || this.#barrier.isWaiting) return false;
    if (!queue.hasSent || queue.hasResends) return false;
    const tag = this.#peer.freePort();
    const sent = (sequence: number) => this.#barrier.sent(sequence);
    const frame = { kind: 'control', sport: tag, dport: 0, extended: false, sent } as const;
    if (!queue.pushControl(frame)) return false;
    this.#stats.send_ping++;
    this.#barrier.begin(tag, this.#peer.isAssumed);
    return true;
  }

  /**
   * It may remember a predecessor of ours whose numbers were higher, if a clock was set back; what
   * we send twice would be old to it. So until it has heard who we are nothing is sent that may
   * have to be sent twice. Kernels wait as well: rds_send_mprds_hash.
   */
  #askFirst(): void {
    if (++this.#asked > MAX_ASKED) return;
    this.#owner.queue.hold();
    this.#firstAnswer = new Deadline(this.#runtime, FIRST_ANSWER_MS, () => this.#release());
  }

  #release(): void {
    if (this.#firstAnswer === null) return;
    this.#firstAnswer.cancel();
    this.#firstAnswer = null;
    this.#owner.queue.release();
    this.#owner.flushSoon();
  }

  #pongMissing(meaning: Missing, sequence: number): void {
    if (meaning === 'reconnect') {
      this.#owner.faulted('silent');
      return;
    }
    if (meaning === 'never') {
      // What such a peer has had for so long is most likely delivered. It is not kept for ever,
      // and no receipt claims to know.
      const old = (train: Train) => train.sequence > 0 && train.sequence < sequence;
      this.#peer.giveUp(this.#owner.queue.takeWhere(old), 'unconfirmed');
    }
    this.#owner.flushSoon();
  }
}
