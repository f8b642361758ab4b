// `npm run mutation`: what becomes of small mistakes in the core. A sample of all that can be made
// of its sources is planted, one at a time, and the tests that reach it run until one of them fails.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle, folder } from './bundle.mjs';
import { runWorker } from './process.mjs';
import { intervalOf, sample } from './sample.mjs';

/** @typedef {import('./instrument.mjs').Mutant} Mutant */
/** @typedef {{ file: string, index: number, ms: number }} Test */
/** @typedef {Test & { ids: number[], error?: string }} Surveyed */
/** @typedef {{ mutant: Mutant, fate: string, by?: string }} Result */

const USAGE = `Usage: npm run mutation -- [options]

  --sample N     how many mutants (default 400; "all" for all of them)
  --seed S       which ones (default 1)
  --files TEXT   only of files whose name holds TEXT; several parted by commas
  --json FILE    write what became of each mutant
  --min PERCENT  exit code 1 below this score (default 85)`;

/** These tests are of something else, or take seconds to show what others show sooner. */
const LEFT_OUT = /^(hostile\/(?!liars)|findings\/door|testing\/(?!linux-peer))/;
/** A test that takes so much longer than without a mutant will never end. */
const PATIENCE_MS = 3000;
const PATIENCE_FACTOR = 20;
const PROGRESS_EVERY = 50;

/** @param {string[]} args */
export async function mutate(args) {
  const { values } = parseArgs({
    args,
    options: {
      sample: { type: 'string', default: '400' },
      seed: { type: 'string', default: '1' },
      files: { type: 'string', default: '' },
      json: { type: 'string' },
      min: { type: 'string', default: '85' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { mutants, files } = await bundle();
  const { testsOf, fixed } = await survey(files.filter((file) => !LEFT_OUT.test(file)));
  const wanted = values.files.split(',');
  const all = mutants.filter(
    ({ id, file }) => !fixed.has(id) && wanted.some((part) => file.includes(part)),
  );
  const count = values.sample === 'all' ? all.length : Number(values.sample);
  const chosen = sample(all, count, Number(values.seed));
  console.log(`${mutants.length} mutants, ${all.length} of them here, ${chosen.length} chosen`);
  /** @type {Result[]} */
  const results = [];
  for (const mutant of chosen) {
    const result = await judge(mutant, testsOf.get(mutant.id) ?? []);
    results.push(result);
    if (isAlive(result)) tellSurvivor(result);
    if (results.length % PROGRESS_EVERY === 0) console.log(line(results));
  }
  if (values.json) writeFileSync(values.json, JSON.stringify(results, null, 1));
  console.log(line(results));
  return scoreOf(results) * 100 >= Number(values.min) ? 0 : 1;
}

/**
 * Which tests reach which mutant, the fastest first; and which are reached only while the files
 * are loaded: whom those concern is not known.
 *
 * @param {string[]} files
 */
async function survey(files) {
  /** @type {Map<number, Test[]>} */
  const testsOf = new Map();
  const fixed = new Set();
  const failures = /** @type {string[]} */ ([]);
  const end = await runWorker(join(folder, 'worker.mjs'), -1, { files }, (message) => {
    const { atLoad, ids, error, ...test } = /** @type {Surveyed & { atLoad?: number[] }} */ (
      message
    );
    for (const id of atLoad ?? []) fixed.add(id);
    if (error !== undefined) failures.push(`${test.file} ${test.index}: ${error}`);
    for (const id of ids ?? []) testsOf.set(id, [...(testsOf.get(id) ?? []), test]);
    return 120_000;
  });
  if (end !== 'ended') failures.push(`the tests ended with ${end}`);
  if (failures.length > 0) throw new Error(`Without any mutant:\n${failures.join('\n')}`);
  for (const [id, tests] of testsOf) {
    fixed.delete(id);
    tests.sort((a, b) => a.ms - b.ms);
  }
  return { testsOf, fixed };
}

/**
 * @param {Mutant} mutant
 * @param {Test[]} tests
 * @returns {Promise<Result>}
 */
async function judge(mutant, tests) {
  if (tests.length === 0) return { mutant, fate: 'not reached' };
  let fate = '';
  let by = '';
  const end = await runWorker(join(folder, 'worker.mjs'), mutant.id, { tests }, (message) => {
    const { begins, survived } = /** @type {{ begins?: Test, survived?: true }} */ (message);
    if (begins === undefined) fate = survived ? 'survived' : 'killed';
    else by = `${begins.file} ${begins.index}`;
    return PATIENCE_MS + (begins?.ms ?? 0) * PATIENCE_FACTOR;
  });
  return { mutant, fate: fate || end, by };
}

/** @param {Result} result */
function tellSurvivor({ mutant: { file, line, was, is }, fate }) {
  const text = was.replaceAll(/\s+/g, ' ').slice(0, 100);
  console.log(`${file}:${line} ${fate}: ${text}  →  ${is || '(removed)'}`);
}

/** @param {Result} result */
function isAlive({ fate }) {
  return fate === 'survived' || fate === 'not reached';
}

/** @param {Result[]} results */
function scoreOf(results) {
  return 1 - results.filter(isAlive).length / results.length;
}

/** @param {Result[]} results */
function line(results) {
  const fates = new Map();
  for (const { fate } of results) fates.set(fate, (fates.get(fate) ?? 0) + 1);
  const [low, high] = intervalOf(scoreOf(results), results.length);
  const percent = (/** @type {number} */ part) => (part * 100).toFixed(1);
  const counts = [...fates].map(([fate, count]) => `${count} ${fate}`).join(', ');
  const between = `95 %: ${percent(low)}–${percent(high)}`;
  return `score ${percent(scoreOf(results))} % of ${results.length} (${between}): ${counts}`;
}
