// What `npm run bench` is told.

import { parseArgs } from 'node:util';
import { BASE, contenders } from './contenders.mjs';
import { workloads } from './workloads.mjs';

const ROUNDS = 5;
const MAX_ROUNDS = 1000;
const DEFAULT_FOLDER = 'docs/benchmarks';

/** Long enough that a garbage collection or a reader of the clock is lost in it. */
const FULL = { warmUpMs: 600, measureMs: 1000, cuts: 50 };
const QUICK = { warmUpMs: 200, measureMs: 200, cuts: 10 };

export const USAGE = `npm run bench [-- OPTION…]

Our library beside plain node:net, C and other libraries: how many messages a second, how long a
message takes, what it costs. All contenders run one after the other, round by round, so that what
the machine does meets them all. The peers are installed when one of them is to run.

  --quick          one short round of the most important workloads, in some two minutes
  --rounds N       ${ROUNDS} if not given
  --only A,B       only these contenders; ${BASE} runs in any case, for the ratios
  --workload A,B   only these workloads
  --out FOLDER     where the table and the charts go: ${DEFAULT_FOLDER} if not given, and nowhere if
                   it is quick or not all of it
  --json           the results as JSON instead of the summary
  --list           says which contenders and workloads there are
  --help           says this

Exit code 0, 1 if a measurement failed, 2 for wrong arguments.`;

/**
 * @typedef {object} Arguments
 * @property {number} rounds
 * @property {import('./session.mjs').Lengths} lengths
 * @property {readonly import('./contenders.mjs').Entry[]} contenders
 * @property {readonly import('./workload.mjs').Workload[]} workloads
 * @property {string | undefined} folder
 * @property {boolean} json
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
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      workload: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const { quick, only, workload, json } = values;
  const rounds = Number(values.rounds ?? (quick ? 1 : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MAX_ROUNDS) {
    throw new Error(`--rounds ${values.rounds}? It is a whole number from 1 up.`);
  }
  const isAll = !quick && only === undefined && workload === undefined;
  return {
    rounds,
    lengths: quick ? QUICK : FULL,
    contenders: choose('only', contenders, only && `${BASE},${only}`),
    workloads: choose('workload', workloads, workload).filter(
      ({ isQuick }) => isQuick || !quick || workload !== undefined,
    ),
    folder: values.out ?? (isAll ? DEFAULT_FOLDER : undefined),
    json,
  };
}

/**
 * @template {{ name: string }} T
 * @param {string} option
 * @param {readonly T[]} all
 * @param {string | undefined} list
 */
function choose(option, all, list) {
  if (list === undefined) return all;
  const names = list.split(',');
  const unknown = names.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}? See --list.`);
  return all.filter(({ name }) => names.includes(name));
}
