// `npm run simulate -- --mutants`: plants each mutant in the core, runs seeds until one of them
// finds it, and prints a table. Each seed runs with the usual limits and with tight ones. Several
// mutants at a time, each in a process of its own, so that who finds it is the same in each run.

import { bundle } from './bundle.mjs';
import { MUTANTS } from './mutant-list.mjs';
import { runSeeds } from './pool.mjs';
import { TIGHT } from './tight.mjs';

/** @typedef {import('./mutant-list.mjs').Mutant} Mutant */

/**
 * @typedef {object} Failure
 * @property {number} seed
 * @property {boolean} isTight
 * @property {string} violation
 */

/**
 * @typedef {object} Result
 * @property {Mutant} mutant
 * @property {number} seconds
 * @property {Failure | undefined} caught
 */

/** @typedef {(failure: Failure) => Promise<boolean>} IsSound */

/** A loop is as good as a violation: who needs so long for a seed, bugs of ours do not. */
const HANG_MS = 20_000;
/** So many seeds with the one limits, and then with the other. */
const BLOCK_SEEDS = 25;
const COLUMNS = 120;

/**
 * Gives the exit code: 0 if all were caught.
 *
 * @param {{ from: number, seeds: number, processes: number }} options
 */
export async function runMutants({ from, seeds, processes }) {
  const startedAtMs = Date.now();
  const isSound = soundness(await workersOf('unchanged', []));
  /** @type {(Result | undefined)[]} */
  const results = MUTANTS.map(() => undefined);
  let begun = 0;
  let told = 0;
  console.log(row('mutant', 'seed', 'limits', 'seconds', 'first violation'));
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
 * @param {IsSound} isSound
 * @returns {Promise<Result>}
 */
async function hunt(mutant, from, to, isSound) {
  const startedAtMs = Date.now();
  const workers = await workersOf(`mutant-${mutant.name}`, mutant.patches);
  /** @type {Result['caught']} */
  let caught;
  for (let seed = from; seed < to && caught === undefined; seed += BLOCK_SEEDS) {
    const end = Math.min(seed + BLOCK_SEEDS, to);
    caught =
      (await firstSound(workers, false, seed, end, isSound)) ??
      (await firstSound(workers, true, seed, end, isSound));
  }
  return { mutant, seconds: (Date.now() - startedAtMs) / 1000, caught };
}

/**
 * @param {string} name
 * @param {import('./bundle.mjs').Patch[]} patches
 */
async function workersOf(name, patches) {
  return {
    usual: await bundle('worker', { name, patches }),
    tight: await bundle('worker', { name: `${name}-tight`, patches: [...patches, ...TIGHT] }),
  };
}

/** @typedef {Awaited<ReturnType<typeof workersOf>>} Workers */

/**
 * A seed that fails without any mutant says nothing of one.
 *
 * @param {Workers} workers
 * @returns {IsSound}
 */
function soundness(workers) {
  /** @type {Map<string, Promise<boolean>>} */
  const known = new Map();
  return ({ seed, isTight }) => {
    const key = `${seed} ${isTight}`;
    const sound =
      known.get(key) ??
      firstFailure(workers, isTight, seed, seed + 1).then((failure) => failure === undefined);
    known.set(key, sound);
    return sound;
  };
}

/**
 * @param {Workers} workers
 * @param {boolean} isTight
 * @param {number} from
 * @param {number} to
 * @param {IsSound} isSound
 */
async function firstSound(workers, isTight, from, to, isSound) {
  let next = from;
  for (;;) {
    const failure = await firstFailure(workers, isTight, next, to);
    if (failure === undefined) return undefined;
    next = failure.seed + 1;
    // Once more: on a busy machine a seed may take long without hanging.
    const again = await firstFailure(workers, isTight, failure.seed, next);
    if (again !== undefined && (await isSound(failure))) return failure;
  }
}

/**
 * @param {Workers} workers
 * @param {boolean} isTight
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Failure | undefined>}
 */
async function firstFailure(workers, isTight, from, to) {
  let next = from;
  /** @type {Failure | undefined} */
  let failure;
  await runSeeds(
    isTight ? workers.tight : workers.usual,
    1,
    () => (next < to ? next++ : undefined),
    ({ seed, violations: [violation] }) => {
      if (violation === undefined) return 'more';
      failure = { seed, isTight, violation };
      return 'enough';
    },
    { hangMs: HANG_MS },
  );
  return failure;
}

/** @param {Result} result */
function tell({ mutant, seconds, caught }) {
  const seed = caught === undefined ? '-' : `${caught.seed}`;
  const limits = caught === undefined ? '-' : caught.isTight ? 'tight' : 'usual';
  // Of a stack the first lines say what it was.
  const violation = caught?.violation.split('\n', 3).join(' ') ?? 'SURVIVED';
  console.log(row(mutant.name, seed, limits, seconds.toFixed(1), violation).slice(0, COLUMNS));
}

/**
 * @param {string} name
 * @param {string} seed
 * @param {string} limits
 * @param {string} seconds
 * @param {string} violation
 */
function row(name, seed, limits, seconds, violation) {
  const found = `${seed.padStart(5)} ${limits.padStart(6)} ${seconds.padStart(8)}`;
  return `${name.padEnd(30)} ${found}  ${violation}`;
}
