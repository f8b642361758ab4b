// npm run interop: our nodes and real Linux kernels. See README.md for how it is built.

import { fileURLToPath } from 'node:url';
import { parseArguments, USAGE } from './arguments.mjs';
import { KernelEnded } from './kernel.mjs';
import { Lab } from './lab.mjs';
import { insideFolder, runInside } from './namespace.mjs';
import { scenarios } from './scenarios.mjs';
import { runSuite } from './suite.mjs';
import { findUml, fitProcessor } from './uml.mjs';

/** As automake and meson have it: nothing was tried, so nothing has passed. */
const EXIT_SKIPPED = 77;

// What a failed case may have left open must not keep the run from its end.
process.exit(await main(process.argv.slice(2)));

/**
 * Gives the exit code.
 *
 * @param {string[]} args
 */
async function main(args) {
  /** @type {import('./arguments.mjs').Arguments | 'help' | 'list'} */
  let chosen;
  try {
    chosen = parseArguments(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (chosen === 'help') console.log(USAGE);
  else if (chosen === 'list') {
    for (const { name, about } of scenarios) console.log(`${name.padEnd(16)}${about}`);
  } else if (insideFolder !== undefined) return await runHere(chosen, insideFolder);
  else return await runElsewhere(chosen, args);
  return 0;
}

/**
 * Runs it all again in namespaces of its own.
 *
 * @param {import('./arguments.mjs').Arguments} chosen
 * @param {string[]} args
 */
async function runElsewhere({ kernel }, args) {
  const uml = await findUml(kernel);
  if (!('why' in uml)) return await runInside(fileURLToPath(import.meta.url), args);
  return allSkipped(uml.why);
}

/** @param {string} why */
function allSkipped(why) {
  console.log('interop: SKIPPED, nothing was tried against a real kernel.');
  console.log(`interop: 0 passed, 0 failed, all skipped (${why})`);
  return EXIT_SKIPPED;
}

/**
 * @param {import('./arguments.mjs').Arguments} arguments_
 * @param {string} folder
 */
async function runHere({ kernel, chosen }, folder) {
  // We are the first process here, to whom signals mean nothing unless they are listened to.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  const uml = await findUml(kernel);
  if ('why' in uml) throw new Error(uml.why);
  const lab = new Lab({ ...uml, program: fitProcessor(uml.program, folder) }, folder);
  await lab.open();
  try {
    await lab.boot(1);
  } catch (error) {
    // What a kernel says when it is there is another thing, and no reason to skip anything.
    if (!(error instanceof KernelEnded)) throw error;
    console.log(error.message);
    return allSkipped('the kernel does not run on this machine; what it said is above');
  }
  const counts = await runSuite(lab, chosen);
  await lab.reset();
  const { passed, failed } = counts;
  const text = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  console.log(`interop: ${text.join(', ')} (kernel ${lab.release ?? 'never booted'})`);
  if (passed + failed === 0) return EXIT_SKIPPED;
  return failed === 0 ? 0 : 1;
}
