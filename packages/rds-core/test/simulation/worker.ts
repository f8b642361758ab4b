/** A process of `npm run simulate`: runs the seeds it is sent, one after the other. */

import { createHash } from 'node:crypto';
import { Trace, type TraceEvent } from '../../src/testing/index.js';
import { modeOf } from './modes.js';
import { runSeed, type Verdict } from './run-seed.js';

export interface Report extends Omit<Verdict, 'plan'> {
  /** Of the trace of a failure. */
  readonly lastEvents: readonly string[];
  readonly elapsedMs: number;
}

/** So often a seed runs twice more, and the two must agree to the last byte. */
const CHECKED_EVERY = 50;
const LAST_EVENTS = 40;
/** Lines of a trace that are kept: a large cluster has millions, which fit into no memory. */
const KEPT_LINES = 1000;

/** How many paths nodes may have. */
const paths = Number(process.argv[2] ?? 1);
const mode = modeOf(process.argv[3] ?? 'usual');

process.on('message', (seed: number) => {
  void report(seed);
});

async function report(seed: number): Promise<void> {
  const startedAt = performance.now();
  const { plan: _, violations, ...verdict } = await runSeed(seed, undefined, paths, mode);
  const elapsedMs = performance.now() - startedAt;
  const found = [...violations];
  let lastEvents: string[] = [];
  if (seed % CHECKED_EVERY === 0 || found.length > 0) {
    const once = await traced(seed);
    const { digest } = await traced(seed);
    if (once.digest !== digest) found.push('not determined by the seed: two runs differ');
    if (found.length > 0) lastEvents = once.lastLines.slice(-LAST_EVENTS);
  }
  const message: Report = { ...verdict, violations: found, lastEvents, elapsedMs };
  process.send?.(message);
}

async function traced(seed: number): Promise<{ digest: string; lastLines: readonly string[] }> {
  const trace = new Trace();
  const hash = createHash('sha256');
  let lastLines: string[] = [];
  const digest = (lines: string[]): void => {
    hash.update(lines.join('\n'));
    lastLines = [...lastLines, ...lines].slice(-KEPT_LINES);
  };
  const record = (event: TraceEvent): void => {
    trace.record(event);
    if (trace.lines.length === KEPT_LINES) digest(trace.lines.splice(0));
  };
  const { violations } = await runSeed(seed, record, paths, mode);
  digest([...trace.lines, ...violations]);
  return { digest: hash.digest('hex'), lastLines };
}
