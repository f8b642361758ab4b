/**
 * Path: one ordered, sequenced stream of messages to a peer, across any number of TCP connections.
 * Mirrors the life of `struct rds_conn_path`: net/rds/threads.c, and tcp_connect.c and
 * tcp_listen.c for who calls whom.
 *
 * The smaller of two addresses dials, and calls again for ever. The larger waits, and knocks if it
 * has something to send. What is said on a connection is in exchange.ts.
 */

import { Callers } from './callers.js';
import type { CloseReason } from './close-reason.js';
import { Deadline } from './deadline.js';
import { Dialer } from './dialer.js';
import { Drain } from './drain.js';
import { assert } from './errors.js';
import { Exchange } from './exchange.js';
import { Greeting } from './greeting.js';
import { type Call, introduces, OUR_CALL } from './inbound.js';
import type { Link, LinkOwner } from './link.js';
import { type Asked, Liveness, type LivenessOwner } from './liveness.js';
import { PathHistory } from './path-history.js';
import type { PathOwner, PathSetup } from './path-owner.js';
import { isConnected, type PathState, TRANSITIONS } from './path-state.js';
import { Redial } from './redial.js';
import type { Timer } from './runtime.js';
import type { Stranger } from './stranger.js';
import type { FrameFault } from './wire/frame-decoder.js';
import { FLAG_CONGESTION_MAP, type Header } from './wire/header.js';

/** A knock that comes so soon after a connection was on its way before it. */
const LATE_KNOCK_MS = 1000;
/** So often one of our own may send its map without a hello before it is someone else's. */
const HELLO_MISSES = 3;

export class Path implements LinkOwner, LivenessOwner {
  readonly exchange: Exchange;
  readonly history: PathHistory;
  readonly #owner: PathOwner;
  readonly #setup: PathSetup;
  readonly #dialer: Dialer;
  readonly #redial: Redial;
  readonly #callers: Callers;
  #state: PathState = { kind: 'down', timer: null };
  #paused = false;
  #helloMisses = 0;

