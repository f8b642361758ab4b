/**
 * SimulatedHost: one event loop in the simulation, and the Runtime of the nodes that live in it.
 * All that reaches its code comes through `run`; that is the one place where a stall, a process
 * that computes, swaps or collects garbage, holds everything back.
 */

import { Queue } from '../queue.js';
import type { Clock, Runtime, Timer, Transport } from '../runtime.js';
import type { SimulatedClock } from './clock.js';
import type { SeededRandom } from './random.js';
import { PHASE, type Phase } from './timer-heap.js';

/** November 2023 in microseconds: a wall clock as it may be, and the same in every run. */
const WALL_CLOCK_START_US = 1_700_000_000_000_000;

/** How one process differs from others. */
export interface HostOptions {
  /** The wall clock at simulated time 0, in microseconds. Hosts may disagree about it. */
  readonly wallClockStartUs?: number;
  /** False for a kernel: what stalls a process leaves it alone. Default true. */
  readonly canStall?: boolean;
}

/** The Runtime of one simulated process: give it to `openNode`. */
export class SimulatedHost implements Runtime {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #canStall: boolean;
  /** The wall clock at simulated time 0, in microseconds, as it is set now. */
  wallClockStartUs: number;
  #life: 'running' | 'offline' | 'dead' = 'running';
  readonly #held = new Queue<() => void>();
  /** Reading of sockets that a stall held back, one task for each. */
  readonly #unread: (() => void)[] = [];
  #isReading = false;
  #stalledUntilMs = 0;
  /** Set from the start of a stall until all that it held has run. */
  #release: Timer | undefined;

  constructor(
    clock: SimulatedClock,
    random: SeededRandom,
    options: HostOptions,
    transportOf: (host: SimulatedHost) => Transport,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#canStall = options.canStall ?? true;
    this.wallClockStartUs = options.wallClockStartUs ?? WALL_CLOCK_START_US;
    this.clock = {
      now: () => clock.now(),
      setTimer: (delayMs, callback) => this.#setTimer(delayMs, callback),
    };
    this.transport = transportOf(this);
  }

  random(): number {
    return this.#random.next();
  }

  defer(task: () => void): void {
    // The turns of held events are turns too: what they defer does not queue behind the others.
    this.#schedule(() => {
      if (this.#isStalled()) this.#held.push(task);
      else if (this.#life !== 'dead') task();
    }, PHASE.deferred);
  }

  yield(task: () => void): void {
    this.#schedule(() => this.run(task), PHASE.yielded);
  }

  initialSequence(): number {
    return this.wallClockStartUs + Math.floor(this.#clock.now() * 1000);
  }

  /**
   * Fault: the event loop stops for `durationMs`; what was to happen then does, in order. But of
   * the sockets that can be read by then nobody knows which one was the first: as the operating
   * system lists them, they are read behind all else, in any order.
   */
  stall(durationMs: number): void {
    if (!this.#canStall) return;
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.now() + durationMs);
    this.#release?.cancel();
    this.#release = this.#clock.schedule(this.#stalledUntilMs, () => this.#runHeld());
  }

  /** Fault: somebody sets the wall clock. Timers go by another one. */
  jumpWallClock(byMs: number): void {
    this.wallClockStartUs += byMs * 1000;
  }

  get isOnline(): boolean {
    return this.#life === 'running';
  }

  /** For the network: the process is gone. Nothing of it runs, its promises never settle. */
  die(): void {
    this.#life = 'dead';
    this.#held.clear();
    this.#unread.length = 0;
  }

  /** For the network: the process goes on, without its addresses. */
  goOffline(): void {
    if (this.#life === 'running') this.#life = 'offline';
  }

  /** For the network: runs `task` as an event of this host, now unless it is stalled. */
  run(task: () => void): void {
    if (this.#life === 'dead') return;
    if (this.#release === undefined) task();
    else this.#held.push(task);
  }

  /** For the network: the same, but as an event of its own, never before the caller returns. */
  later(task: () => void): void {
    this.#schedule(() => this.run(task), PHASE.event);
  }

  /** The same for reading a socket. */
  readLater(task: () => void): void {
    this.#schedule(() => this.read(task), PHASE.event);
  }

  /** For the network: reads a socket as an event of this host, now unless it is stalled. */
  read(task: () => void): void {
    if (this.#life === 'dead') return;
    if (this.#release === undefined) task();
    else this.#unread.push(task);
  }

  /** What came during a stall has not all been seen to. */
  get isBehind(): boolean {
    return this.#release !== undefined;
  }

  #nextHeld(): (() => void) | undefined {
    const { length } = this.#unread;
    // All sockets are read before what reading them leads to.
    this.#isReading = length > 0 && (this.#isReading || this.#held.length === 0);
    if (!this.#isReading) return this.#held.shift();
    return this.#unread.splice(this.#random.integer(0, length - 1), 1)[0];
  }

  #runHeld(): void {
    const task = this.#nextHeld();
    // One event each, so that promises and deferred tasks have their turn between them.
    this.#release = task && this.#clock.schedule(this.#clock.now(), () => this.#runHeld());
    task?.();
  }

  #setTimer(delayMs: number, callback: () => void): Timer {
    const task = (): void => {
      if (!timer.isCancelled) callback();
    };
    const timer = this.#clock.schedule(this.#clock.now() + Math.max(0, delayMs), () =>
      this.run(task),
    );
    return timer;
  }

  #isStalled(): boolean {
    return this.#clock.now() < this.#stalledUntilMs;
  }

  #schedule(task: () => void, phase: Phase): void {
    this.#clock.schedule(this.#clock.now(), task, phase);
  }
}
