// The network of most scenarios: all nodes on this machine, each at a loopback address of its own,
// with a proxy between them.

import { createServer } from 'node:net';
import { CuttingProxy } from './cutting-proxy.mjs';
import { PROXY_TCP_PORT } from './network-plan.mjs';

/** @typedef {import('./world.mjs').World} World */

export class Loopback {
  /** @type {CuttingProxy | null} */
  proxy = null;
  /** @type {import('node:net').Server[]} */
  #silent = [];
  /** @type {Set<import('node:net').Socket>} */
  #sockets = new Set();

  /**
   * @param {number} lane another for each scenario of a run
   * @param {number} nodes
   */
  constructor(lane, nodes) {
    // Other runs on this machine have other addresses.
    const net = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`;
    const first = 1 + lane * 30;
    this.addresses = Array.from({ length: nodes }, (_, index) => `${net}.${first + index}`);
  }

  /** @returns {readonly string[]} */
  prefix() {
    return [];
  }

  /** @param {World} world */
  async open(world) {
    const proxy = new CuttingProxy(this.addresses, world.random, ({ from, to }, cut, bytes) => {
      world.counts.cuts++;
      const text = `cut after ${bytes} bytes: dialler ${cut.dialler}, listener ${cut.listener}`;
      void world.during(text, [from, to], pairOf(from, to), async () => {});
    });
    this.proxy = proxy;
    proxy.cutsYoung = true;
    await proxy.listen(world.liveNodes);
    // Of the dead, the first refuses, and the others accept and say nothing.
    for (const node of world.deadNodes.slice(1)) await this.#listenInSilence(node);
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await this.proxy?.close();
    await Promise.all(this.#silent.map((server) => new Promise((done) => server.close(done))));
  }

  /** @param {number} node */
  async #listenInSilence(node) {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    this.#silent.push(server);
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(PROXY_TCP_PORT, this.addresses[node], () => resolve(undefined));
    });
  }
}

/**
 * @param {number} from
 * @param {number} to
 */
function pairOf(from, to) {
  return (/** @type {number} */ one, /** @type {number} */ other) =>
    (one === from && other === to) || (one === to && other === from);
}
