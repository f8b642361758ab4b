// A node of the library under test, as a scenario uses it: the build, as a user would have it.

import { createNode } from '../packages/rds-tcp/dist/index.js';
import { OwnSocket } from './own-socket.mjs';

/**
 * @typedef {import('../packages/rds-tcp/dist/index.js').NodeOptions} NodeOptions
 * @typedef {import('../packages/rds-tcp/dist/index.js').BindOptions} BindOptions
 */

/** Enough to see what led to a failure. */
const MAX_EVENTS = 100;

export class OwnPeer {
  /** @type {string[]} */
  #told = [];

  /** @param {import('../packages/rds-tcp/dist/index.js').RdsNode} node */
  constructor(node) {
    this.node = node;
    this.address = node.address;
    const startedAt = performance.now();
    const keep = (/** @type {{ type: string }} */ event) => {
      const atMs = Math.round(performance.now() - startedAt);
      // The messages of an uncertain event may be large.
      const text = JSON.stringify(event, (key, value) => (key === 'data' ? undefined : value));
      this.#told.push(`${atMs} ms: ${text.slice(0, 200)}`);
      if (this.#told.length > MAX_EVENTS) this.#told.shift();
    };
    node.on('connection', keep);
    node.on('congestion', keep);
    node.on('uncertain', keep);
  }

  /** @param {NodeOptions} options */
  static async open(options) {
    return new OwnPeer(await createNode(options));
  }

  /** @param {BindOptions} [options] */
  bind(options = {}) {
    return new OwnSocket(this.node.bind(options), this.node.tcpPort);
  }

  /**
   * What is known of a peer; undefined if there never was a connection.
   *
   * @param {string} address
   */
  connection(address) {
    return this.node.info().connections.find((connection) => connection.address === address);
  }

  /** What the node told, the latest last. */
  async events() {
    return this.#told;
  }

  async close() {
    await this.node.destroy();
  }
}
