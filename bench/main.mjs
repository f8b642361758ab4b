// npm run bench: ours beside plain node:net, C and other libraries. See README.md.

import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArguments, USAGE } from './arguments.mjs';
import { contenders, findContender } from './contenders.mjs';
import { installPeers } from './install.mjs';
import { factsOf, isInstalled, versionsOf } from './machine.mjs';
import { aheadOf, sectionsOf } from './report.mjs';
import { runRounds } from './rounds.mjs';
import { summaryOf } from './summary.mjs';
import { workloads } from './workloads.mjs';
import { writeReport } from './written.mjs';

process.exitCode = await main(process.argv.slice(2));

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
  else if (chosen === 'list') list();
  else return await run(chosen);
  return 0;
}

function list() {
  console.log('contenders:');
  for (const { name, about } of contenders) console.log(`  ${name.padEnd(20)}${about}`);
  console.log('workloads:');
  for (const { name, about } of workloads) console.log(`  ${name.padEnd(20)}${about}`);
}

/** @param {import('./arguments.mjs').Arguments} chosen */
async function run(chosen) {
  const facts = factsOf(chosen);
  const needsPackages = chosen.contenders.some(({ packages }) => packages.length > 0);
  // Ping-pongs need a histogram, which is installed with the peers.
  const pings = chosen.workloads.some(({ needs }) => needs.includes('echo'));
  if (needsPackages || pings) await installPeers();
  const { runners, skipped } = await findRunners(chosen);
  const possible = chosen.workloads.filter((workload) => {
    if (!workload.onOneCore || isInstalled('taskset')) return true;
    skipped.push({ name: workload.name, why: 'the program taskset is not installed' });
    return false;
  });
  for (const { name, why } of skipped) console.error(`SKIPPED ${name}: ${why}`);
  /** @type {import('./rounds.mjs').Measurement[]} */
  const measurements = [];
  await runRounds(runners, possible, chosen, (measurement) => {
    measurements.push(measurement);
    console.error(progressOf(measurement));
  });
  const sections = sectionsOf(runners, possible, measurements);
  const shown = runners.map((runner) => ({
    ...{ name: runner.name, kind: runner.kind, about: runner.about },
    versions: versionsOf(runner),
  }));
  const ahead = aheadOf(sections);
  const report = { facts, contenders: shown, skipped, sections, ahead, measurements };
  console.log(chosen.json ? JSON.stringify(report, null, 2) : summaryOf(report));
  if (chosen.folder !== undefined) {
    // What npm runs stands in the root of the repository.
    const folder = resolve(chosen.folder);
    mkdirSync(folder, { recursive: true });
    writeReport(report, folder);
    console.error(`written to ${folder}`);
  }
  return measurements.some(({ figures }) => figures === null) ? 1 : 0;
}

/** @param {import('./arguments.mjs').Arguments} chosen */
async function findRunners(chosen) {
  /** @type {(import('./rounds.mjs').Runner & import('./contenders.mjs').Entry)[]} */
  const runners = [];
  /** @type {import('./report.mjs').Skipped[]} */
  const skipped = [];
  for (const entry of chosen.contenders) {
    try {
      const contender = await findContender(entry.name);
      const why = contender.missing?.() ?? null;
      if (why === null) runners.push({ ...entry, features: contender.features });
      else skipped.push({ name: entry.name, why });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      skipped.push({ name: entry.name, why: `it can not be loaded: ${why}` });
    }
  }
  return { runners, skipped };
}

/** @param {import('./rounds.mjs').Measurement} measurement */
function progressOf({ round, workload, contender, figures, error }) {
  const [name, value] = Object.entries(figures ?? {})[0] ?? [];
  const text = error === undefined ? `${name} ${Math.round(value ?? 0)}` : `FAILED: ${error}`;
  return `round ${round} ${workload.padEnd(19)}${contender.padEnd(16)}${text}`;
}
