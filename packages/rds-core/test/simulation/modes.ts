/**
 * Modes: what a seed makes its plan of. The usual mode has a little of everything; each other one
 * leaves something out on purpose, so that what it would hide or excuse is seen. They are for the
 * hunt of mutants, and for who wants to look there. To add one, add an entry.
 */

import type { SeededRandom } from '../../src/testing/index.js';
import { drawAnyDrill, drawPlanOrDrill } from './drills.js';
import { drawPlan, type Plan } from './plan.js';

const KIB = 1024;
/** As many messages as a drill has usually, and again as many. */
const TIMES_LONGER = 2;
/** Longer than any node of a plan waits for a sign of life. */
const SILENCE_MS = 15_000;

const MODES = {
  usual: drawPlanOrDrill,
  /** Each seed is a drill, and a long one: what needs three things in a row is met often. */
  drilled(random: SeededRandom): Plan {
    const plan = drawAnyDrill(random);
    return { ...plan, messages: plan.messages * TIMES_LONGER };
  },
  /**
   * Without faults nothing is excused: no connection may end by itself, however long nobody says
   * anything, and no break sends again what was lost. Nodes are full as often as they are idle.
   */
  calm(random: SeededRandom): Plan {
    const usual = drawPlan(random);
    return {
      ...usual,
      name: 'calm',
      node: { ...usual.node, maxQueuedBytes: random.pick([1, 8]) * KIB },
      paceMs: { min: 0, max: random.pick([1, 60, SILENCE_MS]) },
      faults: [],
    };
  },
} satisfies Readonly<Record<string, (random: SeededRandom) => Plan>>;

export type Mode = keyof typeof MODES;

export function drawPlanOf(mode: Mode, random: SeededRandom): Plan {
  return MODES[mode](random);
}

export function modeOf(name: string): Mode {
  if (Object.hasOwn(MODES, name)) return name as Mode;
  throw new Error(`there is no mode ${name}, but ${Object.keys(MODES).join(', ')}`);
}
