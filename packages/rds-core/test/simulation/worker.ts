/** A process of `npm run simulate`: runs the seeds it is sent, one after the other. */

import { Trace } from '../../src/testing/index.js';
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
    if (once !== (await traced(seed))) found.push('not determined by the seed: two runs differ');
    if (found.length > 0) lastEvents = once.split('\n').slice(-LAST_EVENTS);
  }
  const message: Report = { ...verdict, violations: found, lastEvents, elapsedMs };
  process.send?.(message);
}

async function traced(seed: number): Promise<string> {
  const trace = new Trace();
  const { violations } = await runSeed(seed, trace.record, paths, mode);
  return [...trace.lines, ...violations].join('\n');
}
