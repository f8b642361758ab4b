// What `npm run interop` is told.

import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.mjs';

export const USAGE = `npm run interop [-- OPTION…]

Boots real Linux kernels as processes (User-Mode Linux) and has them exchange RDS datagrams with
nodes of ours: while connections break, kernels reboot, cables are pulled and buffers are full.
Everything that the kernel's rules allow to arrive has to arrive once, in order and unaltered.

  --only A,B       only these scenarios
  --kernel FILE    this linux.uml instead of that of the PATH
  --list           says which scenarios there are
  --help           says this

It needs x86-64, Debian's packages user-mode-linux, iproute2, python3 and util-linux, and root or
user namespaces. Exit code 0 if all passed, 1 if something failed, 2 for wrong arguments, 77 if
kernels can not run here, which is then said in the last line.`;

/**
 * @typedef {object} Arguments
 * @property {readonly import('./scenario.mjs').Scenario[]} chosen
 * @property {string | undefined} kernel
 */

/**
 * Throws an error for the user if they make no sense.
 *
 * @param {string[]} args
 * @returns {Arguments | 'help' | 'list'}
 */
export function parseArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      kernel: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  return { chosen: choose(values.only), kernel: values.kernel };
}

/** @param {string | undefined} only */
function choose(only) {
  if (only === undefined) return scenarios;
  const names = only.split(',');
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}? See --list.`);
  return scenarios.filter(({ name }) => names.includes(name));
}
