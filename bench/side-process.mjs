// A side of a measurement as the harness sees it: a process that is told things and answers.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** No single step takes that long, but where something hangs. */
const ANSWER_LIMIT_MS = 60_000;
/** What a process has said before it failed: the end of it tells why. */
const KEPT_CHARACTERS = 2000;
const SIDE = fileURLToPath(new URL('side.mjs', import.meta.url));

/**
 * How to start a side that is written for Node.
 *
 * @param {'receive' | 'send' | 'both'} role
 * @param {string} contender
 * @param {import('./contender.mjs').Plan} plan
 * @param {import('./contender.mjs').Where} where
 */
export function nodeCommand(role, contender, plan, where) {
  return [process.execPath, SIDE, role, contender, JSON.stringify(plan), JSON.stringify(where)];
}

export class SideProcess {
  #child;
  /** @type {Map<string, (answer: unknown) => void>} What is waited for, by its name. */
  #waiting = new Map();
  /** @type {Map<string, unknown>} What was said before anybody waited for it. */
  #said = new Map();
  /** @type {(error: Error) => void} */
  #fail = () => {};
  #errors = '';
  #failure;
  #closed;

  /** @param {readonly string[]} command */
  constructor([program = '', ...args]) {
    // A group of its own: a side may have started programs, which have to end with it.
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    /** @type {Promise<never>} */
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // It may fail while nobody asks anything of it; who asks next hears of it.
    this.#failure.catch(() => {});
    this.#child.on('error', this.#fail);
    // To a process that has ended nothing can be said, of which 'close' tells.
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-KEPT_CHARACTERS);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line));
    this.#closed = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#fail(new Error(`a side ended (${signal ?? code}) ${this.#errors}`));
        resolve(undefined);
      });
    });
  }

  /**
   * Waits for an answer; only one may wait for the same.
   *
   * @param {string} name
   * @returns {Promise<any>}
   */
  async answer(name) {
    if (this.#said.has(name)) {
      const answer = this.#said.get(name);
      this.#said.delete(name);
      return answer;
    }
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no “${name}” within ${ANSWER_LIMIT_MS / 1000} s ${this.#errors}`));
      }, ANSWER_LIMIT_MS);
    });
    const said = new Promise((resolve) => {
      this.#waiting.set(name, resolve);
    });
    try {
      return await Promise.race([said, late, this.#failure]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(name);
    }
  }

  /**
   * @param {string} line
   * @param {string} name of the answer
   */
  ask(line, name) {
    this.#child.stdin.write(`${line}\n`);
    return this.answer(name);
  }

  /** Ends it, and waits until it has ended. */
  async close() {
    if (this.#child.pid !== undefined) endGroup(this.#child.pid);
    await this.#closed;
  }

  /** @param {string} line */
  #hear(line) {
    // Libraries may say things, too.
    if (!line.startsWith('{')) return;
    for (const [name, value] of Object.entries(JSON.parse(line))) {
      if (name === 'failed') this.#fail(new Error(String(value)));
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) this.#said.set(name, value);
      else waiting(value);
    }
  }
}

/** @param {number} pid */
function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself, and has left nobody behind.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH') throw error;
  }
}