  constructor(owner: PathOwner, setup: PathSetup) {
    const { runtime, options, stats, pool, firstSequence } = setup;
    this.#owner = owner;
    this.#setup = setup;
    this.#redial = new Redial(options.reconnect, () => runtime.random(), setup.dials);
    this.#callers = new Callers(stats, runtime.clock);
    this.history = new PathHistory(runtime.clock);
    const faulted = (reason: CloseReason) => {
      // Only silence leaves a stream that can still be read.
      if (reason === 'silent' && this.#state.kind === 'up') this.#drain(reason);
      else this.#drop(reason);
    };
    this.exchange = new Exchange(owner, faulted, runtime, stats, pool, firstSequence);
    this.#dialer = new Dialer(owner, setup, this, this.exchange.traffic);
  }

  get state(): PathState {
    return this.#state;
  }

  // ── For the connection ───────────────────────────────────────────────────────────────────────

  /** Something is to be sent: see to it that there is a connection, or will be. */
  wake(): void {
    if (this.#state.kind !== 'down' || this.#state.timer !== null) return;
    if (this.#setup.dials) this.#dial();
    else this.#knock();
  }

  /** The first path to the peer is up: so can be this one. */
  follow(): void {
    if (this.#state.kind !== 'down') return;
    if (this.#setup.dials) this.knocked();
    else if (this.#state.timer === null) this.#retry(this.#redial.delayMs('knock'));
  }

  /** The larger peer asks to be called. */
  knocked(): void {
    if (!this.#setup.dials) return;
    if (this.#state.kind === 'up') this.#doubt(this.#state.timer, this.#state.since);
    if (this.#state.kind !== 'down') return;
    this.#redial.asked();
    this.#call();
  }

  /** The peer calls as if there were no connection. Who answers is asked; else we believe it. */
  #doubt(liveness: Liveness, sinceMs: number): void {
    const upMs = this.#setup.runtime.clock.now() - sinceMs;
    if (this.exchange.answers) liveness.suspect();
    else if (upMs > LATE_KNOCK_MS) this.#drain('silent');
  }

  /** Takes a connection that the smaller peer made. */
  accept(stranger: Stranger): void {
    const state = this.#state;
    if (state.kind === 'closed' || this.#setup.dials) {
      this.#setup.stats.tcp_listen_closed_stale++;
      stranger.stream.destroy();
    } else if (state.kind === 'draining') {
      this.#callers.wait(stranger);
    } else if (state.kind === 'up' || state.kind === 'greeting') {
      this.#setup.stats.tcp_connect_raced++;
      this.#replace(stranger);
    } else {
      this.#greetStranger(stranger);
    }
  }

  /** Drops the connection and makes a new one, losing nothing. */
  reset(): void {
    const { kind } = this.#state;
    if (kind === 'down') this.#call();
    else if (kind === 'up' || kind === 'greeting') this.#leave('reset');
  }

  /** Stops reading while the node is over its hard limit. */
  pause(paused: boolean): void {
    this.#paused = paused;
    const state = this.#state;
    if (state.kind === 'up') state.timer.heard = true;
    else if (state.kind !== 'draining') return;
    else if (!paused) state.timer.start();
    else if (this.#mustRead) state.timer.cancel();
    if (paused) state.link.pause();
    else this.#setup.runtime.yield(() => this.#readOn(state.link));
  }

  /** Not before the call that made room has returned: listeners hear what was kept back. */
  #readOn(link: Link): void {
    const state = this.#state;
    if (!this.#paused && 'link' in state && state.link === link) link.resume();
  }

  /** Says the last words, half-closes, and closes when the peer has done the same. */
  finish(): void {
    if (this.#state.kind === 'up') this.#drain('closed');
    else this.close();
  }

  close(): void {
    const state = this.#state;
    if (state.kind === 'closed') return;
    this.#callers.dismissAll();
    if ('link' in state) {
      state.link.destroy();
      this.#setup.stats.countClosed('closed');
      this.history.ended('closed', isConnected(state));
    }
    this.exchange.end();
    this.#transition({ kind: 'closed', timer: null });
    if (isConnected(state)) this.#owner.disconnected('closed', undefined, true);
    this.#owner.closed();
  }

  // ── LinkOwner ────────────────────────────────────────────────────────────────────────────────

  linkOpened(link: Link): void {
    if (this.#state.kind === 'connecting') this.#greet(link, false, OUR_CALL);
  }

  frame(header: Header, payload: Uint8Array): boolean {
    // The link is asked first because it is one load; a state can have many forms.
    if (this.exchange.link === null && this.#state.kind === 'greeting') {
      this.#state.timer.frame(header, payload);
      return false;
    }
    // Who was only taken for a kernel has spoken like one.
    if (this.#owner.isAssumed && header.flags !== FLAG_CONGESTION_MAP && !introduces(header)) {
      this.#owner.foreign();
    }
    return this.exchange.frame(header, payload);
  }

  nextFrame(header: Header, payload: Uint8Array): void {
    this.exchange.nextFrame(header, payload);
  }

  linkReceived(): void {
    this.#setup.stats.tcp_data_ready_calls++;
    if (this.#state.kind === 'up') this.#state.timer.heard = true;
    this.exchange.acknowledger.chunkEnded();
  }

  linkFaulted(_link: Link, fault: FrameFault): void {
    this.#drop(fault);
  }

  linkWritten(link: Link): void {
    if (this.#state.kind !== 'up' || this.#state.link !== link) return;
    if (!this.exchange.mayAnswer) this.#state.timer.heard = true;
    this.exchange.written();
  }

  linkEnded(link: Link): void {
    if (this.#state.kind === 'connecting') return;
    this.#drop(link.chunks === 0 && this.#setup.dials ? 'peer-busy' : 'peer-closed');
  }

  linkClosed(link: Link, error: unknown): void {
    if (this.#state.kind === 'connecting') this.#drop('connect-failed', error);
    else if (error === undefined) this.linkEnded(link);
    else this.#drop('broken', error);
  }

  // ── LivenessOwner ────────────────────────────────────────────────────────────────────────────

  askForSign(): Asked {
    if (!this.#paused) return this.exchange.askForSign();
    // We do not read what the peer says, but it shall not take us for dead.
    this.exchange.acknowledger.giveSign();
    return 'mute';
  }

  silent(): void {
    this.exchange.fellSilent();
    if (this.#mustRead) this.#drain('silent');
    else this.#drop('silent');
  }

  // ── Coming up ────────────────────────────────────────────────────────────────────────────────

  #call(): void {
    if (this.#setup.dials) this.#dial();
    else if (this.#isNeeded) this.#knock();
    else {
      this.#transition({ kind: 'down', timer: null });
      if (!this.#redial.everUp) this.#owner.unreachable();
    }
  }

  get #isNeeded(): boolean {
    return !this.exchange.queue.isEmpty || this.#owner.wanted;
  }

  #dial(): void {
    this.history.attempted();
    const { connectTimeoutMs } = this.#setup.options;
    const timer = this.#timer(connectTimeoutMs, () => this.#drop('connect-timeout'));
    this.#transition({ kind: 'connecting', link: this.#dialer.call(), timer });
  }

  #knock(): void {
    this.history.attempted();
    const done = () => this.#retry(this.#redial.delayMs('knock'));
    this.#transition({ kind: 'knocking', timer: this.#dialer.knock(done) });
  }

  #greetStranger(stranger: Stranger): void {
    const link = this.#dialer.link(stranger.stream);
    stranger.stream.resume();
    const mapSent = stranger.mapVersion === this.#owner.mapVersion;
    this.#greet(link, mapSent, this.#callers.callOf(stranger));
    link.received(stranger.bytes);
    if (stranger.isOver) link.closed();
  }

  #greet(link: Link, mapSent: boolean, call: Call): void {
    const owner = { greeted: () => this.#goUp(link), notGreeted: () => this.#notGreeted(link) };
    const timer = new Greeting(owner, this.#owner, this.exchange, this.#setup);
    this.#transition({ kind: 'greeting', link, timer });
    // The first path carries the map: on another it could come behind a newer one.
    this.exchange.begin(link, mapSent || (this.#setup.lane ?? 0) > 0, call);
  }

  #notGreeted(link: Link): void {
    // The map came and no hello: a network's fault once, another program if it goes on.
    if (link.chunks > 0 && ++this.#helloMisses >= HELLO_MISSES) this.#owner.assumeForeign();
    this.#leave('handshake-timeout');
  }

  #goUp(link: Link): void {
    const { runtime, options } = this.#setup;
    const timer = new Liveness(runtime.clock, options.livenessMs, this);
    this.#transition({ kind: 'up', link, timer, since: runtime.clock.now() });
    if (this.#paused) link.pause();
    this.#redial.cameUp();
    this.history.connected();
    this.#helloMisses = 0;
    this.exchange.open(link);
    // Last, because a listener may do anything to this path.
    this.#owner.connected();
  }

  // ── Going down ───────────────────────────────────────────────────────────────────────────────

  /** Gives a connection up of our own accord: what a kernel may have sent is read first. */
  #leave(reason: CloseReason): void {
    const { kind } = this.#state;
    const mayBeKernel = kind === 'greeting' && this.#owner.kind !== 'rds-tcp';
    if (kind === 'up' || mayBeKernel) this.#drain(reason);
    else this.#drop(reason);
  }

  /** Gives the connection up as it is. What it had brought has been delivered. */
  #drop(cause: CloseReason, error?: unknown): void {
    const state = this.#state;
    if (!('link' in state)) return;
    const reason = state.kind === 'draining' ? state.reason : cause;
    if (reason === 'closed') {
      this.close();
      return;
    }
    this.#setup.stats.countClosed(reason);
    this.history.ended(reason, isConnected(state));
    state.link.destroy();
    this.exchange.end();
    // What it said was delivered, and must be recognised if it comes again.
    if (this.exchange.nextRxSequence > 0) this.#redial.cameUp();
    this.#wentDown(state);
    const successors = this.#callers.takeWaiting(cause === 'peer-closed');
    if (successors.length === 0) this.#retry(this.#redial.delayMs(reason));
    else this.#transition({ kind: 'down', timer: null });
    if (state.kind !== 'connecting') {
      this.#owner.disconnected(reason, error, isConnected(state));
    }
    for (const successor of successors) this.accept(successor);
  }

  #wentDown(state: PathState): void {
    if (!isConnected(state)) return;
    this.#setup.stats.conn_reset++;
    const upMs = state.kind === 'up' ? this.#setup.runtime.clock.now() - state.since : 0;
    this.#redial.wentDown(this.exchange.progressed, upMs);
  }

  #retry(delayMs: number): void {
    if (!this.#isNeeded && (this.exchange.hasDeparted || this.#redial.isHopeless())) {
      this.#transition({ kind: 'down', timer: null });
      this.#owner.unreachable();
      return;
    }
    this.#transition({ kind: 'down', timer: this.#timer(delayMs, () => this.#call()) });
  }

  #replace(stranger: Stranger): void {
    const state = this.#state;
    if (state.kind !== 'up' && state.kind !== 'greeting') return;
    // One of our own resends what was not processed. A kernel counts what TCP has taken as
    // delivered, so what it sent on the old connection is read before the new one takes over.
    if (this.#owner.kind !== 'rds-tcp') {
      this.#drain('replaced');
      this.accept(stranger);
      return;
    }
    state.link.destroy();
    this.exchange.end();
    this.#setup.stats.countClosed('replaced');
    this.history.ended('replaced', isConnected(state));
    this.#wentDown(state);
    this.#transition({ kind: 'down', timer: null });
    this.#owner.disconnected('replaced', undefined, isConnected(state));
    this.accept(stranger);
  }

  #drain(reason: CloseReason): void {
    const state = this.#state;
    assert(state.kind === 'up' || state.kind === 'greeting', `a ${state.kind} path is drained`);
    this.exchange.finish(reason === 'closed' ? 'goodbye' : 'none');
    this.exchange.end();
    state.link.end();
    const { link } = state;
    const timer = new Drain(this.#setup.runtime, link, reason, () => this.#drop(reason));
    // What stands unread is read to its end, when there is room for it.
    if (this.#paused) link.pause();
    if (!this.#paused || !this.#mustRead) timer.start();
    const wasUp = state.kind === 'up';
    this.#transition({ kind: 'draining', link, timer, reason, wasUp });
  }

  /** One of our own sends again what was not processed. A kernel counts it as delivered. */
  get #mustRead(): boolean {
    return this.#owner.kind !== 'rds-tcp';
  }

  #timer(delayMs: number, callback: () => void): Timer {
    return new Deadline(this.#setup.runtime, delayMs, callback);
  }

  /** The one place where the state changes. */
  #transition(next: PathState): void {
    const { kind, timer } = this.#state;
    assert(TRANSITIONS[kind].includes(next.kind), `a path goes from ${kind} to ${next.kind}`);
    timer?.cancel();
    this.#state = next;
  }
}
