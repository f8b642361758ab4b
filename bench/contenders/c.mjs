// The same framing in C: what the machine would carry if Node cost nothing. Compiled when it is
// first asked for, wherever there is a compiler.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../c/pair.c', import.meta.url));
const folder = fileURLToPath(new URL('../dist', import.meta.url));
const program = `${folder}/pair`;

/** @type {import('../contender.mjs').Program} */
export const contender = {
  features: ['echo'],

  missing() {
    if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return null;
    mkdirSync(folder, { recursive: true });
    const options = { encoding: /** @type {const} */ ('utf8') };
    const { error, status, stderr } = spawnSync('cc', ['-O2', '-o', program, source], options);
    if (error !== undefined) return 'there is no C compiler (cc); Debian has it in gcc';
    return status === 0 ? null : `the C compiler says: ${stderr}`;
  },

  command(role, { sizeBytes, echo }, { port }) {
    const last = role === 'send' ? String(port) : echo ? '1' : '0';
    return [program, role, String(sizeBytes), last];
  },
};
