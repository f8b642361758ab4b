/**
 * A program of the build in a process of its own, as whoever starts it sees it: what it says, what
 * one types, how it ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program implements AsyncDisposable {
  output = '';
  errors = '';
  /** Resolves when the process and all that shares its output have ended. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #hasEnded = false;
  /** Up to where the output has been expected. */
  #read = 0;
  #changed = () => {};

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(command, args, { env: { ...process.env, ...environment } });
    this.#child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.output += text;
      this.#changed();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.errors += text;
    });
    // Who types may be too late.
    this.#child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        this.#hasEnded = true;
        this.#changed();
        resolve({ code, signal });
      });
    });
  }

  /** Waits until it has said `text`, after all that was waited for before. */
  async says(text: string): Promise<void> {
    for (;;) {
      const at = this.output.indexOf(text, this.#read);
      if (at >= 0) {
        this.#read = at + text.length;
        return;
      }
      if (this.#hasEnded) {
        throw new Error(`It never said "${text}", but:\n${this.output}${this.errors}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  types(text: string): void {
    this.#child.stdin?.write(text);
  }

  closeInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The last line said, if it is a whole one. */
  get lastLine(): string | undefined {
    return this.output.match(/(?:^|\n)([^\n]*)\n$/)?.[1];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs an example, such as `copy`. */
export function example(
  name: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Program {
  return new Program(process.execPath, [examplePath(name), ...args], environment);
}

export function examplePath(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
}
