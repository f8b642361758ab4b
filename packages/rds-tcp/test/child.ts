/**
 * Child: another operating-system process, started by a test, that runs one of the programs in
 * `processes` on the built packages and talks to the test.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Tests say what they expect of the content. */
// biome-ignore lint/suspicious/noExplicitAny: it comes from another process.
export type ChildMessage = { type: string } & Record<string, any>;

export class Child {
  readonly process: ChildProcess;
  /** How it ended, or null while it runs. */
  exit: { code: number | null; signal: string | null } | null = null;
  readonly #messages: ChildMessage[] = [];
  #wake: () => void = () => {};

  constructor(program: string, options: object) {
    const path = fileURLToPath(new URL(`processes/${program}.mjs`, import.meta.url));
    this.process = fork(path, [JSON.stringify(options)], { execArgv: [] });
    this.process.on('message', (message) => {
      this.#messages.push(message as ChildMessage);
      this.#wake();
    });
    this.process.on('exit', (code, signal) => {
      this.exit = { code, signal };
      this.#wake();
    });
    onTestFinished(() => {
      if (this.exit === null) this.process.kill('SIGKILL');
    });
  }

  tell(type: string, content: object = {}): void {
    this.process.send({ type, ...content });
  }

  /** The next message, which has to be of this type. */
  async hear(type: string, limitMs = 60_000): Promise<ChildMessage> {
    await this.#wait(() => this.#messages.length > 0 || this.exit !== null, limitMs, type);
    const message = this.#messages.shift();
    if (message?.type === type) return message;
    throw new Error(`'${type}' was expected, not ${JSON.stringify(message ?? this.exit)}.`);
  }

  /** Asks, and hears the answer. */
  ask(type: string): Promise<ChildMessage> {
    this.tell('ask');
    return this.hear(type);
  }

  /** Resolves when it has ended by itself. */
  async ended(limitMs: number): Promise<{ code: number | null; signal: string | null }> {
    await this.#wait(() => this.exit !== null, limitMs, 'its end');
    return this.exit as { code: number | null; signal: string | null };
  }

  async #wait(isOver: () => boolean, limitMs: number, what: string): Promise<void> {
    const until = performance.now() + limitMs;
    while (!isOver()) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`Waited ${limitMs} ms for ${what} of a process.`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
