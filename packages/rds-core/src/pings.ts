/**
 * Pings: the RDS pings of a program that wait for their pongs. They outlive connections: a ping
 * that is lost with one is sent again on the next.
 */

import { RdsError } from './errors.js';
import { Pending, type WaitOptions } from './pending.js';
import type { Clock } from './runtime.js';

interface Ping {
  readonly sentAtMs: number;
  readonly pending: Pending<number>;
}

export class Pings {
  readonly #clock: Clock;
  readonly #address: string;
  readonly #pings = new Map<number, Ping>();

  constructor(clock: Clock, address: string) {
    this.#clock = clock;
    this.#address = address;
  }

  get isEmpty(): boolean {
    return this.#pings.size === 0;
  }

  /** Those that wait, by the port to which their pongs go. */
  tags(): IterableIterator<number> {
    return this.#pings.keys();
  }

  /** The round trip in milliseconds. `send` is called unless it was given up already. */
  wait(tag: number, options: WaitOptions, send: () => void): Promise<number> {
    const details = { syscall: 'ping', address: this.#address };
    const gaveUp = () => this.#pings.delete(tag);
    const pending = new Pending<number>(this.#clock, options, details, gaveUp);
    if (!pending.isSettled) {
      this.#pings.set(tag, { sentAtMs: this.#clock.now(), pending });
      send();
    }
    return pending.promise;
  }

  ponged(tag: number): void {
    const ping = this.#pings.get(tag);
    if (ping === undefined) return;
    this.#pings.delete(tag);
    ping.pending.resolve(this.#clock.now() - ping.sentAtMs);
  }

  /** The node is closed. */
  close(): void {
    for (const { pending } of this.#pings.values()) {
      pending.reject(new RdsError('EBADF', 'the node was closed', { syscall: 'ping' }));
    }
    this.#pings.clear();
  }
}
