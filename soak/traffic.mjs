// What a worker sends: messages of all sizes, to all peers, in all the ways there are to send one;
// singly and in bursts. Each is logged before it is sent, and again when its promise settles.

import { setTimeout as delay } from 'node:timers/promises';
import {
  bytesPool,
  decodeMessage,
  digestOf,
  encodeMessage,
  NAME_BYTES,
  randomLength,
} from './message.mjs';
import { flowName, RECEIVING_PORTS, UNBOUND_PORT } from './network-plan.mjs';
import { between, pick, untilNextMs } from './random.mjs';
import { sendInSomeWay } from './sending.mjs';
import { log } from './worker-log.mjs';

/**
 * @typedef {import('./soak-node.mjs').RdsSocket} RdsSocket
 * @typedef {import('./receiving.mjs').Host} Host
 * @typedef {import('./worker.mjs').WorkerOptions} WorkerOptions
 * @typedef {import('./worker-log.mjs').Settled} Settled
 * @typedef {{ name: string, socket: RdsSocket, to: { address: string, port: number },
 *   next: number, waiting: number, mayBeNameless: boolean }} Flow
 */

const BURST_SHARE = 0.05;
const MAX_BURST = 24;
/** Sends of one flow that have not settled: a program that sends more knows what it does. */
const MAX_WAITING = 48;
/** To a port where nobody is. */
const UNBOUND_SHARE = 0.01;
const LOOK_MS = 20;

export class Traffic {
  #options;
  #hosts;
  #random;
  #pool;
  /** @type {Flow[]} */
  #flows = [];
  /** @type {Flow[]} */
  #unboundFlows = [];
  #isOver = false;

  /**
   * @param {WorkerOptions} options
   * @param {readonly Host[]} hosts
   * @param {import('./random.mjs').Random} random
   */
  constructor(options, hosts, random) {
    this.#options = options;
    this.#hosts = hosts;
    this.#random = random;
    this.#pool = bytesPool(random);
    for (const { number: from, sockets } of hosts) {
      for (const to of options.peers) {
        if (to === from) continue;
        for (const socket of sockets) this.#flows.push(this.#flow(from, socket, to, socket.port));
        const [first] = sockets;
        if (first) this.#unboundFlows.push(this.#flow(from, first, to, UNBOUND_PORT));
      }
    }
  }

  start() {
    for (const host of this.#hosts) this.#logUncertain(host);
    void this.#run();
  }

  /** Sends no more, and waits until all promises have settled and everything is acknowledged. */
  async finish() {
    this.#isOver = true;
    const isWaiting = () =>
      [...this.#flows, ...this.#unboundFlows].some(({ waiting }) => waiting > 0);
    while (isWaiting()) await delay(LOOK_MS);
    // Rejected for what a restart has made uncertain, which is not for here to judge.
    await Promise.allSettled(
      this.#hosts.flatMap(({ sockets }) => sockets.map((socket) => socket.flush())),
    );
  }

  async #run() {
    while (!this.#isOver) {
      await delay(untilNextMs(this.#random, this.#options.messagesPerSecond));
      if (this.#isOver) return;
      const isUnbound = this.#random() < UNBOUND_SHARE;
      const flow = pick(this.#random, isUnbound ? this.#unboundFlows : this.#flows);
      const isBurst = this.#random() < BURST_SHARE;
      const count = isBurst ? between(this.#random, 2, MAX_BURST) : 1;
      for (let sent = 0; sent < count && flow.waiting < MAX_WAITING; sent++) {
        void this.#send(flow, isUnbound);
      }
    }
  }

  /**
   * @param {Flow} flow
   * @param {boolean} isUnbound
   */
  async #send(flow, isUnbound) {
    const random = this.#random;
    const { name, waiting } = flow;
    const { incarnation } = this.#options;
    const number = flow.next++;
    const length = randomLength(random, flow.mayBeNameless && waiting === 0);
    const atMs = Date.now();
    const data = encodeMessage(this.#pool, random, { incarnation, number, length, atMs });
    log({ type: 'sent', flow: name, number, length, digest: digestOf(data), atMs });
    flow.waiting++;
    flow.mayBeNameless = false;
    // A receiver can name the nameless only if all before it came, and it comes itself.
    const way = length < NAME_BYTES ? 'queued' : isUnbound ? 'delivered' : null;
    const [outcome, code] = await sendInSomeWay(flow.socket, data, flow.to, random, way);
    log({ type: 'settled', flow: name, number, outcome, code });
    flow.waiting--;
    const arrives = outcome === 'accepted' || outcome === 'delivered';
    flow.mayBeNameless = arrives && number === flow.next - 1 && !isUnbound;
  }

  /**
   * @param {number} from
   * @param {RdsSocket} socket
   * @param {number} to
   * @param {number} port
   * @returns {Flow}
   */
  #flow(from, socket, to, port) {
    const name = flowName(from, socket.port, to, port);
    const address = this.#options.addresses[to] ?? '';
    const counts = { next: 0, waiting: 0, mayBeNameless: false };
    return { name, socket, to: { address, port }, ...counts };
  }

  /** @param {Host} host */
  #logUncertain({ number: from, node }) {
    node.on('uncertain', ({ messages }) => {
      for (const { sport, to, data } of messages) {
        const number = decodeMessage(data)?.number;
        const peer = this.#options.addresses.indexOf(to.address);
        if (!RECEIVING_PORTS.includes(to.port) || number === undefined) continue;
        log({ type: 'uncertain', flow: flowName(from, sport, peer, to.port), number });
      }
    });
  }
}
