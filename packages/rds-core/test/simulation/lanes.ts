/**
 * Lanes: what a run with several paths has besides its plan: how many each node is given, and a
 * fault of its own: one TCP connection breaks, and those beside it go on.
 */

import type { Timer } from '../../src/index.js';
import type { Range, SeededRandom, Simulation } from '../../src/testing/index.js';

export class Lanes {
  readonly #simulation: Simulation;
  readonly #random: SeededRandom;
  readonly #max: number;
  readonly #generations = new Map<string, 6.1 | 2026>();
  #next: Timer | undefined;

  constructor(simulation: Simulation, random: SeededRandom, max: number) {
    this.#simulation = simulation;
    this.#random = random;
    this.#max = max;
  }

  /** Most often as many as may be; a node that starts anew may have another number. */
  drawCount(): number {
    return this.#random.chance(0.6) ? this.#max : this.#random.integer(1, this.#max);
  }

  /** Each kernel is of one age for as long as the machine lives. */
  generationOf(address: string): 6.1 | 2026 {
    const known = this.#generations.get(address) ?? (this.#random.chance(0.5) ? 2026 : 6.1);
    this.#generations.set(address, known);
    return known;
  }

  /** Lets single connections break, one after the other, until `stop`. */
  start(everyMs: Range): void {
    const { clock, network } = this.#simulation;
    this.#next = clock.setTimer(this.#random.within(everyMs) * 2, () => {
      const connections = network.connections();
      if (connections.length > 0) this.#random.pick(connections).cut();
      this.start(everyMs);
    });
  }

  stop(): void {
    this.#next?.cancel();
  }
}
