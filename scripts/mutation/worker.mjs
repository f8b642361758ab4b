// A process of the mutation run: it is told a list of tests, runs them until one fails, and says
// before each that it begins. With no mutant planted it runs them all, and says what each reached.

import { beginFile, tests } from './shim.mjs';
import { reached } from './switch.mjs';

/** @typedef {import('./main.mjs').Test} Test */

/** @type {Map<string, typeof tests>} */
const known = new Map();

/** @param {string} file */
async function testsOf(file) {
  let found = known.get(file);
  if (found === undefined) {
    beginFile();
    // A name that the bundler does not see.
    await import(new URL(file, import.meta.url).href);
    found = tests;
    known.set(file, found);
  }
  return found;
}

/** @param {unknown} message */
const tell = (message) => new Promise((resolve) => process.send?.(message, resolve));

function idsReached() {
  return [...reached.keys()].filter((id) => reached[id] === 1);
}

/** @param {string[]} files */
async function survey(files) {
  for (const file of files) {
    reached.fill(0);
    const found = await testsOf(file);
    await tell({ atLoad: idsReached() });
    for (const [index, run] of found.entries()) {
      reached.fill(0);
      const startedAt = performance.now();
      const error = await Promise.resolve()
        .then(run)
        .then(
          () => undefined,
          (e) => `${e?.stack ?? e}`,
        );
      const ms = performance.now() - startedAt;
      await tell({ file, index, ms, ids: idsReached(), error });
    }
  }
}

/** @param {Test[]} all */
async function hunt(all) {
  for (const test of all) {
    const { file, index } = test;
    await tell({ begins: test });
    try {
      await (await testsOf(file))[index]?.();
    } catch {
      await tell({ killed: true });
      return;
    }
  }
  await tell({ survived: true });
}

// Whoever asked is gone.
process.on('disconnect', () => process.exit(0));

process.on('message', async (message) => {
  const { files, tests: all } = /** @type {{ files?: string[], tests: Test[] }} */ (message);
  await (files ? survey(files) : hunt(all));
  process.disconnect();
  process.exit(0);
});
