// A lock between processes: a file that only one can create, holding the owner's process id.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 100;

/**
 * Runs `action` while no other process runs one under the same lock.
 *
 * @param {string} path
 * @param {() => Promise<void>} action
 */
export async function withLock(path, action) {
  let told = false;
  while (!tryLock(path)) {
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) console.error(`waiting for another set-up to end (else remove ${path})…`);
    told = true;
    await delay(RETRY_MS);
  }
  try {
    await action();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function tryLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Whether the owner was killed, so that it could not clean up.
 *
 * @param {string} path
 */
function isAbandoned(path) {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    // Empty for the moment between the creation of the file and the writing of the id.
    if (owner > 0) process.kill(owner, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
