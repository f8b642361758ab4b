// `npm run simulate -- --mutants`: plants each mutant in the core, runs seeds until one of them
// finds it, and prints a table. Several mutants at a time, each in a process of its own, so that
// the seed that finds it is the same in each run.

import { bundle } from './bundle.mjs';
import { MUTANTS } from './mutant-list.mjs';
import { runSeeds } from './pool.mjs';

/** @typedef {import('./mutant-list.mjs').Mutant} Mutant */

/**
 * @typedef {object} Result
 * @property {Mutant} mutant
 * @property {number} seconds
 * @property {{ seed: number, violation: string } | undefined} caught
 */

/** A loop is as good as a violation: who needs so long for a seed, bugs of ours do not. */
const HANG_MS = 20_000;
const COLUMNS = 120;

/**
 * Gives the exit code: 0 if all were caught.
 *
 * @param {{ from: number, seeds: number, processes: number }} options
 */
export async function runMutants({ from, seeds, processes }) {
  const startedAtMs = Date.now();
  const isSound = soundness(await bundle('worker'));
  /** @type {(Result | undefined)[]} */
  const results = MUTANTS.map(() => undefined);
  let begun = 0;
  let told = 0;
  console.log(row('mutant', 'seed', 'seconds', 'first violation'));
  await Promise.all(
    Array.from({ length: processes }, async () => {
      while (begun < MUTANTS.length) {
        const index = begun++;
        const mutant = /** @type {Mutant} */ (MUTANTS[index]);
        results[index] = await hunt(mutant, from, from + seeds, isSound);
        // In the order of the list, however they come in.
        for (let next = results[told]; next !== undefined; next = results[++told]) tell(next);
      }
    }),
  );
  const survivors = results.filter((result) => result?.caught === undefined);
  for (const result of survivors) {
    console.log(`survived: ${result?.mutant.name}. ${result?.mutant.mistake}`);
  }
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  console.log(`caught=${MUTANTS.length - survivors.length} of ${MUTANTS.length} real=${seconds}s`);
  return survivors.length === 0 ? 0 : 1;
}

/**
 * @param {Mutant} mutant
 * @param {number} from
 * @param {number} to
 * @param {(seed: number) => Promise<boolean>} isSound
 * @returns {Promise<Result>}
 */
async function hunt(mutant, from, to, isSound) {
  const startedAtMs = Date.now();
  const worker = await bundle('worker', mutant);
  let caught = await firstFailure(worker, from, to);
  while (caught !== undefined && !(await isSound(caught.seed))) {
    caught = await firstFailure(worker, caught.seed + 1, to);
  }
  return { mutant, seconds: (Date.now() - startedAtMs) / 1000, caught };
}

/**
 * A seed that fails without any mutant says nothing of one.
 *
 * @param {string} worker
 */
function soundness(worker) {
  /** @type {Map<number, Promise<boolean>>} */
  const known = new Map();
  return (/** @type {number} */ seed) => {
    const sound =
      known.get(seed) ?? firstFailure(worker, seed, seed + 1).then((found) => found === undefined);
    known.set(seed, sound);
    return sound;
  };
}

/**
 * @param {string} worker
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Result['caught']>}
 */
async function firstFailure(worker, from, to) {
  let next = from;
  /** @type {Result['caught']} */
  let failure;
  await runSeeds(
    worker,
    1,
    () => (next < to ? next++ : undefined),
    ({ seed, violations: [violation] }) => {
      if (violation === undefined) return 'more';
      failure = { seed, violation };
      return 'enough';
    },
    HANG_MS,
  );
  return failure;
}

/** @param {Result} result */
function tell({ mutant, seconds, caught }) {
  const seed = caught === undefined ? '-' : `${caught.seed}`;
  // Of a stack the first lines say what it was.
  const violation = caught?.violation.split('\n', 3).join(' ') ?? 'SURVIVED';
  console.log(row(mutant.name, seed, seconds.toFixed(1), violation).slice(0, COLUMNS));
}

/**
 * @param {string} name
 * @param {string} seed
 * @param {string} seconds
 * @param {string} violation
 */
function row(name, seed, seconds, violation) {
  return `${name.padEnd(30)} ${seed.padStart(5)} ${seconds.padStart(8)}  ${violation}`;
}
