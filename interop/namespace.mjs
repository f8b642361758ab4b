// A world for one run: the program starts itself again in network, mount and process namespaces
// of its own. Its bridges, its kernels, its files in memory and its processes are seen by nobody
// else, and are gone with it, however it ends. Nothing is left to clean up.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** Where the program finds its folder in memory, once it is inside. */
const FOLDER_VARIABLE = 'RDS_INTEROP_FOLDER';

/** The folder in memory of the namespaces that we are in; undefined outside. */
export const insideFolder = process.env[FOLDER_VARIABLE];

/**
 * `unshare` dies with us, and takes the first process of the new namespace with it, which is the
 * end of all others there. Without root, a user namespace makes us root of the rest.
 */
function prefix() {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const kinds = [...user, '--net', '--mount', '--pid', '--fork', '--mount-proc'];
  return ['--pdeathsig', 'KILL', 'unshare', ...kinds, '--kill-child=KILL'];
}

/** Why there can be no such namespaces here; null if there can. */
export async function whyNoNamespaces() {
  const probe = 'ip link add probe0 type bridge && ip tuntap add probe1 mode tap';
  try {
    await run('setpriv', [...prefix(), 'sh', '-c', probe]);
    return null;
  } catch (error) {
    return `namespaces, a bridge and a tap can not be made: ${lastLineOf(error)}`;
  }
}

/**
 * Runs a program of ours in new namespaces, on our own terminal, and gives its exit code.
 *
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<number>}
 */
export async function runInside(program, args) {
  const folder = mkdtempSync(join(tmpdir(), 'rds-interop-'));
  const mounted = 'mount -t tmpfs -o mode=700 tmpfs "$0" && exec "$@"';
  const command = ['sh', '-c', mounted, folder, process.execPath, program, ...args];
  const child = spawn('setpriv', [...prefix(), ...command], {
    stdio: 'inherit',
    env: { ...process.env, [FOLDER_VARIABLE]: folder },
  });
  // `unshare` itself does not listen to these.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill('SIGKILL'));
  }
  try {
    const [code, signal] = await once(child, 'exit');
    return code ?? 128 + constants.signals[/** @type {NodeJS.Signals} */ (signal)];
  } finally {
    rmdirSync(folder);
  }
}

/** @param {unknown} error */
export function lastLineOf(error) {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1) ?? text;
}
