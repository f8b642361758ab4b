// The run: in round 1 every contender in the first workload, then every contender in the next; then
// all again in round 2. Ratios are taken within a round, so that what the machine does meanwhile is
// in both numbers.

import { Session } from './session.mjs';

/** @typedef {import('./workload.mjs').Figures} Figures */

/**
 * One measurement: its figures, or why there are none.
 *
 * @typedef {object} Measurement
 * @property {number} round
 * @property {string} contender
 * @property {string} workload
 * @property {Figures | null} figures
 * @property {string} [error]
 */

/**
 * @typedef {object} Runner
 * @property {string} name
 * @property {readonly import('./contender.mjs').Feature[]} features
 */

/** Which one is taken follows from the process id, so that two runs do not meet. */
const FIRST_NETWORK = 64;
const NETWORKS = 128;

/**
 * @param {Runner} runner
 * @param {import('./workload.mjs').Workload} workload
 */
export function can({ features }, { needs }) {
  return needs.every((feature) => features.includes(feature));
}

/**
 * @param {readonly Runner[]} runners
 * @param {readonly import('./workload.mjs').Workload[]} workloads
 * @param {{ rounds: number, lengths: import('./session.mjs').Lengths }} options
 * @param {(measurement: Measurement) => void} measured
 */
export async function runRounds(runners, workloads, { rounds, lengths }, measured) {
  for (let round = 1; round <= rounds; round++) {
    for (const workload of workloads) {
      for (const runner of runners) {
        if (!can(runner, workload)) continue;
        const place = { round, contender: runner.name, workload: workload.name };
        try {
          measured({ ...place, figures: await measure(runner.name, workload, lengths) });
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          measured({ ...place, figures: null, error: text });
        }
      }
    }
  }
}

/**
 * One measurement, in processes of its own.
 *
 * @param {string} contender
 * @param {import('./workload.mjs').Workload} workload
 * @param {import('./session.mjs').Lengths} lengths
 */
async function measure(contender, workload, lengths) {
  const plan = { ...workload.plan, network: `127.${FIRST_NETWORK + (process.pid % NETWORKS)}` };
  const session = await Session.open(contender, plan, workload.onOneCore === true);
  try {
    return await workload.measure(session, plan, lengths);
  } finally {
    await session.close();
  }
}
