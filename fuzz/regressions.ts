/** Regressions: inputs that once did harm, with a line of why; each is run again before all else. */

import { readFileSync } from 'node:fs';
import { fromHex } from './seeds.js';
import type { TargetName } from './target.js';

const FILE = 'fuzz/regressions.txt';

export interface Regression {
  readonly target: TargetName;
  readonly input: Uint8Array;
  readonly why: string;
}

/** A line each: the target, the input in hex, and why it is there. */
export function regressions(): Regression[] {
  return readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [target, hex = '', ...why] = line.split(' ');
      return { target: target as TargetName, input: fromHex(hex), why: why.join(' ') };
    });
}
