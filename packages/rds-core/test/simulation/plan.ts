/**
 * Plan: what a seed decides before anything runs: how many machines of which kind, their limits,
 * what the network is like, what is sent, and what may go wrong. Each seed is unlike the others on
 * purpose ("swarm testing"): a fault that always comes with all others hides what it does alone.
 */

import type { NodeOptions } from '../../src/index.js';
import {
  FAULTS,
  type FaultKind,
  type NetworkOptions,
  type Range,
  type SeededRandom,
} from '../../src/testing/index.js';

export interface Plan {
  /** Which drill it is, or 'usual'. */
  readonly name: string;
  readonly nodes: number;
  /** How many of them, the first or the last by address, are Linux kernels. */
  readonly linux: { readonly first: number; readonly last: number };
  readonly linuxOptions: { readonly paths: 1 | 8; readonly pingEnable: boolean };
  readonly linuxBuffers: { readonly sendBufferBytes: number; readonly receiveBufferBytes: number };
  readonly node: Omit<NodeOptions, 'address'>;
  readonly network: Partial<NetworkOptions>;
  readonly ports: readonly number[];
  readonly messages: number;
  readonly maxBytes: number;
  /** Between two actions of the workload. */
  readonly paceMs: Range;
  readonly faults: readonly FaultKind[];
  readonly faultEveryMs: Range;
  readonly faultLastsMs: Range;
  /** Programs end and begin anew. */
  readonly leaves: boolean;
  /** All are back, and all is said, within so much after the last fault. */
  readonly drainMs: number;
}

const FIRST_PORT = 4000;
/** What a connect and a first word may take, as the nodes have it by default. */
const HANDSHAKE_MS = 10_000;
/** What ends with a process: some seeds do without, so that nothing else is excused by it. */
const DEATHS: readonly FaultKind[] = ['restart', 'reboot', 'takeover'];
const KIB = 1024;

export function drawPlan(random: SeededRandom): Plan {
  const isMesh = random.chance(0.002);
  const nodes = isMesh ? random.integer(32, 256) : random.pick([2, 2, 3, 3, 3, 4, 5, 6, 9]);
  const hasLinux = !isMesh && random.chance(0.5);
  const linux = hasLinux ? random.integer(1, nodes - 1) : 0;
  const first = random.integer(0, linux);
  const maxBytes = random.pick([64, 500, 5000, 5000, 60_000, random.chance(0.2) ? 2 ** 20 : 200]);
  const livenessMs = random.pick([2000, 5000, 10_000]);
  const reconnect = random.pick(['kernel', { maxDelayMs: 200 }, { maxDelayMs: 3000 }, {}] as const);
  const longestMs = reconnect === 'kernel' ? 1000 : (reconnect.maxDelayMs ?? 30_000);
  const kinds = random
    .shuffle(Object.keys(FAULTS) as FaultKind[])
    // A kernel would take the forged connection for a mistake of ours.
    .filter((kind) => !hasLinux || kind !== 'duplicate')
    .slice(0, random.pick([1, 2, 3, 5, 9, 20]));
  const dies = random.chance(0.5);
  return {
    name: 'usual',
    nodes,
    linux: { first, last: linux - first },
    linuxBuffers: {
      sendBufferBytes: Math.max(maxBytes, random.pick([5000, 100_000])),
      receiveBufferBytes: random.pick([2000, 100_000]),
    },
    linuxOptions: { paths: random.pick([1, 8]), pingEnable: random.chance(0.8) },
    node: {
      tcpPort: hasLinux ? 16_385 : random.pick([16_385, 7000]),
      livenessMs,
      reconnect,
      ...drawBuffers(random, maxBytes),
    },
    network: drawNetwork(random, maxBytes),
    ports: Array.from({ length: isMesh ? 1 : random.integer(1, 4) }, (_, at) => FIRST_PORT + at),
    messages: isMesh ? nodes * 4 : Math.ceil(random.integer(20, 250) / (maxBytes > 60_000 ? 8 : 1)),
    maxBytes,
    paceMs: { min: 0, max: random.pick([1, 10, 60, 300]) },
    faults: dies ? kinds : kinds.filter((kind) => !DEATHS.includes(kind)),
    faultEveryMs: { min: 0, max: random.pick([30, 300, 3000]) },
    faultLastsMs: { min: 1, max: random.pick([50, 1000, 15_000]) },
    leaves: false,
    drainMs: 2 * Math.max(longestMs, livenessMs + HANDSHAKE_MS, hasLinux ? 30_000 : 0),
  };
}

/** From ample to so small that nearly every send has to wait. */
function drawBuffers(random: SeededRandom, maxBytes: number): Omit<NodeOptions, 'address'> {
  return random.pick([
    {},
    { sendBufferBytes: Math.max(64 * KIB, maxBytes), receiveBufferBytes: 32 * KIB },
    { sendBufferBytes: Math.max(2 * KIB, maxBytes), receiveBufferBytes: KIB },
    { receiveBufferBytes: 8 * KIB, maxQueuedBytes: Math.max(128 * KIB, 4 * maxBytes) },
  ]);
}

function drawNetwork(random: SeededRandom, maxBytes: number): Partial<NetworkOptions> {
  const isBulk = maxBytes > 5000;
  return {
    latencyMs: random.pick([
      { min: 0.05, max: 0.3 },
      { min: 0.1, max: 10 },
      { min: 20, max: 80 },
    ]),
    cutNoticeMs: { min: 0, max: random.pick([1, 50, 2000]) },
    windowBytes: random.pick(isBulk ? [64 * KIB, 256 * KIB] : [KIB, 16 * KIB, 256 * KIB]),
    splitChance: random.pick([0, 0.25, 0.9]),
    mergeChance: random.pick([0, 0.5, 1]),
    bytesPerMs: random.pick([Infinity, Infinity, 125_000, 2000]),
    poison: !isBulk && random.chance(0.3),
  };
}
