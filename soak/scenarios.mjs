// The scenarios: how many processes, on which network, and which faults happen to them how often.
// All of them run at the same time, each for as long as the run takes.

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {'loopback' | 'namespaces' | 'lossy'} network
 * @property {number} processes
 * @property {number} nodesPerProcess
 * @property {number} dead nodes that never answer
 * @property {number} messagesPerSecond of each process, bursts counted as one
 * @property {number} deadMessagesPerSecond of each process, to nodes that never answer
 * @property {boolean} checksMemory
 * @property {Partial<Record<import('./faults.mjs').FaultName, number>>} faults per second
 */

/** @type {Omit<Scenario, 'name' | 'about' | 'faults'>} */
const USUAL = {
  network: 'loopback',
  processes: 3,
  nodesPerProcess: 1,
  dead: 0,
  messagesPerSecond: 25,
  deadMessagesPerSecond: 0,
  checksMemory: false,
};

/** @type {readonly Scenario[]} */
export const scenarios = [
  {
    ...USUAL,
    name: 'cuts',
    about: 'TCP connections are cut at random bytes: by RST, by FIN, by silence, at each end',
    checksMemory: true,
    faults: { cut: 3.5 },
  },
  {
    ...USUAL,
    name: 'kills',
    about: 'processes are killed and started again, and connections cut',
    processes: 4,
    faults: { kill: 0.3, cut: 1 },
  },
  {
    ...USUAL,
    name: 'stalls',
    about:
      'processes are stopped, run out of descriptors; nothing passes for 5 s, then for 2 s all',
    faults: { stop: 0.1, exhaust: 0.1, blackhole: 1, cut: 0.5 },
  },
  {
    ...USUAL,
    name: 'mixed',
    about: 'all of this at once',
    processes: 4,
    faults: { cut: 1.5, kill: 0.15, stop: 0.06, exhaust: 0.06, blackhole: 1 },
  },
  {
    ...USUAL,
    name: 'dead-peers',
    about: 'of 20 nodes, 2 never answer and are sent to all the time; memory has to stay flat',
    processes: 2,
    nodesPerProcess: 9,
    dead: 2,
    deadMessagesPerSecond: 100,
    checksMemory: true,
    faults: { cut: 1 },
  },
  {
    ...USUAL,
    name: 'links',
    about: 'network namespaces: links go down, addresses and routes vanish, hosts lose power',
    network: 'namespaces',
    faults: { link: 0.25, powerLoss: 0.03 },
  },
  {
    ...USUAL,
    name: 'lossy',
    about: 'network namespaces: packets are lost, doubled and altered',
    network: 'lossy',
    checksMemory: true,
    faults: { loss: 10 },
  },
];
