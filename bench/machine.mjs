// Where and of what a run is: without it no figure means anything.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * @param {import('./arguments.mjs').Arguments} arguments_
 * @returns {Record<string, string>}
 */
export function factsOf({ rounds, lengths }) {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const changed = said('git', 'status', '--porcelain', '--untracked-files=no') !== '';
  const commit = said('git', 'rev-parse', '--short', 'HEAD') || 'unknown';
  const [load = 0] = loadavg();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    machine: `${processors.length} × ${processors[0]?.model ?? arch()}, ${memory}`,
    load: `${load.toFixed(2)} at the start`,
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    commit: changed ? `${commit} with changes` : commit,
    rounds: `${rounds}, each of ${lengths.warmUpMs} ms warm-up and ${lengths.measureMs} ms`,
  };
}

/** @param {import('./contenders.mjs').Entry} entry */
export function versionsOf({ packages, program }) {
  const versions = packages.map((name) => `${name} ${versionOf(name)}`);
  if (program !== undefined) versions.push(said(program, '--version').split('\n', 1)[0] ?? '');
  return versions.join(', ');
}

/** @param {string} program that may not be there */
export function isInstalled(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** @param {string} name of a package of npm's */
function versionOf(name) {
  const path = `${folder}node_modules/${name}/package.json`;
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : 'not installed';
}

/**
 * @param {string} program
 * @param {string[]} args
 */
function said(program, ...args) {
  const { stdout } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  return stdout?.trim() ?? '';
}
