// What a run has found: as data for a file, and as a table for people.

import { parseFlow } from './network-plan.mjs';

const MIB = 2 ** 20;
/** In print; the file has all. */
const FAILURES_SHOWN = 10;
const HAPPENINGS_SHOWN = 12;
const AROUND_MS = 8000;

/**
 * @typedef {import('./world.mjs').World} World
 * @typedef {ReturnType<typeof reportOf>} Report
 * @typedef {ReturnType<typeof rowOf>} Row
 */

/**
 * @param {readonly World[]} worlds
 * @param {readonly { name: string, why: string }[]} skipped
 * @param {{ seed: number, minutes: number, startedAtMs: number }} run
 */
export function reportOf(worlds, skipped, { seed, minutes, startedAtMs }) {
  const scenarios = worlds.map(rowOf);
  const sum = (/** @type {(row: Row) => number} */ countOf) =>
    scenarios.reduce((total, row) => total + countOf(row), 0);
  const totals = {
    cuts: sum(({ faults }) => faults.cuts),
    kills: sum(({ faults }) => faults.kills),
    messages: sum(({ ledger }) => ledger.messages),
    bytes: sum(({ ledger }) => ledger.bytes),
    lost: sum(({ ledger }) => ledger.lost),
    duplicated: sum(({ ledger }) => ledger.duplicated),
    reordered: sum(({ ledger }) => ledger.reordered),
    altered: sum(({ ledger }) => ledger.altered),
    falseReceipts: sum(({ ledger }) => ledger.falseReceipts),
    unsettled: sum(({ ledger }) => ledger.unsettled),
  };
  return {
    passed: scenarios.length > 0 && scenarios.every(({ passed }) => passed),
    ...{ seed, minutes, startedAt: new Date(startedAtMs).toISOString() },
    ...{ tookMs: Date.now() - startedAtMs, node: process.version },
    ...{ totals, scenarios, skipped },
  };
}

/** @param {World} world */
function rowOf(world) {
  const { scenario, counts, ledger, recovery, memory, errors } = world;
  const failures = ledger.failures.map((failure) => {
    const { from, to } = parseFlow(failure.flow);
    const around = world.happeningsAround([from, to], failure.atMs, AROUND_MS);
    return { ...failure, around };
  });
  const rows = memory.rows();
  const grown = scenario.checksMemory ? rows.filter(({ isFlat }) => isFlat === false) : [];
  const problems = [
    ...errors,
    ...grown.map(({ incarnation }) => `the memory of process ${incarnation} grows`),
    ...(ledger.counts.messages === 0 ? ['no message arrived at all'] : []),
  ];
  return {
    name: scenario.name,
    passed: failures.length === 0 && problems.length === 0,
    faults: counts,
    ledger: ledger.counts,
    slowestRecoveryMs: recovery.slowestMs,
    slowestRecovery: recovery.slowestWhat,
    settledMs: world.settledMs,
    memory: { peakBytes: memory.peakBytes, rows },
    ...{ problems, failures, notes: world.notes },
  };
}

/** @param {Report} report */
export function printReport({ scenarios, totals, skipped, passed, seed, tookMs }) {
  for (const row of scenarios) printFailures(row);
  console.log(`\n${table(scenarios.map(cellsOf)).join('\n')}`);
  for (const { name, notes, slowestRecovery } of scenarios) {
    for (const note of notes) console.log(`${name}: ${note}`);
    if (slowestRecovery !== '') console.log(`${name}: slowest to recover was ${slowestRecovery}`);
  }
  printMemory(scenarios);
  console.log(`\n${Math.round(tookMs / 1000)} s, seed ${seed}: ${passed ? 'passed' : 'FAILED'}`);
  for (const { name, why } of skipped) console.log(`skipped: ${name}, because ${why}`);
  const { falseReceipts, unsettled, ...others } = totals;
  const words = Object.entries(others).map(([name, count]) => `${name}=${count}`);
  if (unsettled > 0) console.log(`unsettled=${unsettled}`);
  console.log([...words, `false-receipts=${falseReceipts}`].join(' '));
}

/** @param {Row} row */
function printFailures({ name, problems, failures }) {
  for (const problem of problems) console.log(`\n${name}: ${problem}`);
  for (const failure of failures.slice(0, FAILURES_SHOWN)) {
    const { fault, flow, sender, number, atMs, why, around } = failure;
    const what = `number ${number} of ${flow} (node:port), by process ${sender}`;
    console.log(`\n${name}: ${fault}: ${what}, at ${timeOf(atMs)}: ${why}`);
    for (const happening of around.slice(-HAPPENINGS_SHOWN)) {
      console.log(`  ${timeOf(happening.atMs)} nodes ${happening.nodes}: ${happening.text}`);
    }
  }
  const more = failures.length - FAILURES_SHOWN;
  if (more > 0) console.log(`\n${name}: and ${more} more; --json FILE has them all`);
}

/**
 * @param {Row} row
 * @returns {Record<string, string | number>}
 */
function cellsOf({ name, faults, ledger, slowestRecoveryMs, settledMs }) {
  return {
    scenario: name,
    messages: ledger.messages,
    MiB: Math.round(ledger.bytes / MIB),
    cuts: faults.cuts,
    kills: faults.kills,
    stops: faults.stops,
    holes: faults.blackholes,
    fds: faults.exhausted,
    links: faults.links,
    lost: ledger.lost,
    doubled: ledger.duplicated,
    reordered: ledger.reordered,
    altered: ledger.altered,
    delivered: ledger.delivered,
    not: ledger.notDelivered,
    unknown: ledger.unknown,
    false: ledger.falseReceipts,
    'recovery ms': Math.round(slowestRecoveryMs),
    'settled ms': settledMs,
  };
}

/** @param {readonly Record<string, string | number>[]} rows */
function table(rows) {
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map((name) => {
    const cells = [name, ...rows.map((row) => String(row[name]))];
    const width = Math.max(...cells.map(({ length }) => length));
    const isText = name === 'scenario';
    return cells.map((cell) => (isText ? cell.padEnd(width) : cell.padStart(width)));
  });
  return [-1, ...rows.keys()].map((row) => columns.map((cells) => cells[row + 1]).join('  '));
}

/** @param {readonly Row[]} rows */
function printMemory(rows) {
  console.log('\nmemory of the processes that lived longest, RSS in MiB, from first to last');
  for (const { name, memory } of rows) {
    for (const { incarnation, least, most, last, plot, isFlat } of memory.rows) {
      const verdict = isFlat === null ? '' : isFlat ? 'flat' : 'GROWS';
      const numbers = `${mib(least)}–${mib(most)}, last ${mib(last)}`;
      console.log(`${`${name} ${incarnation}`.padEnd(16)}${plot}  ${numbers} ${verdict}`);
    }
  }
}

/** @param {number} bytes */
function mib(bytes) {
  return Math.round(bytes / MIB);
}

/** @param {number} atMs */
function timeOf(atMs) {
  return new Date(atMs).toISOString().slice(11, 23);
}
