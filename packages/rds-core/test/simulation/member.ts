/**
 * Member: the program that runs on a machine of a simulated cluster, one object per life. What it
 * sends to whom, and when, is the workload's business; how, is its own.
 */

import type { Address, RdsNode } from '../../src/index.js';
import type { Machine, SeededRandom, Simulation } from '../../src/testing/index.js';
import type { Lanes } from './lanes.js';
import type { Endpoint, Incarnation, Ledger } from './ledger.js';
import type { Plan } from './plan.js';

/** A socket of a member. */
export interface Seat {
  readonly endpoint: Endpoint;
}

export interface Member {
  readonly incarnation: Incarnation;
  readonly seats: readonly Seat[];
  send(seat: Seat, to: Address, length: number): void;
  /** Does something other than sending. */
  meddle(seat: Seat, to: Address): void;
  /** The faults are over: who reads slowly makes haste. */
  hurry(): void;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** What all members of a cluster have in common. */
export interface Cluster {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly plan: Plan;
  /** If nodes may have more than one path. */
  readonly lanes: Lanes | null;
  readonly isEnding: boolean;
  /** Those that are no kernels. */
  readonly ownMachines: readonly Machine[];
  /** The node of a life that goes on; undefined if it is over, or a kernel's. */
  nodeOf(incarnation: Incarnation): RdsNode | undefined;
}
