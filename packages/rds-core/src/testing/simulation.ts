/**
 * Simulation: a world in one object: a clock, chance from a seed, a network, machines and faults.
 * The nodes in it are real; time, network and chance are not, so what happens is a function of the
 * seed, and happens as fast as it can be computed.
 */

import type { RdsNode } from '../node.js';
import { openNode } from '../open-node.js';
import type { NodeOptions } from '../options.js';
import { SimulatedClock } from './clock.js';
import { Faults } from './faults.js';
import { Machine, type Program } from './machine.js';
import { type NetworkOptions, SimulatedNetwork } from './network.js';
import { SeededRandom } from './random.js';
import type { TraceEvent } from './trace.js';

/** What a simulation begins with. */
export interface SimulationOptions {
  /** A non-negative integer. What differs in nothing but the seed differs in all that is chance. */
  readonly seed?: number;
  readonly network?: Partial<Omit<NetworkOptions, 'onEvent'>>;
  /** Hears of everything that happens on the network; see `Trace`. */
  readonly onEvent?: (event: TraceEvent) => void;
}

/** A world in one object: clock, network, machines, faults, and chance from a seed. */
export class Simulation {
  readonly seed: number;
  readonly clock = new SimulatedClock();
  /** For the program under test. The network and the faults have sources of their own. */
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly faults: Faults;
  readonly #machines: Machine[] = [];
  readonly #onEvent: ((event: TraceEvent) => void) | undefined;

  constructor({ seed = 1, network, onEvent }: SimulationOptions = {}) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.#onEvent = onEvent;
    const options = { ...network, onEvent };
    this.network = new SimulatedNetwork(this.clock, this.random.fork(), options);
    const random = this.random.fork();
    const { clock, machines } = this;
    this.faults = new Faults({ clock, network: this.network, random, machines }, (text) =>
      this.note('fault', text),
    );
  }

  get machines(): readonly Machine[] {
    return this.#machines;
  }

  /** A machine that runs `program` now, and again whenever it is started after a crash. */
  async boot(address: string, program: Program): Promise<Machine> {
    const machine = new Machine(this.network, address, program);
    this.#machines.push(machine);
    await machine.start();
    return machine;
  }

  /** A node in a process of its own. One that shall come back after a crash is for `boot`. */
  async openNode(options: NodeOptions): Promise<RdsNode> {
    let node: RdsNode | undefined;
    await this.boot(options.address, async (host) => {
      node = await openNode(options, host);
    });
    return node as RdsNode;
  }

  /** Writes a line into the trace, if there is one. */
  note(kind: 'fault' | 'note', text: string): void {
    this.#onEvent?.({ kind, atMs: this.clock.now(), text });
  }
}

/** A new world. The same seed and the same program give the same events, to the last byte. */
export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new Simulation(options);
}
