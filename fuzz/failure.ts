/** Failure: an input that did what none may do, and how to see it again. */

import type { TargetName } from './target.js';

export class Failure extends Error {
  readonly input: Uint8Array;
  readonly target: TargetName;

  constructor(target: TargetName, input: Uint8Array, cause: unknown) {
    super(`${target}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.target = target;
    this.input = input.slice();
  }

  get report(): string {
    const { cause } = this;
    const hex = Buffer.from(this.input).toString('hex');
    return [
      `FAILED ${this.message}`,
      cause instanceof Error ? cause.stack : '',
      `input: ${hex}`,
      `again: npm run fuzz -- --target ${this.target} --replay ${hex}`,
      `keep it, with a reason: a line '${this.target} HEX why' in fuzz/regressions.txt`,
    ].join('\n');
  }
}
