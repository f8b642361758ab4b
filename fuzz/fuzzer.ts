/**
 * The fuzzer: `npm run fuzz -- [--executions N] [--target T] [--seed S] [--minutes M]`, and
 * `--replay HEX --target T` for an input that failed. With --minutes it goes on with ever new
 * seeds until they are over, and --executions is what each round has.
 */

import type { Session } from 'node:inspector';
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.js';
import { Engine } from './engine.js';
import { Failure } from './failure.js';
import { regressions } from './regressions.js';
import { fromHex } from './seeds.js';
import { TARGET_NAMES, type TargetName } from './target.js';
import { shares, targets } from './targets.js';
import { Watchdog } from './watchdog.js';

const USAGE = `Usage: npm run fuzz -- [--executions N] [--target ${TARGET_NAMES.join('|')}|all]
  [--seed S] [--minutes M] [--replay HEX] [--coverage]`;

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '100000' },
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    replay: { type: 'string' },
    coverage: { type: 'boolean', default: false },
  },
});

// What an execution leaves behind unhandled is a failure of the last one that ran.
let last: { target: TargetName; input: Uint8Array } | null = null;
const unhandled = (error: unknown): void => fail(error);
process.on('unhandledRejection', unhandled).on('uncaughtException', unhandled);

/** @param session that counts what runs */
export async function fuzz(session: Session): Promise<void> {
  try {
    await main(session);
  } catch (error) {
    fail(error);
  }
}

async function main(session: Session): Promise<void> {
  const { executions, seed, minutes, replay } = values;
  const names = TARGET_NAMES.filter((name) => values.target === 'all' || values.target === name);
  const counts = [executions, seed, minutes ?? '1'].map(Number);
  if (names.length === 0 || counts.some((count) => !(count >= 0))) throw new Error(USAGE);
  if (replay !== undefined) {
    for (const name of names) await execute(name, fromHex(replay));
    console.log('nothing failed');
    return;
  }
  for (const { target, input } of regressions()) {
    if (names.includes(target)) await execute(target, input);
  }
  const untilMs = minutes === undefined ? Infinity : performance.now() + Number(minutes) * 60_000;
  const coverage = new Coverage(session, import.meta.url);
  const watchdog = new Watchdog();
  let round = Number(seed);
  do {
    await runRound(names, coverage, watchdog, round++, untilMs);
  } while (minutes !== undefined && performance.now() < untilMs);
  reportCoverage(coverage);
}

async function runRound(
  names: readonly TargetName[],
  coverage: Coverage,
  watchdog: Watchdog,
  seed: number,
  untilMs: number,
): Promise<void> {
  const sum = names.reduce((total, name) => total + shares[name], 0);
  for (const name of names) {
    const engine = new Engine(targets[name], coverage, watchdog, seed);
    const executions = Math.ceil((Number(values.executions) * shares[name]) / sum);
    const result = await engine.run({ executions, untilMs });
    const rate = Math.round((result.executions / result.durationMs) * 1000);
    const { corpus, features } = result;
    console.log(
      `${name}: executions=${result.executions} seed=${seed} rate=${rate}/s corpus=${corpus} states=${features} failures=0`,
    );
  }
}

async function execute(name: TargetName, input: Uint8Array): Promise<void> {
  last = { target: name, input };
  try {
    await targets[name].execute(input);
  } catch (error) {
    throw new Failure(name, input, error);
  }
}

function reportCoverage(coverage: Coverage): void {
  const files = coverage.perFile();
  const percent = (covered: number, total: number): string =>
    `${Math.round((100 * covered) / total)} %`;
  if (values.coverage) {
    for (const { file, covered, total } of files)
      console.log(`${file}: ${percent(covered, total)}`);
  }
  const covered = files.reduce((sum, file) => sum + file.covered, 0);
  const total = files.reduce((sum, file) => sum + file.total, 0);
  console.log(`coverage of the core: ${percent(covered, total)}`);
}

function fail(error: unknown): never {
  const failure =
    error instanceof Failure || last === null ? error : new Failure(last.target, last.input, error);
  console.error(failure instanceof Failure ? failure.report : failure);
  process.exit(1);
}
