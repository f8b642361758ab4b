/** A process of `npm run simulate`: runs the seeds it is sent, one after the other. */

import { Trace } from '../../src/testing/index.js';
import { runSeed } from './run-seed.js';

/** So often a seed runs twice, and the two must agree to the last byte. */
const TWICE_EVERY = 50;
/** Of the trace of a failure. */
const LAST_EVENTS = 40;

process.on('message', (seed: number) => {
  void report(seed);
});

async function report(seed: number): Promise<void> {
  const startedAt = performance.now();
  const { violations, ...verdict } = await runSeed(seed);
  const found = [...violations];
  const isTwice = seed % TWICE_EVERY === 0;
  let lastEvents: string[] = [];
  if (isTwice || found.length > 0) {
    const [once, again] = [await traced(seed), await traced(seed)];
    if (once !== again) found.push('not determined by the seed: two runs differ');
    if (found.length > 0) lastEvents = once.split('\n').slice(-LAST_EVENTS);
  }
  const elapsedMs = performance.now() - startedAt;
  process.send?.({ ...verdict, violations: found, lastEvents, elapsedMs });
}

async function traced(seed: number): Promise<string> {
  const trace = new Trace();
  const { violations } = await runSeed(seed, trace.record);
  return [...trace.lines, ...violations].join('\n');
}
