// Runs a task of this repository: `node scripts/run.mjs <task> [argument…]`.
//
// Every npm script of the root comes through here, so that each works from a fresh clone with only
// Node and npm: what is missing or out of date is installed and built first. All is run with the
// Node that runs this file, so `npx node@22 scripts/run.mjs test` stays in version 22.

import { check } from './check.mjs';
import { fuzz } from './fuzz.mjs';
import { toolPath } from './paths.mjs';
import { runNode } from './process.mjs';
import { installDependencies, setUp } from './set-up.mjs';

/** Of the core, by its own tests. */
const LEAST_BRANCHES_PERCENT = 95;

/** @type {Record<string, (args: string[]) => Promise<number>>} Each gives the exit code. */
const tasks = {
  copy: (args) => example('copy', args),
  chat: (args) => example('chat', args),
  ipc: (args) => example('ipc', args),
  test,
  coverage,
  soak,
  interop,
  bench,
  build,
  check: checkAll,
  simulate: runSimulation,
  fuzz: fuzzAll,
  mutation,
  format,
};

const [name = '', ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
if (task === undefined) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(tasks).join('|')} [argument…]`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await task(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * @param {string} name
 * @param {string[]} args
 */
async function example(name, args) {
  await setUp();
  return runNode([`packages/rds-examples/dist/${name}.js`, ...args]);
}

/** @param {string[]} args */
async function test(args) {
  await setUp();
  const reporters = ['--reporter=./scripts/count-reporter.mjs'];
  if (!args.some((arg) => arg.startsWith('--reporter'))) reporters.push('--reporter=default');
  // Should vitest die before it reports, then that is a failure.
  let counts = { passed: 0, failed: 1, skipped: 0 };
  const code = await runNode([toolPath('vitest'), 'run', ...reporters, ...args], (message) => {
    counts = /** @type {typeof counts} */ (message);
  });
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return code;
}

/** @param {string[]} args */
async function soak(args) {
  await setUp();
  return runNode(['soak/main.mjs', ...args]);
}

/** @param {string[]} args */
async function interop(args) {
  await setUp();
  return runNode(['interop/main.mjs', ...args]);
}

/** @param {string[]} args */
async function bench(args) {
  await setUp();
  return runNode(['bench/main.mjs', ...args]);
}

/**
 * How much of the core its own tests reach. Fails when they reach fewer of its branches.
 *
 * @param {string[]} args
 */
async function coverage(args) {
  await installDependencies();
  const options = ['include=packages/rds-core/src/**/*.ts', 'reporter=text'];
  const limits = [`thresholds.branches=${LEAST_BRANCHES_PERCENT}`];
  const settings = [...options, ...limits].map((option) => `--coverage.${option}`);
  const core = ['packages/rds-core', '--coverage', ...settings];
  return runNode([toolPath('vitest'), 'run', ...core, ...args]);
}

async function build() {
  await setUp();
  return 0;
}

async function checkAll() {
  await setUp();
  return check();
}

/** @param {string[]} args */
async function runSimulation(args) {
  await installDependencies();
  const { simulate } = await import('./simulate/main.mjs');
  return simulate(args);
}

/** @param {string[]} args */
async function fuzzAll(args) {
  await installDependencies();
  return fuzz(args);
}

/** @param {string[]} args */
async function mutation(args) {
  await installDependencies();
  const { mutate } = await import('./mutation/main.mjs');
  return mutate(args);
}

/** @param {string[]} args */
async function format(args) {
  await installDependencies();
  return runNode([toolPath('@biomejs/biome', 'biome'), 'check', '--write', ...args]);
}
