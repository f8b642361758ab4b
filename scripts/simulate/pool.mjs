// Worker processes that run seeds: each asks for the next one when it is done.

import { fork } from 'node:child_process';

/**
 * @typedef {import('../../packages/rds-core/test/simulation/worker.ts').Report} Report
 */

/** A seed takes some tens of milliseconds; who needs so long will never end. */
const HANG_MS = 120_000;
/** Who needs so much for one cluster loops, and must not take the machine with it. */
const HEAP_MIB = 512;

/**
 * Runs the seeds that `next` gives until it gives none. `onReport` may say that it is enough.
 *
 * @param {string} workerPath
 * @param {number} processes
 * @param {() => number | undefined} next
 * @param {(report: Report) => 'more' | 'enough'} onReport
 * @param {{ hangMs?: number, paths?: number, mode?: string }} [options] after `hangMs` a seed will never end
 */
export async function runSeeds(workerPath, processes, next, onReport, options = {}) {
  const { hangMs = HANG_MS, paths = 1, mode = 'usual' } = options;
  let isOver = false;
  await Promise.all(Array.from({ length: processes }, () => runOne()));

  async function runOne() {
    while (!isOver) {
      const crashed = await runWorker();
      if (crashed === undefined) return;
      if (onReport(crashed) === 'enough') isOver = true;
    }
  }

  /** Gives the report of the seed that killed its worker, if one did. */
  function runWorker() {
    return new Promise(
      /** @param {(crashed: Report | undefined) => void} resolve */ (resolve) => {
        const execArgv = ['--enable-source-maps', `--max-old-space-size=${HEAP_MIB}`];
        const worker = fork(workerPath, [String(paths), mode], { execArgv, silent: true });
        let said = '';
        worker.stderr?.on('data', (text) => {
          said += text;
        });
        /** @type {number | undefined} */
        let seed;
        /** @type {NodeJS.Timeout | undefined} */
        let timer;
        const advance = () => {
          clearTimeout(timer);
          seed = isOver ? undefined : next();
          if (seed === undefined) worker.disconnect();
          else {
            worker.send(seed);
            timer = setTimeout(() => worker.kill('SIGKILL'), hangMs);
          }
        };
        worker.on('message', (message) => {
          if (onReport(/** @type {Report} */ (message)) === 'enough') isOver = true;
          advance();
        });
        worker.on('exit', (code, signal) => {
          clearTimeout(timer);
          if (code === 0 || seed === undefined) resolve(undefined);
          else resolve(reportOfCrash(seed, `the process ended with ${signal ?? code}\n${said}`));
        });
        advance();
      },
    );
  }
}

/**
 * @param {number} seed
 * @param {string} violation
 * @returns {Report}
 */
function reportOfCrash(seed, violation) {
  const none = { simulatedMs: 0, messages: 0, arrivals: 0, elapsedMs: 0 };
  return { seed, violations: [violation], lastEvents: [], faults: {}, ...none };
}
