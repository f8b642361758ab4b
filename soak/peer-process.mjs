// A process of a scenario, through all its incarnations: started, killed, stopped, started again.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 * @typedef {import('./worker.mjs').Command} Command
 * @typedef {import('./worker-log.mjs').LogRecord} LogRecord
 * @typedef {import('node:child_process').ChildProcess} ChildProcess
 *
 * @typedef {object} Incarnation
 * @property {number} number unique in the scenario
 * @property {ChildProcess} child
 * @property {Promise<void>} logEnd all that it has logged was read
 */

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Few, so that they are used up in a moment. */
const MAX_DESCRIPTORS = 256;
const START_MS = 20_000;
const MAX_ERROR_CHARACTERS = 4000;

/**
 * Those that run. They end when we are gone, unless they happen to be stopped then.
 *
 * @type {Set<ChildProcess>}
 */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export class PeerProcess {
  /** @type {Incarnation | null} */
  #now = null;
  /** Why it ended, if nobody had asked it to. */
  /** @type {string | null} */
  crash = null;
  /** A fault is being done to it; one at a time. */
  isBusy = false;
  #isEndExpected = false;
  #errors = '';

  /**
   * @param {readonly number[]} nodes
   * @param {readonly string[]} prefix what stands before the command, to run it elsewhere
   * @param {(incarnation: number, record: LogRecord) => void} onRecord
   */
  constructor(nodes, prefix, onRecord) {
    this.nodes = nodes;
    this.prefix = prefix;
    this.onRecord = onRecord;
  }

  get incarnation() {
    return this.#now?.number ?? 0;
  }

  get isRunning() {
    return this.#now !== null;
  }

  /**
   * Resolves when its nodes are there.
   *
   * @param {WorkerOptions} options
   */
  async start(options) {
    const { incarnation: number } = options;
    const shell = `ulimit -n ${MAX_DESCRIPTORS} && exec "$@"`;
    const node = [process.execPath, worker, JSON.stringify(options)];
    const [command = '', ...args] = [...this.prefix, 'sh', '-c', shell, 'sh', ...node];
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'] });
    const logEnd = this.#readLog(number, child);
    this.#now = { number, child, logEnd };
    this.#isEndExpected = false;
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-MAX_ERROR_CHARACTERS);
    });
    children.add(child);
    child.on('exit', (code, signal) => {
      children.delete(child);
      if (this.#isEndExpected) return;
      this.crash ??= `incarnation ${number} ended (${signal ?? `code ${code}`})\n${this.#errors}`;
    });
    child.on('error', (error) => {
      this.crash ??= String(error);
    });
    await this.#hear('ready', START_MS);
  }

  /** As `kill -9`; resolves when it is gone and its log was read. */
  async kill() {
    const now = this.#now;
    if (now === null) return;
    this.#isEndExpected = true;
    this.#now = null;
    const isGone = new Promise((resolve) => now.child.once('exit', resolve));
    if (now.child.exitCode === null && now.child.signalCode === null) {
      now.child.kill('SIGKILL');
      await isGone;
    }
    await now.logEnd;
  }

  stop() {
    this.#now?.child.kill('SIGSTOP');
  }

  goOn() {
    this.#now?.child.kill('SIGCONT');
  }

  /**
   * Resolves when it has done so.
   *
   * @param {Command} command
   * @param {number} limitMs
   */
  async tell(command, limitMs) {
    const done = command.type === 'close' ? 'closed' : `${command.type} done`;
    if (command.type === 'close') this.#isEndExpected = true;
    this.#now?.child.send(command);
    return await this.#hear(done, limitMs);
  }

  /**
   * @param {string} type
   * @param {number} limitMs
   * @returns {Promise<any>}
   */
  #hear(type, limitMs) {
    const child = this.#now?.child;
    return new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ what) => {
        over();
        reject(new Error(`process ${this.incarnation}: ${what} while '${type}' was awaited`));
      };
      const timer = setTimeout(() => fail(`${limitMs} ms have passed`), limitMs);
      const onExit = () => fail('it has ended');
      const onMessage = (/** @type {{ type: string }} */ message) => {
        if (message.type !== type) return;
        over();
        resolve(message);
      };
      const over = () => {
        clearTimeout(timer);
        child?.off('message', onMessage).off('exit', onExit);
      };
      child?.on('message', onMessage).on('exit', onExit);
    });
  }

  /**
   * @param {number} incarnation
   * @param {ChildProcess} child
   */
  async #readLog(incarnation, child) {
    const stream = /** @type {import('node:stream').Readable} */ (child.stdio[3]);
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on('line', (line) => {
      const record = parse(line);
      if (record !== null) this.onRecord(incarnation, record);
    });
    await new Promise((resolve) => lines.once('close', resolve));
  }
}

/**
 * Null for the half of a line that a killed process has left.
 *
 * @param {string} line
 * @returns {LogRecord | null}
 */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
