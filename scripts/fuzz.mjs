// Bundles the fuzzer and runs it: in one file, because coverage is counted in the bytes of one.

import { join } from 'node:path';
import { root, toolPath } from './paths.mjs';
import { runNode, runNodeQuietly } from './process.mjs';

/** @param {string[]} args */
export async function fuzz(args) {
  const folder = join(root, 'node_modules', '.fuzz');
  const options = [
    '--no-splitting',
    '--format',
    'esm',
    '--target',
    'node20',
    '--out-dir',
    folder,
    '--silent',
  ];
  const entries = ['fuzz/main.ts', 'fuzz/fuzzer.ts'];
  await runNodeQuietly([toolPath('tsup'), ...entries, '--no-config', ...options]);
  return runNode([join(folder, 'main.js'), ...args]);
}
