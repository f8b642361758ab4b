// All that is checked besides the behaviour that the tests show.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages } from './pack.mjs';
import { toolPath } from './paths.mjs';
import { runNodeQuietly } from './process.mjs';

/**
 * Runs every check, also after a failure, and gives the exit code. Expects the packages to be
 * built, which has checked the types of their sources.
 */
export async function check() {
  const folder = mkdtempSync(join(tmpdir(), 'rds-check-'));
  try {
    return await runChecks(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder for the tarballs */
async function runChecks(folder) {
  const failed = [];
  for (const [name, action] of checks(folder)) {
    const start = performance.now();
    try {
      await action();
      console.log(`ok ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      console.log(`FAILED ${name}\n${error instanceof Error ? error.message : error}`);
      failed.push(name);
    }
  }
  console.log(failed.length === 0 ? 'all checks passed' : `checks failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

/**
 * @param {string} folder
 * @returns {[name: string, action: () => Promise<unknown>][]}
 */
function checks(folder) {
  /** @type {string[]} Filled by `pack`, for those that follow. */
  let tarballs = [];
  const pack = async () => {
    tarballs = Object.values(await packPackages(folder));
  };
  const lint = 'biome check --error-on-warnings --max-diagnostics=none';
  return [
    ['format and lint', () => runTool('@biomejs/biome', lint)],
    ['types of tests and scripts', () => runTool('typescript', 'tsc --project .')],
    ['tidy', () => runTool('vitest', 'vitest run tests/tidy.test.ts')],
    ['unused files, exports and dependencies', () => runTool('knip', 'knip')],
    ['pack', pack],
    ['publint', () => each(tarballs, (path) => runTool('publint', 'publint --strict', path))],
    ['types as consumers resolve them', () => each(tarballs, resolveTypes)],
  ];
}

/** @param {string} tarball */
function resolveTypes(tarball) {
  return runTool('@arethetypeswrong/cli', 'attw --profile esm-only', tarball);
}

/**
 * @param {string} packageName
 * @param {string} command its name and what follows it
 * @param {string[]} args
 */
function runTool(packageName, command, ...args) {
  const [name, ...words] = command.split(' ');
  return runNodeQuietly([toolPath(packageName, name), ...words, ...args]);
}

/**
 * @param {string[]} tarballs
 * @param {(path: string) => Promise<unknown>} action
 */
async function each(tarballs, action) {
  if (tarballs.length === 0) throw new Error('There are no tarballs to check.');
  await Promise.all(tarballs.map(action));
}
