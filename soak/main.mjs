// npm run soak: real faults on real processes, and a ledger that knows what should have arrived.
// The parts: scenarios.mjs says what there is, run-scenario.mjs how one goes, world.mjs what it
// consists of, worker.mjs what its processes do, ledger.mjs and verdict.mjs what is right.

import { writeFileSync } from 'node:fs';
import { parseArguments, USAGE } from './arguments.mjs';
import { networkFor } from './networks.mjs';
import { printReport, reportOf } from './report.mjs';
import { runScenario } from './run-scenario.mjs';
import { scenarios } from './scenarios.mjs';

process.exitCode = await main();

/** Gives the exit code. */
async function main() {
  /** @type {import('./arguments.mjs').Arguments | 'help' | 'list'} */
  let chosen;
  try {
    chosen = parseArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  if (chosen === 'help') console.log(USAGE);
  else if (chosen === 'list') {
    for (const { name, about } of scenarios) console.log(`${name.padEnd(12)}${about}`);
  } else return await soak(chosen);
  return 0;
}

/** @param {import('./arguments.mjs').Arguments} options */
async function soak({ minutes, seed, chosen, json }) {
  console.log(`${minutes} minutes of ${chosen.map(({ name }) => name).join(', ')}; seed ${seed}.`);
  const startedAtMs = Date.now();
  /** @type {{ name: string, why: string }[]} */
  const skipped = [];
  /** @type {import('./world.mjs').Network[]} */
  const networks = [];
  // Namespaces outlive us if nobody takes them down; processes notice that we have gone.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await Promise.all(networks.map((network) => network.close()));
      process.exit(130);
    });
  }
  const worlds = await Promise.all(
    chosen.map(async (scenario) => {
      const lane = scenarios.indexOf(scenario);
      const network = await networkFor(scenario, lane);
      if ('why' in network) {
        skipped.push({ name: scenario.name, why: network.why });
        return [];
      }
      networks.push(network);
      const run = { seed: seed * scenarios.length + lane, seconds: minutes * 60 };
      return [await runScenario(scenario, network, run)];
    }),
  );
  const report = reportOf(worlds.flat(), skipped, { seed, minutes, startedAtMs });
  printReport(report);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  return report.passed ? 0 : 1;
}
