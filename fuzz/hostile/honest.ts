/**
 * Honest: nodes that talk to the victim and are talked to while it is under attack. Every message
 * has to arrive, once and in order.
 */

import {
  openNode,
  RdsError,
  type RdsNode,
  type RdsSocket,
} from '../../packages/rds-core/src/index.js';
import type {
  SimulatedClock,
  SimulatedNetwork,
} from '../../packages/rds-core/src/testing/index.js';
import { check } from '../target.js';
import { MAX_MESSAGE_BYTES, VICTIM, type Victim } from './victim.js';

/** One that calls the victim, and one that is called by it. */
export const HONEST = ['10.0.0.2', '10.0.0.6'] as const;
const PORT = 5000;
const LIMIT_MS = 60_000;

/** From one node to another. */
class Traffic {
  readonly #from: RdsSocket;
  readonly #to: string;
  #sent = 0;
  #received = 0;

  constructor(from: RdsSocket, to: RdsSocket) {
    this.#from = from;
    this.#to = to.address;
    to.on('message', ({ data, from: sender }) => {
      if (sender.address !== from.address || sender.port !== PORT || sender.tcpPort) return;
      const text = new TextDecoder().decode(data);
      // One who speaks from an honest node's address is a part of it.
      if (!this.isWaived) check(text === `${this.#received}`, `${text}, not ${this.#received}`);
      this.#received++;
    });
  }

  isWaived = false;

  get isComplete(): boolean {
    return this.isWaived || this.#received === this.#sent;
  }

  send(): void {
    try {
      const to = { address: this.#to, port: PORT };
      this.#from.trySendmsg(`${this.#sent}`, to);
      this.#sent++;
    } catch (error) {
      // The victim may have said that it is congested.
      if (!(error instanceof RdsError)) throw error;
    }
  }

  get progress(): string {
    return `${this.#received} of ${this.#sent} messages arrived at ${this.#to}`;
  }
}

export class Honest {
  readonly #clock: SimulatedClock;
  readonly #nodes: RdsNode[] = [];
  readonly #traffic = new Map<string, Traffic[]>();

  private constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  /** Opens the nodes, and has them connected. */
  static async open(
    clock: SimulatedClock,
    network: SimulatedNetwork,
    victim: Victim,
  ): Promise<Honest> {
    const honest = new Honest(clock);
    for (const address of HONEST) {
      const options = { address, maxMessageBytes: MAX_MESSAGE_BYTES, livenessMs: 2000 };
      const node = await openNode(options, network.runtime());
      const socket = node.bind(PORT);
      honest.#nodes.push(node);
      const { inbox } = victim;
      honest.#traffic.set(address, [new Traffic(socket, inbox), new Traffic(inbox, socket)]);
    }
    honest.send();
    await honest.arrive();
    return honest;
  }

  /** Nothing is promised to a node from whose address somebody else calls. */
  waive(address: string): void {
    for (const traffic of this.#traffic.get(address) ?? []) traffic.isWaived = true;
  }

  send(): void {
    for (const traffic of this.#all()) traffic.send();
  }

  async arrive(): Promise<void> {
    const all = this.#all();
    try {
      await this.#clock.runUntil(() => all.every(({ isComplete }) => isComplete), LIMIT_MS);
    } catch {
      const late = all.find(({ isComplete }) => !isComplete);
      throw new Error(`${VICTIM} is not well: ${late?.progress}`);
    }
  }

  async destroy(): Promise<void> {
    for (const node of this.#nodes) await node.destroy();
  }

  #all(): Traffic[] {
    return [...this.#traffic.values()].flat();
  }
}
