// The proxy between the nodes of a scenario: it listens at the address of each, beside it, and
// leads to it under the address of who dialled. All faults of connections are made here.

import { createServer } from 'node:net';
import { PROXY_TCP_PORT } from './network-plan.mjs';
import { ProxiedConnection } from './proxied-connection.mjs';
import { between, pick } from './random.mjs';

/**
 * @typedef {import('./proxied-connection.mjs').Cut} Cut
 * @typedef {import('./proxied-connection.mjs').Ending} Ending
 * @typedef {import('./proxied-connection.mjs').Direction} Direction
 * @typedef {import('./random.mjs').Random} Random
 */

/** @type {readonly Ending[]} Silence takes seconds to be noticed; most cuts shall be noticed. */
const ENDINGS = ['reset', 'reset', 'reset', 'end', 'end', 'end', 'silence'];
const MAX_OFFSET_BITS = 18;
/** A connection may carry less than the offset: it is cut all the same. */
const FIRE_MS = 500;
/** One in so many new connections is cut within its first words. */
const YOUNG_SHARE = 0.08;
const YOUNG_BYTES = 9000;

export class CuttingProxy {
  #addresses;
  #random;
  #onCut;
  /** @type {Set<ProxiedConnection>} */
  #connections = new Set();
  /** @type {import('node:net').Server[]} */
  #servers = [];
  /** @type {(from: number, to: number) => boolean} */
  #isHeldUp = () => false;
  /** Whether new connections are at risk, too. */
  cutsYoung = false;

  /**
   * @param {readonly string[]} addresses of the nodes, by number
   * @param {Random} random
   * @param {(connection: ProxiedConnection, cut: Cut, bytes: number) => void} onCut
   */
  constructor(addresses, random, onCut) {
    this.#addresses = addresses;
    this.#random = random;
    this.#onCut = onCut;
  }

  /** @param {readonly number[]} nodes */
  async listen(nodes) {
    await Promise.all(nodes.map((node) => this.#listenFor(node)));
  }

  /** Cuts some connection at some byte. False if there is none. */
  cut() {
    const used = [...this.#connections].filter(({ isUsed }) => isUsed);
    if (used.length === 0) return false;
    this.#arm(pick(this.#random, used), 2 ** (this.#random() * MAX_OFFSET_BITS) - 1);
    return true;
  }

  /**
   * Cuts all connections of these nodes at once.
   *
   * @param {readonly number[]} nodes
   */
  cutAllOf(nodes) {
    for (const connection of this.#connections) {
      const isTheirs = nodes.includes(connection.from) || nodes.includes(connection.to);
      if (isTheirs && connection.isUsed) this.#arm(connection, 0);
    }
  }

  /**
   * Lets nothing pass that these nodes say, until their connections are cut.
   *
   * @param {readonly number[]} nodes
   */
  mute(nodes) {
    for (const connection of this.#connections) {
      for (const node of nodes) {
        if (node === connection.from || node === connection.to) connection.mute(node);
      }
    }
  }

  /**
   * Lets nothing pass between those for which it holds, not even an end, until it is called anew.
   *
   * @param {(from: number, to: number) => boolean} isHeldUp
   */
  holdUp(isHeldUp) {
    this.#isHeldUp = isHeldUp;
    for (const connection of this.#connections) {
      if (isHeldUp(connection.from, connection.to)) connection.holdUp();
      else connection.goOn();
    }
  }

  async close() {
    for (const connection of [...this.#connections]) connection.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((done) => server.close(done))));
  }

  /** @param {number} to */
  async #listenFor(to) {
    const host = this.#addresses[to] ?? '';
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const from = this.#addresses.indexOf(socket.remoteAddress ?? '');
      const connection = new ProxiedConnection(
        socket,
        { from, to, address: host },
        {
          isHeldUp: this.#isHeldUp(from, to),
          closed: (closed) => this.#connections.delete(closed),
          cut: this.#onCut,
        },
      );
      this.#connections.add(connection);
      if (this.cutsYoung && this.#random() < YOUNG_SHARE) {
        this.#arm(connection, between(this.#random, 0, YOUNG_BYTES));
      }
    });
    this.#servers.push(server);
    await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(PROXY_TCP_PORT, host, () => resolve(undefined));
    });
  }

  /**
   * @param {ProxiedConnection} connection
   * @param {number} bytes
   */
  #arm(connection, bytes) {
    const random = this.#random;
    const direction = /** @type {Direction} */ (random() < 0.5 ? 'up' : 'down');
    const cut = { dialler: pick(random, ENDINGS), listener: pick(random, ENDINGS) };
    connection.arm(direction, Math.floor(bytes), cut);
    setTimeout(() => connection.fire(), bytes === 0 ? 0 : FIRE_MS);
  }
}
