// What `npm run soak` is told.

import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.mjs';

const DEFAULT_MINUTES = 0.5;
const MAX_MINUTES = 7 * 24 * 60;

export const USAGE = `npm run soak [-- OPTION…]

Processes send each other messages while their connections are cut, they are killed, stopped and
starved, and their network fails. A ledger apart from the traffic says whether everything arrived
that had to, once, in order and unaltered, and whether every receipt was true.

  --minutes M   how long, ${DEFAULT_MINUTES} if not given; all scenarios run at the same time
  --seed S      of all that is left to chance here; given, the same faults come in the same order
  --only A,B    only these scenarios
  --json FILE   writes the report there, too
  --list        says which scenarios there are
  --help        says this

Exit code 0 if nothing was found, 1 if something was, 2 for wrong arguments.`;

/**
 * @typedef {object} Arguments
 * @property {number} minutes
 * @property {number} seed
 * @property {readonly import('./scenarios.mjs').Scenario[]} chosen
 * @property {string | undefined} json
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
      minutes: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  if (!(minutes > 0 && minutes <= MAX_MINUTES)) throw new Error(`--minutes ${values.minutes}?`);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed}? It is a whole number.`);
  return { minutes, seed, chosen: choose(values.only), json: values.json };
}

/** @param {string | undefined} only */
function choose(only) {
  if (only === undefined) return scenarios;
  const names = only.split(',');
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}? See --list.`);
  return scenarios.filter(({ name }) => names.includes(name));
}
