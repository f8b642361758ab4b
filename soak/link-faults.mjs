// What is done to the hosts of a network of namespaces, and to the cables between them. The kernel
// decides what the nodes see of it: errors, or nothing at all.

import { setTimeout as delay } from 'node:timers/promises';
import { toProcess } from './faults.mjs';
import { LossyNamespaces } from './lossy-namespaces.mjs';
import { INTERFACE, Namespaces } from './namespaces.mjs';
import { between, pick } from './random.mjs';

/**
 * @typedef {import('./world.mjs').World} World
 * @typedef {import('./random.mjs').Random} Random
 *
 * @typedef {object} LinkFault
 * @property {string} name
 * @property {boolean} [needsPeer] it is between two hosts, and not between one and all
 * @property {(network: Namespaces, node: number, peer: number) => Promise<void>} begin
 * @property {(network: Namespaces, node: number, peer: number) => Promise<void>} end
 */

const MIN_FAULT_MS = 50;
/** At times longer than a node takes to notice that a peer is silent. */
const MAX_FAULT_MS = 5000;
const MAX_DOWN_MS = 2500;

/** @type {readonly LinkFault[]} */
const LINK_FAULTS = [
  {
    name: 'link down',
    begin: (network, node) => network.atHost(node, `link set ${INTERFACE} down`),
    end: (network, node) => network.atHost(node, `link set ${INTERFACE} up`),
  },
  {
    name: 'cable pulled',
    begin: (network, node) => network.atSwitch(`link set port${node} down`),
    end: (network, node) => network.atSwitch(`link set port${node} up`),
  },
  {
    name: 'switch swallows',
    begin: (network, node) => network.atSwitch(`link set port${node} nomaster`),
    end: (network, node) => network.atSwitch(`link set port${node} master br0`),
  },
  {
    name: 'address removed',
    begin: (network, node) =>
      network.atHost(node, `addr del ${network.addressWithBits(node)} dev ${INTERFACE}`),
    end: (network, node) =>
      network.atHost(node, `addr add ${network.addressWithBits(node)} dev ${INTERFACE}`),
  },
  ...['blackhole', 'unreachable', 'prohibit'].map((kind) => ({
    name: `${kind} route`,
    needsPeer: true,
    /** @type {LinkFault['begin']} */
    begin: (network, node, peer) =>
      network.atHost(node, `route add ${kind} ${network.addresses[peer]}/32`),
    /** @type {LinkFault['end']} */
    end: (network, node, peer) =>
      network.atHost(node, `route del ${kind} ${network.addresses[peer]}/32`),
  })),
];

const MIN_DAMAGE_MS = 1000;
const MAX_DAMAGE_MS = 5000;
const WHOLE = { loss: 0, corruption: 0, duplication: 0 };
/** @type {readonly [text: string, damage: import('./lossy-wire.mjs').Damage][]} */
const DAMAGES = [
  ['1 % of packets are lost', { ...WHOLE, loss: 0.01 }],
  ['5 % of packets are lost', { ...WHOLE, loss: 0.05 }],
  ['1 % of packets are altered', { ...WHOLE, corruption: 0.01 }],
  ['1 % of packets are doubled', { ...WHOLE, duplication: 0.01 }],
  ['all of that', { loss: 0.05, corruption: 0.01, duplication: 0.01 }],
];

/** @param {World} world */
export async function link(world) {
  const { network, random } = world;
  if (!(network instanceof Namespaces)) return;
  const fault = pick(random, LINK_FAULTS);
  await toProcess(world, fault.name, async (process) => {
    const [node = 0] = process.nodes;
    const peer = pick(
      random,
      world.liveNodes.filter((other) => other !== node),
    );
    world.counts.links++;
    await fault.begin(network, node, peer);
    await delay(between(random, MIN_FAULT_MS, MAX_FAULT_MS));
    await fault.end(network, node, peer);
  });
}

/**
 * A host is gone from one moment to the next, and can say no more; then it boots.
 *
 * @param {World} world
 */
export async function powerLoss(world) {
  const { network, random } = world;
  if (!(network instanceof Namespaces)) return;
  await toProcess(world, 'without power', async (process) => {
    const [node = 0] = process.nodes;
    world.counts.kills++;
    await network.removeHost(node, () => world.kill(process));
    await delay(between(random, MIN_FAULT_MS, MAX_DOWN_MS));
    await network.addHost(node);
    await world.start(process);
  });
}

/**
 * The wire has another fault for a while.
 *
 * @param {World} world
 */
export async function loss(world) {
  const { network, random } = world;
  if (!(network instanceof LossyNamespaces)) return;
  const [text, damage] = pick(random, DAMAGES);
  world.counts.links++;
  world.happened(text, world.liveNodes);
  network.setDamage(damage);
  await delay(between(random, MIN_DAMAGE_MS, MAX_DAMAGE_MS));
  const { packets, lost, doubled, altered } = await network.counts();
  const what = `${lost} were lost, ${doubled} doubled, ${altered} altered`;
  world.notes = [`of ${packets} packets ${what}`];
}
