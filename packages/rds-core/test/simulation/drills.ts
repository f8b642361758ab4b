/**
 * Drills: plans that exercise one thing over and over, where the usual ones do everything a little.
 * Some bugs need three things in a row, such as a kernel, a break between a ping and its pong, and
 * another break after that, which two nodes that do nothing else meet far more often than nine
 * that do all. To add one, add an entry: what it is for, and what is unlike the usual plan.
 */

import type { SeededRandom } from '../../src/testing/index.js';
import { drawPlan, type Plan } from './plan.js';

type Drill = (random: SeededRandom, usual: Plan) => Partial<Plan>;

/** Of all seeds. */
const DRILL_CHANCE = 0.25;
/** Small messages, so that much happens for each byte. */
const MAX_BYTES = 500;
const SHORT = { min: 1, max: 50 };
const KERNEL_FIRST = { first: 1, last: 0 };
const KERNEL_LAST = { first: 0, last: 1 };
const NO_KERNEL = { first: 0, last: 0 };
const NEAR = { min: 0.05, max: 0.3 };
/** Far apart, so that a break finds much under way. */
const FAR = { min: 20, max: 80 };

const DRILLS: Readonly<Record<string, Drill>> = {
  /** A kernel, and connections that break all the time: what was under way, what is drained. */
  cuts: (random) => ({
    linux: random.pick([KERNEL_FIRST, KERNEL_LAST]),
    paceMs: { min: 0, max: random.pick([1, 10, 60]) },
    faults: ['cut', 'stall'],
    faultEveryMs: { min: 0, max: random.pick([30, 300]) },
    faultLastsMs: SHORT,
  }),
  /** The same at leisure: questions are asked, and the answers are lost. */
  breaks: (random) => ({
    linux: random.pick([KERNEL_FIRST, KERNEL_LAST]),
    messages: 500,
    paceMs: { min: 0, max: random.pick([60, 300]) },
    faults: random.pick([['cut'], ['cut', 'stall'], ['cut', 'cut', 'stall']] as const),
    // More would be more connections in the longest stall than we keep waiting.
    faultEveryMs: { min: 0, max: random.pick([300, 1000]) },
    faultLastsMs: SHORT,
  }),
  /** A kernel that boots, or our process: whose numbers mean what, and who has heard of whom. */
  restarts: (random) => ({
    linux: random.pick([KERNEL_FIRST, KERNEL_LAST]),
    paceMs: { min: 0, max: random.pick([60, 300]) },
    faults: ['restart', 'reboot', 'cut', 'cut', 'stall'],
    faultEveryMs: { min: 0, max: random.pick([100, 1000]) },
    faultLastsMs: { min: 1, max: random.pick([50, 1000]) },
  }),
  /** Our process starts anew with a clock set back, and must send its first messages twice. */
  jumps: (random, { network, node }) => ({
    linux: NO_KERNEL,
    node: { ...node, reconnect: 'kernel' },
    network: { ...network, latencyMs: FAR, cutNoticeMs: { min: 0, max: 50 } },
    messages: 1000,
    paceMs: { min: 0, max: random.pick([60, 60, 100]) },
    faults: ['restart', 'clockJump', 'cut', 'cut'],
    faultEveryMs: { min: 0, max: 200 },
    faultLastsMs: SHORT,
  }),
  /** Programs end in good order and begin anew, while others have something for them. */
  leaves: (random) => ({
    nodes: random.pick([2, 3]),
    linux: random.pick([NO_KERNEL, KERNEL_FIRST, KERNEL_LAST]),
    paceMs: { min: 0, max: random.pick([10, 100]) },
    faults: ['cut', 'partition'],
    faultEveryMs: { min: 0, max: random.pick([100, 1000]) },
    faultLastsMs: { min: 1, max: random.pick([50, 1000]) },
    leaves: true,
  }),
};

/** Not among the usual seeds, which would all be others than they were: see modes.ts. */
const MORE_DRILLS: Readonly<Record<string, Drill>> = {
  ...DRILLS,
  /** What a partition held is lost, and goes out anew bit by bit while the first is acknowledged. */
  trickles: (_, { network }) => ({
    linux: NO_KERNEL,
    network: { ...network, poison: true, latencyMs: NEAR, cutNoticeMs: SHORT, windowBytes: 65_536 },
    paceMs: { min: 0, max: 1 },
    faults: ['oneWay', 'partition', 'cut'],
    faultEveryMs: { min: 0, max: 30 },
    faultLastsMs: SHORT,
  }),
};

/**
 * What a seed is. Whether it is a drill is drawn last: what is drawn before gives the usual plan.
 */
export function drawPlanOrDrill(random: SeededRandom): Plan {
  const usual = drawPlan(random);
  return random.chance(DRILL_CHANCE) ? drawDrill(random, usual, DRILLS) : usual;
}

/** One of all drills. */
export function drawAnyDrill(random: SeededRandom): Plan {
  return drawDrill(random, drawPlan(random), MORE_DRILLS);
}

function drawDrill(random: SeededRandom, usual: Plan, drills: typeof DRILLS): Plan {
  const name = random.pick(Object.keys(drills));
  const common: Plan = {
    ...usual,
    name,
    nodes: 2,
    node: { ...usual.node, tcpPort: 16_385 },
    network: { ...usual.network, poison: false, bytesPerMs: Infinity },
    linuxBuffers: { ...usual.linuxBuffers, sendBufferBytes: 100_000 },
    messages: 300,
    maxBytes: MAX_BYTES,
    // As if there were kernels, and there are in most.
    drainMs: Math.max(usual.drainMs, 60_000),
  };
  return { ...common, ...drills[name]?.(random, common) };
}
