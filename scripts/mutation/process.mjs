// A process for one mutant: what it did to the world is gone with it, and a loop that never ends
// can be ended.

import { fork } from 'node:child_process';

/** Who needs more loops. */
const HEAP_MIB = 512;

/**
 * Gives how the process ended: by itself, because it had said nothing for too long, or broken.
 *
 * @param {string} path
 * @param {number} mutant
 * @param {object} task
 * @param {(message: unknown) => number} onMessage gives how long the next message may take
 * @returns {Promise<'ended' | 'endless' | 'crashed'>}
 */
export function runWorker(path, mutant, task, onMessage) {
  return new Promise((resolve) => {
    const worker = fork(path, {
      execArgv: [`--max-old-space-size=${HEAP_MIB}`],
      env: { ...process.env, RDS_MUTANT: String(mutant) },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let isEndless = false;
    const expire = () => {
      isEndless = true;
      worker.kill('SIGKILL');
    };
    let timer = setTimeout(expire, 60_000);
    worker.on('message', (message) => {
      clearTimeout(timer);
      timer = setTimeout(expire, onMessage(message));
    });
    worker.on('exit', (code) => {
      clearTimeout(timer);
      resolve(isEndless ? 'endless' : code === 0 ? 'ended' : 'crashed');
    });
    worker.send(task);
  });
}
