// Starting other programs: in the foreground, or quietly with their output kept.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';

// vitest colours what it says even where it is not read on a terminal.
const isPlain = !process.stdout.isTTY && process.env.FORCE_COLOR === undefined;
const env = isPlain ? { ...process.env, NO_COLOR: '1' } : process.env;

/**
 * Runs a Node program on our own terminal and gives its exit code.
 *
 * @param {string[]} args
 * @param {(message: unknown) => void} [onMessage] hears what it sends with `process.send`
 * @returns {Promise<number>}
 */
export function runNode(args, onMessage) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: onMessage ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
  });
  if (onMessage) child.on('message', onMessage);
  // Ctrl-C reaches the whole process group: what it means is for the program to say, not for us.
  const ignore = () => {};
  const forward = () => child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}

/**
 * Runs a Node program quietly. If it fails, the error holds all that it said.
 *
 * @param {string[]} args
 * @param {string} [folder] where it runs
 */
export function runNodeQuietly(args, folder = root) {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return outputOf(child, `node ${args.join(' ')}`);
}

/**
 * Runs a command of npm's, quietly, through a shell: on Windows npm and npx are scripts.
 *
 * @param {string} line
 * @param {string} [folder] where it runs
 */
export function runShellQuietly(line, folder = root) {
  const child = spawn(line, {
    cwd: folder,
    // Nobody is there to answer a question.
    env: { ...env, CI: 'true' },
    shell: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return outputOf(child, line);
}

/**
 * Runs the pnpm version that package.json names, quietly. It comes through npx, so that nobody has
 * to install it.
 *
 * @param {string} command such as `install --frozen-lockfile`
 * @param {string} [folder] where it runs
 */
export function runPnpm(command, folder = root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return runShellQuietly(`npx --yes ${packageManager} ${command}`, folder);
}

/**
 * @typedef {import('node:stream').Readable} Readable
 * @typedef {import('node:child_process').ChildProcessByStdio<null, Readable, Readable>} Child
 */

/**
 * @param {Child} child
 * @param {string} what
 * @returns {Promise<string>}
 */
function outputOf(child, what) {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${output}\n${what}\nfailed (${signal ?? `exit code ${code}`})`));
    });
  });
}
