// What our tests use of vitest, without what makes it slow to start: tests that are registered, and
// run one by one by their number. `expect` is vitest's own.

import fc from 'fast-check';

/** @typedef {() => unknown} Callback */

// A mutant that is killed must be killed again tomorrow.
fc.configureGlobal({ seed: 1 });

/** @type {Callback[]} */
export let tests = [];
/** @type {Callback[]} */
let before = [];
/** @type {Callback[]} */
let finished = [];

/** Forgets what was registered: another file comes. */
export function beginFile() {
  tests = [];
  before = [];
}

/** @param {string} _ @param {Callback} body */
export function describe(_, body) {
  const outside = before;
  before = [...before];
  body();
  before = outside;
}

/** @param {string} _ @param {Callback} body */
export function test(_, body) {
  const own = before;
  tests.push(async () => {
    finished = [];
    for (const callback of own) await callback();
    await body();
    for (const callback of finished) await callback();
  });
}

/** @param {string} name @param {Callback} body */
test.fails = (name, body) => {
  test(name, async () => {
    const failed = await Promise.resolve()
      .then(body)
      .then(
        () => false,
        () => true,
      );
    if (!failed) throw new Error('it does not fail');
  });
};
describe.each = each(describe);
test.each = each(test);

/** @param {Callback} callback */
export const beforeEach = (callback) => void before.push(callback);

/** @param {Callback} callback */
export const onTestFinished = (callback) => void finished.push(callback);

/** @param {(name: string, body: Callback) => void} register */
function each(register) {
  return (/** @type {unknown[]} */ cases) =>
    (/** @type {string} */ name, /** @type {(...args: unknown[]) => unknown} */ body) => {
      const isTable = cases.every(Array.isArray);
      for (const one of cases) {
        register(name, () => body(.../** @type {unknown[]} */ (isTable ? one : [one])));
      }
    };
}
