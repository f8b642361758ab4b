// The course of a scenario: open the network, start the processes, let faults happen, heal
// everything, let all that was sent arrive, close, and judge.

import { setTimeout as delay } from 'node:timers/promises';
import { blackhole, cut, exhaust, kill, stop } from './faults.mjs';
import { link, loss, powerLoss } from './link-faults.mjs';
import { seededRandom, untilNextMs } from './random.mjs';
import { World } from './world.mjs';

/**
 * @typedef {import('./scenarios.mjs').Scenario} Scenario
 * @typedef {import('./faults.mjs').FaultName} FaultName
 * @typedef {import('./faults.mjs').Fault} Fault
 */

/** @type {Record<FaultName, Fault>} */
const FAULTS = { cut, kill, stop, exhaust, blackhole, link, powerLoss, loss };
/** Those that keep a rhythm of their own, one after the other. */
const RHYTHMIC = ['blackhole', 'loss'];

/** Until the first fault: connections are to be there. */
const CALM_MS = 500;
/** With everything healed, for all promises to settle and all messages to be acknowledged. */
const FINISH_MS = 60_000;
const DRAIN_MS = 30_000;
const CLOSE_MS = 20_000;

/**
 * @param {Scenario} scenario
 * @param {import('./world.mjs').Network} network
 * @param {{ seed: number, seconds: number }} run
 */
export async function runScenario(scenario, network, { seed, seconds }) {
  const world = new World(scenario, network, seededRandom(seed));
  try {
    await network.open(world);
    await Promise.all(world.processes.map((process) => world.start(process)));
    await haveFaults(world, seconds * 1000);
    await finish(world);
  } catch (error) {
    world.errors.push(error instanceof Error ? error.message : String(error));
  } finally {
    await Promise.all(world.processes.map((process) => process.kill()));
    await network.close();
  }
  for (const { crash } of world.processes) if (crash !== null) world.errors.push(crash);
  world.ledger.finish();
  return world;
}

/**
 * Resolves when the time is over, and with it the last fault.
 *
 * @param {World} world
 * @param {number} forMs
 */
async function haveFaults(world, forMs) {
  const until = Date.now() + forMs;
  await delay(Math.min(CALM_MS, forMs));
  const loops = Object.entries(world.scenario.faults).map(([name, perSecond]) =>
    repeat(world, /** @type {FaultName} */ (name), perSecond, until),
  );
  await Promise.all([...loops, delay(until - Date.now())]);
}

/**
 * @param {World} world
 * @param {FaultName} name
 * @param {number} perSecond
 * @param {number} until
 */
async function repeat(world, name, perSecond, until) {
  const underWay = new Set();
  while (Date.now() < until && world.errors.length === 0) {
    await delay(Math.min(untilNextMs(world.random, perSecond), until - Date.now()));
    if (Date.now() >= until) break;
    const fault = Promise.resolve(FAULTS[name](world))
      .catch((error) => world.errors.push(`${name}: ${error.message}`))
      .finally(() => underWay.delete(fault));
    underWay.add(fault);
    if (RHYTHMIC.includes(name)) await fault;
  }
  await Promise.all(underWay);
}

/**
 * From here on nothing is broken: everything has to settle, to arrive, and to close.
 *
 * @param {World} world
 */
async function finish(world) {
  world.happened('all is healed', world.liveNodes);
  if (world.network.proxy) world.network.proxy.cutsYoung = false;
  const healedAtMs = Date.now();
  await all(world, { type: 'finish' }, FINISH_MS);
  world.settledMs = Date.now() - healedAtMs;
  await all(world, { type: 'drain' }, DRAIN_MS);
  const closed = await all(world, { type: 'close' }, CLOSE_MS);
  for (const { messages } of closed) {
    if (messages > 0) world.errors.push(`${messages} messages were dropped in closing`);
  }
}

/**
 * @param {World} world
 * @param {import('./worker.mjs').Command} command
 * @param {number} limitMs
 */
function all(world, command, limitMs) {
  return Promise.all(world.processes.map((process) => process.tell(command, limitMs)));
}
