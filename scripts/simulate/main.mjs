// `npm run simulate`: thousands of clusters under faults, each from a seed. See docs/TESTING.md.

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { root } from '../paths.mjs';
import { bundle } from './bundle.mjs';
import { runSeeds } from './pool.mjs';

const USAGE = `Usage: npm run simulate -- [options]

  --seeds N      how many seeds to run (default 2000)
  --from S       the first seed (default: a new one each day)
  --minutes M    stop after M minutes, whatever is left
  --processes P  how many processes (default: one per core)
  --seed S       run one seed; with --trace, write its whole story as a page
  --paths N      nodes have up to N paths, and single connections break
  --mode M       usual (default), drilled (a long drill in each seed) or calm (no faults)
  --mutants      plant bugs in the core, one at a time, and see each of them found
  --only A,B     with --mutants: plant only these, by name

Exit code 0 if no rule was violated, 1 if one was.`;

/** So many failures tell enough. */
const FAILURES_SHOWN = 5;
const DAY_MS = 86_400_000;
/** Days apart do not share seeds. */
const SEEDS_PER_DAY = 1_000_000;
const PROGRESS_EVERY_MS = 10_000;

/** @typedef {import('./pool.mjs').Report} Report */

/** @param {string[]} args */
export async function simulate(args) {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      minutes: { type: 'string' },
      processes: { type: 'string' },
      seed: { type: 'string' },
      trace: { type: 'boolean' },
      paths: { type: 'string' },
      mode: { type: 'string', default: 'usual' },
      mutants: { type: 'boolean' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const processes = number('processes', values.processes) ?? availableParallelism();
  const from = number('from', values.from);
  const seeds = number('seeds', values.seeds);
  if (values.mutants) {
    const { runMutants } = await import('./mutants.mjs');
    const only = values.only?.split(',');
    return runMutants({ from: from ?? 1, seeds: seeds ?? 1000, processes, only });
  }
  if (values.only !== undefined) throw new Error('--only needs --mutants');
  const seed = number('seed', values.seed);
  const paths = number('paths', values.paths) ?? 1;
  const { mode } = values;
  if (values.trace && seed === undefined) throw new Error('--trace needs a --seed');
  if (seed !== undefined && values.trace) {
    const { writeTrace } = await import('./trace.mjs');
    return writeTrace(seed, paths, mode);
  }
  const minutes = number('minutes', values.minutes);
  return runMany({
    first: seed ?? from ?? Math.floor(Date.now() / DAY_MS) * SEEDS_PER_DAY,
    count: seed === undefined ? (seeds ?? (minutes === undefined ? 2000 : Infinity)) : 1,
    untilMs: minutes === undefined ? Infinity : Date.now() + minutes * 60_000,
    processes,
    kind: { paths, mode },
  });
}

/**
 * What seeds are run as.
 *
 * @typedef {object} Kind
 * @property {number} paths
 * @property {string} mode
 */

/** @param {{ first: number, count: number, untilMs: number, processes: number, kind: Kind }} task */
async function runMany({ first, count, untilMs, processes, kind }) {
  const worker = await bundle('worker');
  const startedAtMs = Date.now();
  const sums = { seeds: 0, failed: 0, simulatedMs: 0, messages: 0, arrivals: 0 };
  /** @type {Map<string, number>} */
  const faults = new Map();
  let next = first;
  let toldAtMs = startedAtMs;
  const range = count === Infinity ? `from ${first}` : `${first} to ${first + count - 1}`;
  console.log(`seeds ${range}, ${processes} processes, commit ${commit()}`);
  await runSeeds(
    worker,
    processes,
    () => (next < first + count && Date.now() < untilMs ? next++ : undefined),
    (report) => {
      sums.seeds++;
      sums.simulatedMs += report.simulatedMs;
      sums.messages += report.messages;
      sums.arrivals += report.arrivals;
      for (const [kind, times] of Object.entries(report.faults)) {
        faults.set(kind, (faults.get(kind) ?? 0) + times);
      }
      if (report.violations.length > 0 && ++sums.failed <= FAILURES_SHOWN) tell(report, kind);
      if (Date.now() - toldAtMs > PROGRESS_EVERY_MS) {
        toldAtMs = Date.now();
        console.log(`${sums.seeds} seeds, ${sums.failed} failed`);
      }
      return 'more';
    },
    kind,
  );
  const seconds = (Date.now() - startedAtMs) / 1000;
  const names = [...faults].sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(`faults: ${names.map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
  console.log(
    `seeds=${sums.seeds} failed=${sums.failed} messages=${sums.messages} ` +
      `arrivals=${sums.arrivals} simulated=${(sums.simulatedMs / 3_600_000).toFixed(1)}h ` +
      `real=${seconds.toFixed(1)}s speed=${Math.round(sums.simulatedMs / 1000 / seconds)}x`,
  );
  return sums.failed === 0 ? 0 : 1;
}

/**
 * @param {Report} report
 * @param {Kind} kind
 */
function tell({ seed, violations, lastEvents }, { paths, mode }) {
  const how = `${paths > 1 ? ` --paths ${paths}` : ''}${mode === 'usual' ? '' : ` --mode ${mode}`}`;
  const again = `npm run simulate -- --seed ${seed}${how}`;
  console.log(`\nseed ${seed} failed, commit ${commit()}`);
  for (const violation of violations.slice(0, 10)) console.log(`  ${violation}`);
  if (lastEvents.length > 0) console.log(`the last events:\n  ${lastEvents.join('\n  ')}`);
  console.log(`again: ${again}`);
  console.log(`its story: ${again} --trace\n`);
}

function commit() {
  try {
    const options = /** @type {const} */ ({ cwd: root, encoding: 'utf8', stdio: 'pipe' });
    const name = execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
    const changed = execFileSync('git', ['status', '--porcelain', '-uno'], options) !== '';
    return changed ? `${name} with changes` : name;
  } catch {
    return 'unknown';
  }
}

/**
 * @param {string} name
 * @param {string | undefined} text
 */
function number(name, text) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new Error(`--${name} takes a number, not ${text}`);
}
