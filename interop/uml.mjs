// User-Mode Linux on this machine: the program, its modules, and Python for the agent.

import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { lastLineOf, run, whyNoNamespaces } from './namespace.mjs';
import { needsWideFp, widenFp } from './wide-fp.mjs';

/**
 * @typedef {object} Uml
 * @property {string} program
 * @property {string} modules the folder that has one for each release
 * @property {string} python
 */

/** A Debian package for each program that is needed. */
const PACKAGES = { ip: 'iproute2', unshare: 'util-linux', setpriv: 'util-linux' };

/**
 * What is there, or why kernels can not run here.
 *
 * @param {string | undefined} kernel another linux.uml than that of the PATH
 * @returns {Promise<Uml | { why: string }>}
 */
export async function findUml(kernel) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { why: 'User-Mode Linux runs on Linux and x86-64 only' };
  }
  for (const [name, debian] of Object.entries(PACKAGES)) {
    if (find(name) === null) return { why: `there is no ${name}: install ${debian}` };
  }
  const program = kernel ?? find('linux.uml');
  if (program === null) return { why: 'there is no linux.uml: install user-mode-linux' };
  if (!existsSync('/dev/net/tun')) return { why: 'there is no /dev/net/tun' };
  const modules = join(realpathSync(program), '../../lib/uml/modules');
  if (!existsSync(modules)) return { why: `the kernel's modules are not at ${modules}` };
  try {
    const code = 'import os, sys, socket; socket.AF_INET6; print(os.path.realpath(sys.executable))';
    const { stdout } = await run('python3', ['-c', code]);
    const why = await whyNoNamespaces();
    return why === null ? { program, modules, python: stdout.trim() } : { why };
  } catch (error) {
    return { why: `there is no python3 that works: ${lastLineOf(error)}` };
  }
}

/**
 * The program to start: where the processor asks for it, a copy in `folder`.
 *
 * @param {string} program
 * @param {string} folder
 * @param {string} [cpuinfo]
 */
export function fitProcessor(program, folder, cpuinfo = readFileSync('/proc/cpuinfo', 'utf8')) {
  if (!needsWideFp(cpuinfo)) return program;
  const wide = widenFp(readFileSync(program));
  // Another release may have learned to do without; if not, booting says so.
  if (wide === null) return program;
  const copy = join(folder, 'linux.uml');
  writeFileSync(copy, wide, { mode: 0o700 });
  return copy;
}

/** @param {string} name */
function find(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there; the next folder may have it.
    }
  }
  return null;
}
