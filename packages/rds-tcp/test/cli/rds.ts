/**
 * Rds: the built command, as a process of its own that a test starts, and that is gone when the
 * test is over.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** Only a hang takes so long. */
const LIMIT_MS = 20_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Rds {
  readonly process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  readonly #pieces: Buffer[] = [];
  stderr = '';
  #wake: () => void = () => {};

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, NO_COLOR: '1', ...environment };
    this.process = spawn(process.execPath, [MAIN, ...args], { env });
    this.process.stdin.on('error', () => {});
    this.process.stdout.on('data', (chunk: Buffer) => {
      this.#pieces.push(chunk);
      this.#wake();
    });
    this.process.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#ended = new Promise((resolve) => {
      this.process.on('close', (code) => {
        resolve(code);
        this.#wake();
      });
    });
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get stdout(): string {
    return this.bytes.toString();
  }

  input(data: string | Uint8Array): this {
    this.process.stdin.end(data);
    return this;
  }

  /** Resolves when so much stands on stdout. */
  async printed(what: RegExp): Promise<void> {
    const until = performance.now() + LIMIT_MS;
    while (!what.test(this.stdout)) {
      const leftMs = until - performance.now();
      if (leftMs <= 0 || this.process.exitCode !== null) {
        throw new Error(`No ${what} in '${this.stdout}', and on stderr '${this.stderr}'.`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async ended(): Promise<Ended> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), LIMIT_MS);
    const code = await this.#ended;
    clearTimeout(timer);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

export function rds(...args: string[]): Promise<Ended> {
  return new Rds(args).ended();
}
