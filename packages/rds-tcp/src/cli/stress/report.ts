/**
 * Report: what a run says: the columns of rds-stress, one line a second, and in the end the
 * averages and how long answers took; or the same as JSON, one object a line. On a terminal, one
 * more line is renewed all the time.
 */

import { LiveText } from '../live-text.js';
import type { Output } from '../output.js';
import type { LatencyBucket, LatencySummary } from './latency.js';
import type { Settings } from './settings.js';
import type { Figures } from './tally.js';

/** A terminal is told the state so often. */
export const LIVE_MS = 250;
/** The width of the longest bar of the histogram. */
const BAR_WIDTH = 40;

/** What is known in the end. */
export interface Summary {
  readonly role: 'active' | 'passive';
  readonly peer: string;
  readonly settings: Settings;
  /** How long it was measured. */
  readonly seconds: number;
  readonly figures: Figures;
  /** Messages of the whole run, with what was before and after the measured time. */
  readonly totals: {
    readonly requestsSent: number;
    readonly requestsReceived: number;
    readonly acksSent: number;
    readonly acksReceived: number;
    /** Requests of ours without an ack when the run was over. */
    readonly unanswered: number;
    /** Datagrams from elsewhere, which were ignored. */
    readonly strays: number;
  };
  readonly latency: LatencySummary;
}

export class Report {
  readonly #output: Output;
  readonly #notes: Output;
  readonly #isJson: boolean;
  readonly #live: LiveText | null;

  /** `terminal`: where the live line goes, if there is such a place. */
  constructor(
    output: Output,
    notes: Output,
    { json }: { readonly json: boolean },
    terminal: NodeJS.WriteStream | null,
  ) {
    this.#output = output;
    this.#notes = json ? notes : output;
    this.#isJson = json;
    this.#live = terminal === null || json ? null : new LiveText(terminal);
  }

  get isLive(): boolean {
    return this.#live !== null;
  }

  /** What is going on, for people: not in the way of JSON. */
  async note(text: string): Promise<void> {
    this.#live?.clear();
    await this.#notes.write(`${text}\n`);
  }

  async heading(): Promise<void> {
    if (!this.#isJson) await this.#line(HEADING);
  }

  /** One second. */
  async row(figures: Figures, seconds: number): Promise<void> {
    if (this.#isJson) await this.#json({ type: 'interval', seconds, ...figures });
    else await this.#line(columns(figures));
  }

  /** The line that is renewed. */
  live(figures: Figures, seconds: number, p99Us: number): void {
    const { requestsSentPerSecond: sent, requestsReceivedPerSecond: received } = figures;
    this.#live?.show(
      `${clock(seconds)}  sent ${grouped(sent)}/s, received ${grouped(received)}/s, ` +
        `${grouped(figures.kibPerSecond)} KiB/s, rtt ${figures.rttUs.toFixed(1)} us` +
        `${p99Us === 0 ? '' : `, 99 % below ${grouped(p99Us)} us`}`,
    );
  }

  async summary(summary: Summary): Promise<void> {
    this.#live?.clear();
    if (this.#isJson) return this.#json({ type: 'summary', ...summary });
    const { figures, latency, totals } = summary;
    const above = summary.settings.summaryOnly ? HEADING : '-'.repeat(HEADING.length);
    const lines = [above, `${columns(figures)}  (average)`];
    if (latency.count > 0) lines.push('', ...histogram(latency));
    if (totals.unanswered > 0) {
      lines.push('', `requests under way when the run ended: ${grouped(totals.unanswered)}`);
    }
    if (totals.strays > 0) {
      lines.push('', `datagrams from other addresses, ignored: ${grouped(totals.strays)}`);
    }
    await this.#output.write(`${lines.join('\n')}\n`);
  }

  async #line(text: string): Promise<void> {
    this.#live?.clear();
    await this.#output.write(`${text}\n`);
  }

  async #json(value: object): Promise<void> {
    await this.#output.write(`${JSON.stringify(value, rounded)}\n`);
  }
}

/** The columns of rds-stress: name, width, decimals. Those of RDMA stay 0. */
const COLUMNS: readonly (readonly [string, number, number, (figures: Figures) => number])[] = [
  ['tsks', 4, 0, ({ tasks }) => tasks],
  ['tx/s', 6, 0, ({ requestsSentPerSecond }) => requestsSentPerSecond],
  ['rx/s', 6, 0, ({ requestsReceivedPerSecond }) => requestsReceivedPerSecond],
  ['tx+rx K/s', 10, 2, ({ kibPerSecond }) => kibPerSecond],
  ['mbi K/s', 10, 2, () => 0],
  ['mbo K/s', 10, 2, () => 0],
  ['tx us/c', 7, 2, ({ sendUs }) => sendUs],
  ['rtt us', 8, 2, ({ rttUs }) => rttUs],
  ['cpu %', 5, 2, ({ cpuPercent }) => cpuPercent],
];

const HEADING = COLUMNS.map(([name, width]) => name.padStart(width)).join(' ');

function columns(figures: Figures): string {
  return COLUMNS.map(([, width, decimals, value]) => {
    return value(figures).toFixed(decimals).padStart(width);
  }).join(' ');
}

function histogram(latency: LatencySummary): string[] {
  const { count, minUs, meanUs, p50Us, p90Us, p99Us, p999Us, maxUs, buckets } = latency;
  const [min, p50, p90, p99, p999, max] = [minUs, p50Us, p90Us, p99Us, p999Us, maxUs].map(grouped);
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  return [
    `rtt of ${grouped(count)} requests in us: min ${min}, mean ${meanUs.toFixed(1)}, ` +
      `50 % ${p50}, 90 % ${p90}, 99 % ${p99}, 99.9 % ${p999}, max ${max}`,
    ...buckets.map((bucket) => bar(bucket, count, most)),
  ];
}

function bar({ fromUs, toUs, count }: LatencyBucket, total: number, most: number): string {
  const percent = `${((count / total) * 100).toFixed(2)} %`.padStart(8);
  // What is there shows, however little it is.
  const length = count === 0 ? 0 : Math.max(1, Math.round((count / most) * BAR_WIDTH));
  const range = `${grouped(fromUs).padStart(10)} – ${grouped(toUs).padStart(10)}`;
  return `${range} ${grouped(count).padStart(13)} ${percent} ${'█'.repeat(length)}`.trimEnd();
}

function clock(seconds: number): string {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return [h, m, s].map((part) => String(part).padStart(2, '0')).join(':');
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Numbers in JSON have at most three decimals. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
