// What a scenario is, and the table of its cases.

/**
 * @typedef {import('./exchange.mjs').Traffic} Traffic
 *
 * @typedef {Record<string, string | number | boolean>} Case
 */

/**
 * @template {Case} [C=Case]
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {number} [kernels] how many it needs, 1 if not given
 * @property {readonly C[]} cases with what tells them apart; it is printed, in this order
 * @property {number} [limitSeconds] for a case; DEFAULT_LIMIT_SECONDS if not given
 * @property {RegExp} [usualLog] what a kernel may log meanwhile; nothing if not given
 * @property {(lab: import('./lab.mjs').Lab, params: C) => Promise<Traffic>} run one case. Throws a
 *   Failure or any other error if it fails, a Skip if it can not be tried here
 */

/** The slowest machine that may run this has two cores and much else to do. */
export const DEFAULT_LIMIT_SECONDS = 60;

export const SIDES = /** @type {const} */ (['lower', 'higher']);
export const DIRECTIONS = /** @type {const} */ (['from us', 'from the kernel', 'both ways']);
export const MODES = /** @type {const} */ (['waiting', 'blocking']);

/**
 * @template {Case} C
 * @param {Scenario<C>} scenario
 * @returns {Scenario<any>}
 */
export function scenario(scenario) {
  return scenario;
}

/**
 * Every combination of the values on these axes.
 *
 * @template {Record<string, readonly (string | number | boolean)[]>} A
 * @param {A} axes
 * @returns {{ [K in keyof A]: A[K][number] }[]}
 */
export function casesOf(axes) {
  /** @type {Case[]} */
  let cases = [{}];
  for (const [name, values] of Object.entries(axes)) {
    cases = cases.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return /** @type {any} */ (cases);
}

/** @param {Case} params */
export function titleOf(params) {
  const words = Object.entries(params).map(([name, value]) =>
    typeof value === 'number' ? `${value} ${name}` : String(value),
  );
  return words.join(', ');
}
