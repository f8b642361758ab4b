/**
 * Run: the tasks of one side from their start to their end, and the figures of it. Both sides
 * start them some time after they have agreed, and count from a while later, as the tool does.
 *
 * The end loses nothing: whoever ends it asks no more, waits for the answers, says that it is
 * over, and goes on answering until the other side has come to rest.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { RdsNode } from '@rds-tcp/core';
import { CommandError } from '../exit.js';
import type { Control } from './control.js';
import { makeFiller } from './filler.js';
import { Latency } from './latency.js';
import { LIVE_MS, type Report } from './report.js';
import type { Settings } from './settings.js';
import { type Figures, figuresBetween, type Sample, Tally } from './tally.js';
import { Task, type TaskShare } from './task.js';

export interface RunOptions {
  readonly role: 'active' | 'passive';
  readonly settings: Settings;
  readonly node: RdsNode;
  readonly peerAddress: string;
  readonly control: Control;
  readonly report: Report;
  /** Ends the run in good order. */
  readonly signal: AbortSignal;
  readonly timing: Timing;
}

/** All in milliseconds. */
export interface Timing {
  /** From the agreement to the first request. */
  readonly startMs: number;
  /** From there to the first figures. */
  readonly burnInMs: number;
  readonly rowMs: number;
  /** Nothing came for so long: the other side has come to rest, or answers no more. */
  readonly quietMs: number;
  /** But the end takes no longer than this. */
  readonly endMs: number;
}

/** Start, burn-in and interval are those of the tool; it gives up answers after one second. */
export const TIMING: Timing = {
  startMs: 2000,
  burnInMs: 2000,
  rowMs: 1000,
  quietMs: 500,
  endMs: 15_000,
};

/** How often it is looked whether the run has come to rest. */
const LOOK_MS = 10;

type End = 'time' | 'interrupted' | 'peer' | 'failed';

export class Run {
  readonly #options: RunOptions;
  readonly #tasks: readonly Task[];
  readonly #tally = new Tally();
  readonly #latency = new Latency();
  readonly #over = new AbortController();
  #end: End | null = null;
  #error: Error | null = null;

