// What is done to processes and connections. Each fault is done once when called, and resolves when
// it is over; how often is for the scenario to say.

import { setTimeout as delay } from 'node:timers/promises';
import { between, pick } from './random.mjs';

/**
 * @typedef {import('./world.mjs').World} World
 * @typedef {import('./peer-process.mjs').PeerProcess} PeerProcess
 * @typedef {'cut' | 'kill' | 'stop' | 'exhaust' | 'blackhole' | 'link' | 'powerLoss'
 *   | 'loss'} FaultName
 * @typedef {(world: World) => Promise<void> | void} Fault
 */

const BLACKHOLE_MS = 5000;
const BETWEEN_BLACKHOLES_MS = 2000;
/** Longer than a node takes to notice that a peer is silent, now and then. */
const MAX_STOP_MS = 4000;
const MAX_EXHAUSTED_MS = 2000;
const MAX_DOWN_MS = 2500;
/** So many of those that are killed are cut off before, and for so long. */
const MUTED_SHARE = 0.5;
const MAX_MUTED_MS = 400;
const COMMAND_MS = 30_000;

/** @param {World} world */
export async function kill(world) {
  await toProcess(world, 'killed', async (process) => {
    const { random, network } = world;
    world.counts.kills++;
    if (random() < MUTED_SHARE) {
      // It receives, and nobody hears of it any more: its last acknowledgements die with it.
      network.proxy?.mute(process.nodes);
      await delay(between(random, 1, MAX_MUTED_MS));
    }
    await world.kill(process);
    network.proxy?.cutAllOf(process.nodes);
    if (random() < 0.5) await delay(between(random, 0, MAX_DOWN_MS));
    await world.start(process);
  });
}

/** @param {World} world */
export async function stop(world) {
  await toProcess(world, 'stopped', async (process) => {
    world.counts.stops++;
    process.stop();
    await delay(between(world.random, 50, MAX_STOP_MS));
    process.goOn();
  });
}

/**
 * Descriptors run out, and then the connections break and new ones need some.
 *
 * @param {World} world
 */
export async function exhaust(world) {
  await toProcess(world, 'out of descriptors', async (process) => {
    world.counts.exhausted++;
    const forMs = between(world.random, 200, MAX_EXHAUSTED_MS);
    const released = process.tell({ type: 'exhaust', forMs }, COMMAND_MS);
    await delay(forMs / 4);
    world.network.proxy?.cutAllOf(process.nodes);
    await released;
  });
}

/** @param {World} world */
export function cut(world) {
  world.network.proxy?.cut();
}

/**
 * Nothing passes between two nodes, or to and from one, or at all.
 *
 * @param {World} world
 */
export async function blackhole(world) {
  const { random, liveNodes, network } = world;
  const one = pick(random, liveNodes);
  const other = pick(random, liveNodes);
  const isWhole = random() < 0.2;
  /** @type {(from: number, to: number) => boolean} */
  const concerns = (from, to) => {
    if (isWhole) return true;
    if (one === other) return from === one || to === one;
    return (from === one && to === other) || (from === other && to === one);
  };
  world.counts.blackholes++;
  const nodes = isWhole ? liveNodes : [one, other];
  await world.during('nothing passes', nodes, concerns, async () => {
    network.proxy?.holdUp(concerns);
    await delay(BLACKHOLE_MS);
    network.proxy?.holdUp(() => false);
  });
  await delay(BETWEEN_BLACKHOLES_MS);
}

/**
 * @param {World} world
 * @param {string} what
 * @param {(process: PeerProcess) => Promise<void>} action
 */
export async function toProcess(world, what, action) {
  const free = world.processes.filter(({ isBusy, isRunning }) => isRunning && !isBusy);
  if (free.length === 0) return;
  const process = pick(world.random, free);
  process.isBusy = true;
  const { nodes } = process;
  const concerns = (/** @type {number} */ one, /** @type {number} */ other) =>
    nodes.includes(one) || nodes.includes(other);
  try {
    const text = `process ${process.incarnation} ${what}`;
    await world.during(text, nodes, concerns, () => action(process));
  } finally {
    process.isBusy = false;
  }
}
