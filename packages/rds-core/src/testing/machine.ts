/**
 * Machine: an address in the simulation, and the program that runs there each time it starts. What
 * a process knows dies with it; the machine starts its program anew, on a host of its own.
 */

import type { SimulatedHost } from './host.js';
import type { SimulatedNetwork } from './network.js';

/** Starts a process: opens its node, binds its sockets. Called again after each restart. */
export type Program = (host: SimulatedHost, machine: Machine) => unknown;

/** An address, and the program that runs there each time it starts. */
export class Machine {
  readonly address: string;
  /** The present process, or the last one. */
  host: SimulatedHost;
  isRunning = false;
  readonly #network: SimulatedNetwork;
  readonly #program: Program;

  constructor(network: SimulatedNetwork, address: string, program: Program) {
    this.address = address;
    this.#network = network;
    this.#program = program;
    this.host = network.runtime();
  }

  /**
   * A new process, unless one runs. Resolves when the program has done what it does at once, and
   * rejects with what it throws.
   */
  async start(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    // The wall clock is the machine's: a process that comes later finds it as it was set.
    const { wallClockStartUs } = this.host;
    this.host = this.#network.runtime({ wallClockStartUs });
    try {
      await this.#program(this.host, this);
    } catch (error) {
      this.isRunning = false;
      throw error;
    }
  }

  /** The process dies, and only it; or all of the machine. See SimulatedNetwork.kill. */
  kill(how: 'process' | 'machine' = 'process'): void {
    this.isRunning = false;
    this.#network.kill(this.host, how);
  }

  /** The process loses its address and goes on; `start` begins another that has it. */
  detach(): void {
    this.isRunning = false;
    this.#network.detach(this.host);
  }
}
