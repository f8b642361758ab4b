// Runs the cases of scenarios, one after the other, and prints a line for each.

import { DEFAULT_LIMIT_SECONDS, titleOf } from './scenario.mjs';
import { Failure, Skip } from './verdict.mjs';

/** @typedef {import('./scenario.mjs').Scenario} Scenario */
/** @typedef {import('./scenario.mjs').Case} Case */

/** Those of our nodes' events that are printed with a failure. */
const SHOWN_EVENTS = 30;
/** Each of them costs its time limit and a boot; what is wrong with all cases is known by then. */
const MAX_FAILED = 10;

/**
 * Rejections that nobody has handled. Those of a case that has failed are consequences; any other
 * is a failure by itself.
 *
 * @type {unknown[]}
 */
const loose = [];

/**
 * @param {import('./lab.mjs').Lab} lab
 * @param {readonly Scenario[]} scenarios
 */
export async function runSuite(lab, scenarios) {
  process.on('unhandledRejection', (reason) => loose.push(reason));
  const counts = { passed: 0, failed: 0, skipped: 0, 'not run': 0 };
  for (const scenario of scenarios) {
    for (const params of scenario.cases) {
      if (counts.failed === MAX_FAILED) counts['not run']++;
      else counts[await runCase(lab, scenario, params)]++;
    }
  }
  return counts;
}

/**
 * @param {import('./lab.mjs').Lab} lab
 * @param {Scenario} scenario
 * @param {Case} params
 * @returns {Promise<'passed' | 'failed' | 'skipped'>}
 */
async function runCase(lab, scenario, params) {
  const label = `${scenario.name.padEnd(14)} ${titleOf(params).padEnd(52)}`;
  let startedAt = performance.now();
  try {
    await lab.boot(scenario.kernels ?? 1);
    startedAt = performance.now();
    const limit = scenario.limitSeconds ?? DEFAULT_LIMIT_SECONDS;
    const { messages, bytes } = await within(limit, scenario.run(lab, params));
    const seconds = (performance.now() - startedAt) / 1000;
    await lab.tidyUp();
    await lab.checkLogs(scenario.usualLog);
    if (loose.length > 0) throw loose[0];
    print(label, `${messages} messages  ${bytes} bytes`, seconds, 'ok');
    return 'passed';
  } catch (error) {
    const seconds = (performance.now() - startedAt) / 1000;
    if (error instanceof Skip) {
      print(label, '', seconds, `skipped: ${error.message}`);
      await lab.tidyUp();
      return 'skipped';
    }
    print(label, '', seconds, `FAILED: ${reasonOf(error)}`);
    for (const event of (await lab.events()).slice(-SHOWN_EVENTS)) console.log(`    ${event}`);
    await lab.reset();
    loose.length = 0;
    return 'failed';
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  if (error instanceof Failure) return error.message;
  return error instanceof Error ? error.stack : String(error);
}

/**
 * @param {string} label
 * @param {string} traffic
 * @param {number} seconds
 * @param {string} verdict
 */
function print(label, traffic, seconds, verdict) {
  console.log(`${label} ${traffic.padEnd(32)} ${seconds.toFixed(2).padStart(6)} s  ${verdict}`);
}

/**
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} action
 * @returns {Promise<T>}
 */
function within(seconds, action) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Failure(`not done after ${seconds} s`));
    const timer = setTimeout(late, 1000 * seconds);
    action.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
