/**
 * PortTable: which socket has which port of a node. Mirrors net/rds/bind.c, whose table is one for
 * the whole machine; ours belongs to the node.
 */

import { FIRST_PORT, LAST_PORT } from './address.js';
import type { RdsSocket } from './socket.js';

/** Ports given to those who do not ask for one; the lower ones are left to those who do. */
const FIRST_FREE_PORT = 32768;

export class PortTable {
  readonly #sockets = new Map<number, RdsSocket>();
  /** Asked for last: most messages come for the socket that the one before came for. */
  #last: RdsSocket | undefined;
  /** Where the last search for a port without a socket ended. */
  #cursor: number;

  /** @param random in [0, 1): what `next` gives shall not be what it gave the last process. */
  constructor(random: number) {
    this.#cursor = FIRST_PORT + Math.floor(random * (LAST_PORT - FIRST_PORT + 1));
  }

  get(port: number): RdsSocket | undefined {
    if (this.#last?.port !== port) this.#last = this.#sockets.get(port);
    return this.#last;
  }

  has(port: number): boolean {
    return this.#sockets.has(port);
  }

  add(socket: RdsSocket): void {
    this.#sockets.set(socket.port, socket);
  }

  remove(socket: RdsSocket): void {
    if (this.#last === socket) this.#last = undefined;
    if (this.#sockets.get(socket.port) === socket) this.#sockets.delete(socket.port);
  }

  [Symbol.iterator](): IterableIterator<RdsSocket> {
    return this.#sockets.values();
  }

  /** A free port, beginning the search at a random place; null if all are taken. */
  random(random: number): number | null {
    const range = LAST_PORT - FIRST_FREE_PORT + 1;
    const start = FIRST_FREE_PORT + Math.floor(random * range);
    return this.#search(start - 1, FIRST_FREE_PORT) ?? this.#search(LAST_PORT, FIRST_PORT);
  }

  /** A port that no socket has, another one each time for as long as possible. */
  next(): number {
    this.#cursor = this.#search(this.#cursor, FIRST_PORT) ?? LAST_PORT;
    return this.#cursor;
  }

  /** The first free port after `after`, going round to `first`. */
  #search(after: number, first: number): number | null {
    const range = LAST_PORT - first + 1;
    for (let step = 1; step <= range; step++) {
      const port = first + ((after - first + step) % range);
      if (!this.#sockets.has(port)) return port;
    }
    return null;
  }
}