  /** Opens the sockets, so that the peer may start. */
  constructor(options: RunOptions) {
    const { node, role, settings, peerAddress, control, signal } = options;
    this.#options = options;
    const filler = Math.max(settings.requestBytes, settings.ackBytes);
    const share: TaskShare = {
      settings,
      peerAddress,
      filler: settings.verify ? makeFiller(filler) : null,
      tally: this.#tally,
      latency: this.#latency,
      asks: role === 'active' || !settings.oneWay,
      now: () => performance.now(),
      failed: (error) => this.#finish('failed', error),
    };
    this.#tasks = Array.from({ length: settings.tasks }, (_, number) => {
      return new Task(node, number, share);
    });
    control.ended.then(() => this.#finish('peer'));
    if (signal.aborted) this.#finish('interrupted');
    signal.addEventListener('abort', () => this.#finish('interrupted'), { once: true });
  }

  /** Runs it, reports it, closes the node. Rejects if a message was wrong or the peer left. */
  async conduct(): Promise<void> {
    const { role, control, node, timing, report, settings } = this.#options;
    control.run();
    await report.note(`agreed; the tasks start in ${timing.startMs / 1000} seconds`);
    let first = this.#sample();
    await this.#pause(timing.startMs);
    if (this.#end === null) for (const task of this.#tasks) task.start();
    await this.#pause(timing.burnInMs);
    if (this.#end === null) {
      this.#latency.reset();
      first = this.#sample();
      await this.#measure(first);
    }
    const last = this.#sample();
    // Who has opened the node and the control connection closes them then.
    if (this.#error !== null) throw this.#error;
    await this.#comeToRest();
    // All that could be acknowledged is.
    await node.close({ deadlineMs: 0 });
    control.destroy();
    if (this.#error !== null) throw this.#error;
    await report.summary({
      role,
      peer: this.#options.peerAddress,
      settings,
      seconds: (last.atMs - first.atMs) / 1000,
      figures: figuresBetween(first, last, settings),
      totals: this.#totals(),
      latency: this.#latency.summary(),
    });
    if (role === 'active' && this.#end === 'peer') {
      throw new CommandError('the peer ended the run before its time');
    }
  }

  /** A line each second until the time is up or something else ends it. */
  async #measure(first: Sample): Promise<void> {
    const { settings, timing, report, role } = this.#options;
    const isSilent = settings.summaryOnly;
    if (!isSilent) await report.heading();
    const rows = role === 'active' && settings.runSeconds > 0 ? settings.runSeconds : Infinity;
    const live = report.isLive ? this.#startLive(first) : undefined;
    let before = first;
    for (let row = 1; row <= rows && this.#end === null; row++) {
      await this.#pause(first.atMs + row * timing.rowMs - performance.now());
      if (this.#end !== null) break;
      const now = this.#sample();
      const seconds = (now.atMs - first.atMs) / 1000;
      if (!isSilent) await report.row(figuresBetween(before, now, settings), seconds);
      before = now;
    }
    clearInterval(live);
    this.#finish('time');
  }

  #startLive(first: Sample): NodeJS.Timeout {
    const { settings, report } = this.#options;
    let before = first;
    return setInterval(() => {
      const now = this.#sample();
      const figures: Figures = figuresBetween(before, now, settings);
      report.live(figures, (now.atMs - first.atMs) / 1000, this.#latency.percentileUs(99));
      before = now;
    }, LIVE_MS);
  }

  /** Neither side is left with a question, as far as the other one plays along. */
  async #comeToRest(): Promise<void> {
    const { role, control, timing } = this.#options;
    for (const task of this.#tasks) task.stopAsking();
    await this.#rest(() => this.#unanswered() === 0);
    if (role === 'active') {
      control.end();
      await Promise.race([control.ended, delay(timing.endMs)]);
      await this.#rest(() => false);
      // The other side may be gone, and has had the time to acknowledge what it wanted.
      await this.#flush(timing.quietMs);
    } else {
      await this.#flush(timing.endMs);
      control.end();
    }
  }

  async #flush(timeoutMs: number): Promise<void> {
    await Promise.all(this.#tasks.map((task) => task.flush(timeoutMs)));
  }

  /** Resolves when `isDone`, or nothing has come for a while, or it takes too long. */
  async #rest(isDone: () => boolean): Promise<void> {
    const { quietMs, endMs } = this.#options.timing;
    const startMs = performance.now();
    let seen = this.#heard();
    let seenMs = startMs;
    while (!isDone()) {
      await delay(LOOK_MS);
      const nowMs = performance.now();
      if (this.#heard() !== seen) {
        seen = this.#heard();
        seenMs = nowMs;
      }
      if (nowMs - seenMs >= quietMs || nowMs - startMs >= endMs) return;
    }
  }

  /** Until then, or until the run is over. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await delay(ms, undefined, { signal: this.#over.signal }).catch(() => {});
  }

  /** Only the first reason counts; a bad message after it is bad all the same. */
  #finish(end: End, error: Error | null = null): void {
    this.#error ??= error;
    if (this.#end !== null) return;
    this.#end = end;
    this.#over.abort();
  }

  #heard(): number {
    return this.#tally.requestsReceived + this.#tally.acksReceived;
  }

  #unanswered(): number {
    return this.#tasks.reduce((sum, task) => sum + task.unanswered, 0);
  }

  #totals() {
    const { sendUs: _send, rttUs: _rtt, ...counts } = this.#tally;
    return { ...counts, unanswered: this.#unanswered() };
  }

  #sample(): Sample {
    const { user, system } = process.cpuUsage();
    return { tally: this.#tally.copy(), atMs: performance.now(), cpuUs: user + system };
  }
}
