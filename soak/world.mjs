// The world of one scenario: its nodes and processes, the network between them, the ledger, and
// what has happened so far. Faults (faults.mjs) are done to it; how a run goes is in
// run-scenario.mjs.

import { Ledger } from './ledger.mjs';
import { Memory } from './memory.mjs';
import { parseFlow } from './network-plan.mjs';
import { PeerProcess } from './peer-process.mjs';
import { Recovery } from './recovery.mjs';

/**
 * @typedef {import('./scenarios.mjs').Scenario} Scenario
 * @typedef {import('./worker-log.mjs').LogRecord} LogRecord
 * @typedef {import('./random.mjs').Random} Random
 *
 * @typedef {object} Network where the nodes of a scenario are
 * @property {readonly string[]} addresses by the number of the node
 * @property {import('./cutting-proxy.mjs').CuttingProxy | null} proxy what connections lead through
 * @property {(node: number) => readonly string[]} prefix the start of a command that runs at a node
 * @property {(world: World) => Promise<void>} open
 * @property {() => Promise<void>} close
 *
 * @typedef {{ atMs: number, text: string, nodes: readonly number[] }} Happening
 */

/** What happened lately, to be shown with a failure. */
const MAX_HAPPENINGS = 20_000;

export class World {
  ledger = new Ledger();
  memory = new Memory();
  recovery = new Recovery();
  counts = { cuts: 0, kills: 0, stops: 0, blackholes: 0, exhausted: 0, links: 0 };
  /** @type {string[]} Worth saying, and nothing wrong. */
  notes = [];
  /** @type {string[]} What went wrong besides messages. */
  errors = [];
  /** @type {Happening[]} */
  #happenings = [];
  /** From the end of all faults until everything was acknowledged. */
  settledMs = 0;
  #lastIncarnation = 0;

  /**
   * @param {Scenario} scenario
   * @param {Network} network
   * @param {Random} random
   */
  constructor(scenario, network, random) {
    this.scenario = scenario;
    this.network = network;
    this.random = random;
    const { processes, nodesPerProcess, dead } = scenario;
    // Dead ones have the least address, which is to call, and the greatest, which is to be called.
    const live = Array.from({ length: processes * nodesPerProcess }, (_, index) => index + 1);
    this.liveNodes = dead === 0 ? live.map((number) => number - 1) : live;
    this.deadNodes = Array.from({ length: dead }, (_, index) => index * (live.length + 1));
    this.processes = Array.from({ length: processes }, (_, index) => {
      const start = index * nodesPerProcess;
      const nodes = this.liveNodes.slice(start, start + nodesPerProcess);
      return new PeerProcess(nodes, network.prefix(nodes[0] ?? 0), (incarnation, record) =>
        this.#enter(incarnation, record),
      );
    });
  }

  /** Every two live nodes of different processes, the smaller first. */
  pairs() {
    return this.liveNodes.flatMap((one) =>
      this.liveNodes
        .filter((other) => one < other)
        .map((other) => /** @type {[number, number]} */ ([one, other])),
    );
  }

  /** @param {PeerProcess} process */
  async start(process) {
    const { scenario, network } = this;
    const incarnation = ++this.#lastIncarnation;
    this.ledger.lives.started(incarnation, process.nodes, Date.now());
    await process.start({
      seed: Math.floor(this.random() * 2 ** 32),
      incarnation,
      addresses: [...network.addresses],
      own: [...process.nodes],
      peers: this.liveNodes,
      dead: this.deadNodes,
      messagesPerSecond: scenario.messagesPerSecond,
      deadMessagesPerSecond: scenario.deadMessagesPerSecond,
      proxied: network.proxy !== null,
    });
  }

  /** @param {PeerProcess} process */
  async kill(process) {
    this.ledger.lives.killed(process.incarnation, Date.now());
    await process.kill();
  }

  /**
   * @param {string} text
   * @param {readonly number[]} nodes
   */
  happened(text, nodes) {
    this.#happenings.push({ atMs: Date.now(), text, nodes });
    if (this.#happenings.length > MAX_HAPPENINGS) this.#happenings.splice(0, MAX_HAPPENINGS / 2);
  }

  /**
   * Does a fault that lasts: from its end on, messages have to flow again.
   *
   * @param {string} text
   * @param {readonly number[]} nodes
   * @param {(one: number, other: number) => boolean} concerns
   * @param {() => Promise<unknown>} action
   */
  async during(text, nodes, concerns, action) {
    const pairs = this.pairs().filter(([one, other]) => concerns(one, other));
    for (const [one, other] of pairs) this.recovery.faultBegan(one, other);
    const beganAtMs = Date.now();
    this.happened(text, nodes);
    try {
      await action();
    } finally {
      if (Date.now() > beganAtMs + 1) this.happened(`${text}: over`, nodes);
      for (const [one, other] of pairs) this.recovery.faultEnded(one, other, text, Date.now());
    }
  }

  /**
   * What happened to either of two nodes around a time.
   *
   * @param {readonly number[]} nodes
   * @param {number} atMs
   * @param {number} spanMs
   */
  happeningsAround(nodes, atMs, spanMs) {
    return this.#happenings.filter(
      (happening) =>
        Math.abs(happening.atMs - atMs) <= spanMs &&
        happening.nodes.some((node) => nodes.includes(node)),
    );
  }

  /**
   * @param {number} incarnation
   * @param {LogRecord} record
   */
  #enter(incarnation, record) {
    const { ledger } = this;
    if (record.type === 'sent') ledger.sent(incarnation, record.flow, record.number, record);
    else if (record.type === 'received') {
      const { flow, sender, number, sentAtMs, atMs } = record;
      ledger.received(incarnation, flow, sender, number, record);
      const { from, to } = parseFlow(flow);
      if (sentAtMs > 0) this.recovery.arrived(from, to, sentAtMs, atMs);
    } else if (record.type === 'settled') {
      ledger.settled(incarnation, record.flow, record.number, record.outcome, record.code);
    } else if (record.type === 'uncertain') {
      ledger.uncertain(incarnation, record.flow, record.number);
    } else if (record.type === 'unnamed') ledger.receivedUnnamed();
    else this.memory.sampled(incarnation, record);
  }
}
