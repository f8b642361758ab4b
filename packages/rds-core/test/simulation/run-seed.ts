/**
 * One seed from beginning to end: plan, faults, rest, rules. The verdict is a function of the seed.
 */

import { createSimulation, SeededRandom, type TraceEvent } from '../../src/testing/index.js';
import { Lanes } from './lanes.js';
import { drawPlanOf, type Mode } from './modes.js';
import type { Plan } from './plan.js';
import { AT_REST, FINALLY } from './rules.js';
import { Workload } from './workload.js';

export interface Verdict {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly simulatedMs: number;
  readonly messages: number;
  readonly arrivals: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly plan: Plan;
}

/** What chance decides about paths, it decides apart: the rest of a seed stays what it was. */
const PATHS_STREAM = 2 ** 52;

export async function runSeed(
  seed: number,
  onEvent?: (event: TraceEvent) => void,
  /** How many paths nodes have at the most; above 1, each draws its own number each time. */
  paths = 1,
  mode: Mode = 'usual',
): Promise<Verdict> {
  const plan = drawPlanOf(mode, new SeededRandom(seed).fork());
  const simulation = createSimulation({ seed, network: plan.network, ...(onEvent && { onEvent }) });
  const lanes =
    paths > 1 ? new Lanes(simulation, new SeededRandom(seed + PATHS_STREAM), paths) : null;
  const workload = new Workload(simulation, plan, lanes);
  const { clock, faults } = simulation;
  const { ledger } = workload;
  const violations = ledger.violations;
  try {
    await workload.boot();
    await workload.run();
    // The first violation will do while there is still time to come to rest.
    await workload.rest(() => unrest(workload).next().done === true);
    violations.push(...unrest(workload));
    for (const [name, rule] of Object.entries(FINALLY)) {
      for await (const line of rule(workload)) violations.push(`${name}: ${line}`);
    }
    await workload.close();
    if (clock.pending > 0) violations.push(`no timer is left: ${clock.pending} are`);
  } catch (error) {
    violations.push(`the run ended early: ${error instanceof Error ? error.stack : error}`);
  }
  return {
    seed,
    violations,
    simulatedMs: clock.now(),
    messages: ledger.entries.length,
    arrivals: ledger.entries.reduce((sum, { arrivals }) => sum + arrivals.length, 0),
    faults: Object.fromEntries(faults.counts),
    plan,
  };
}

function* unrest(workload: Workload): Generator<string> {
  for (const [name, rule] of Object.entries(AT_REST)) {
    for (const line of rule(workload)) yield `${name}: ${line}`;
  }
}
