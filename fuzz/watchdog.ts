/**
 * Watchdog: a thread that ends the process if an input hangs, and says which one it was. Slow ones
 * that come to an end are the engine's business.
 */

import { Worker } from 'node:worker_threads';

const HANG_MS = 20_000;
const MAX_INPUT_BYTES = 32_768;

/** In the thread: the first word counts executions, the second is the length of the input. */
const CODE = `
  const { workerData: { shared, hangMs } } = require('node:worker_threads');
  const words = new Int32Array(shared, 0, 2);
  let last = 0;
  setInterval(() => {
    const count = words[0];
    if (count === last && count > 0) {
      const hex = Buffer.from(new Uint8Array(shared, 8, words[1])).toString('hex');
      require('node:fs').writeSync(2, 'FAILED: this input hangs\\ninput: ' + hex + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }
    last = count;
  }, hangMs);`;

export class Watchdog {
  readonly #shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  readonly #words = new Int32Array(this.#shared, 0, 2);
  readonly #input = new Uint8Array(this.#shared, 8);
  readonly #worker = new Worker(CODE, {
    eval: true,
    workerData: { shared: this.#shared, hangMs: HANG_MS },
  });

  constructor() {
    this.#worker.unref();
  }

  begin(input: Uint8Array): void {
    this.#input.set(input.subarray(0, MAX_INPUT_BYTES));
    this.#words[1] = Math.min(input.byteLength, MAX_INPUT_BYTES);
    this.#words[0] = ((this.#words[0] as number) + 1) & 0x7fffffff;
  }
}
