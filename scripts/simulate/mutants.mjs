// `npm run simulate -- --mutants`: plants each mutant in the core, runs seeds until one of them
// finds it, and prints a table. Each seed runs in several ways: see WAYS. Several mutants at a time,
// each in a process of its own, so that who finds it is the same in each run.

import { bundle } from './bundle.mjs';
import { MUTANTS } from './mutant-list.mjs';
import { runSeeds } from './pool.mjs';
import { TIGHT } from './tight.mjs';

/** @typedef {import('./mutant-list.mjs').Mutant} Mutant */

/**
 * @typedef {object} Failure
 * @property {number} seed
 * @property {Way} way
 * @property {string} violation
 */

/**
 * @typedef {object} Result
 * @property {Mutant} mutant
 * @property {number} seconds
 * @property {Failure | undefined} caught
 */

/** @typedef {(failure: Failure) => Promise<boolean>} IsSound */

/**
 * A way to run seeds: with which limits, and in which mode.
 *
 * @typedef {object} Way
 * @property {string} name
 * @property {boolean} isTight
 * @property {string} mode of packages/rds-core/test/simulation/modes.ts
 */

/**
 * What takes three things in a row is met in drills; what is hidden by the next break, without
 * faults. Tight limits make small clusters meet them, and let less be under way.
 *
 * @type {readonly Way[]}
 */
const WAYS = [
  { name: 'usual', isTight: false, mode: 'usual' },
  { name: 'tight', isTight: true, mode: 'usual' },
  { name: 'drilled', isTight: false, mode: 'drilled' },
  { name: 'drilled, tight', isTight: true, mode: 'drilled' },
  { name: 'calm', isTight: false, mode: 'calm' },
];

/** A loop is as good as a violation: who needs so long for a seed, bugs of ours do not. */
const HANG_MS = 20_000;
/** So many seeds in one way, and then in the next. */
const BLOCK_SEEDS = 25;
const COLUMNS = 120;

/**
 * Gives the exit code: 0 if all were caught.
 *
 * @param {{ from: number, seeds: number, processes: number, only?: string[] | undefined }} options
 */
export async function runMutants({ from, seeds, processes, only }) {
  const mutants = chosen(only);
  const startedAtMs = Date.now();
  const isSound = soundness(await workersOf('unchanged', []));
  /** @type {(Result | undefined)[]} */
  const results = mutants.map(() => undefined);
  let begun = 0;
  let told = 0;
  console.log(row('mutant', 'seed', 'way', 'seconds', 'first violation'));
  await Promise.all(
    Array.from({ length: processes }, async () => {
      while (begun < mutants.length) {
        const index = begun++;
        const mutant = /** @type {Mutant} */ (mutants[index]);
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
  console.log(`caught=${mutants.length - survivors.length} of ${mutants.length} real=${seconds}s`);
  return survivors.length === 0 ? 0 : 1;
}

/** @param {string[] | undefined} names all, if there are none */
function chosen(names) {
  const unknown = names?.filter((name) => MUTANTS.every((mutant) => mutant.name !== name)) ?? [];
  if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}`);
  return MUTANTS.filter(({ name }) => names?.includes(name) ?? true);
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
    for (const way of WAYS) caught ??= await firstSound(workers, way, seed, end, isSound);
  }
  // A name that the core no longer has is no bug that somebody might write.
  if (caught?.violation.includes('ReferenceError')) {
    throw new Error(`the mutant ${mutant.name} does not fit the core: ${caught.violation}`);
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
  return ({ seed, way }) => {
    const key = `${seed} ${way.name}`;
    const sound =
      known.get(key) ??
      firstFailure(workers, way, seed, seed + 1).then((failure) => failure === undefined);
    known.set(key, sound);
    return sound;
  };
}

/**
 * @param {Workers} workers
 * @param {Way} way
 * @param {number} from
 * @param {number} to
 * @param {IsSound} isSound
 */
async function firstSound(workers, way, from, to, isSound) {
  let next = from;
  for (;;) {
    const failure = await firstFailure(workers, way, next, to);
    if (failure === undefined) return undefined;
    next = failure.seed + 1;
    // Once more: on a busy machine a seed may take long without hanging.
    const again = await firstFailure(workers, way, failure.seed, next);
    if (again !== undefined && (await isSound(failure))) return failure;
  }
}

/**
 * @param {Workers} workers
 * @param {Way} way
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Failure | undefined>}
 */
async function firstFailure(workers, way, from, to) {
  let next = from;
  /** @type {Failure | undefined} */
  let failure;
  await runSeeds(
    way.isTight ? workers.tight : workers.usual,
    1,
    () => (next < to ? next++ : undefined),
    ({ seed, violations: [violation] }) => {
      if (violation === undefined) return 'more';
      failure = { seed, way, violation };
      return 'enough';
    },
    { hangMs: HANG_MS, mode: way.mode },
  );
  return failure;
}

/** @param {Result} result */
function tell({ mutant, seconds, caught }) {
  const seed = caught === undefined ? '-' : `${caught.seed}`;
  const way = caught?.way.name ?? '-';
  // Of a stack the first lines say what it was.
  const violation = caught?.violation.split('\n', 3).join(' ') ?? 'SURVIVED';
  console.log(row(mutant.name, seed, way, seconds.toFixed(1), violation).slice(0, COLUMNS));
}

/**
 * @param {string} name
 * @param {string} seed
 * @param {string} way
 * @param {string} seconds
 * @param {string} violation
 */
function row(name, seed, way, seconds, violation) {
  const found = `${seed.padStart(5)} ${way.padStart(14)} ${seconds.padStart(8)}`;
  return `${name.padEnd(30)} ${found}  ${violation}`;
}
