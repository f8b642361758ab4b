/**
 * Workload: the life of one simulated cluster, from a plan: machines start, programs send, cancel,
 * close and bind while faults happen; then the faults end, everything must come to rest, and all
 * close. It judges nothing: see ledger.ts and rules.ts.
 */

import type { Address, RdsNode } from '../../src/index.js';
import { LONGEST_STALL_MS } from '../../src/testing/faults.js';
import type { Machine, SeededRandom, Simulation } from '../../src/testing/index.js';
import type { Lanes } from './lanes.js';
import { type Incarnation, Ledger } from './ledger.js';
import { LinuxMember } from './linux-member.js';
import type { Cluster, Member } from './member.js';
import { OwnMember } from './own-member.js';
import type { Plan } from './plan.js';

/** How often to look whether all has come to rest. */
const LOOK_EVERY_MS = 500;
/** How often a program does something other than sending. */
const MEDDLE_CHANCE = 0.03;
/** How often a program ends, in plans where they do. */
const LEAVE_CHANCE = 0.02;
/** After the nodes have closed: longer than anything that the network still carries. */
const REST_MS = 120_000;

export class Workload implements Cluster {
  readonly simulation: Simulation;
  readonly lanes: Lanes | null;
  readonly plan: Plan;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  /** The present life of each machine that has one. */
  readonly members = new Map<Machine, Member>();
  /** All that there ever were. */
  readonly kernels: LinuxMember[] = [];
  /** Lives that have lost their address and go on without. */
  readonly #detached: Member[] = [];
  isEnding = false;
  #messagesLeft: number;

  constructor(simulation: Simulation, plan: Plan, lanes: Lanes | null = null) {
    this.lanes = lanes;
    this.simulation = simulation;
    this.plan = plan;
    this.random = simulation.random.fork();
    this.ledger = new Ledger(simulation.clock, !plan.linuxOptions.pingEnable);
    this.#messagesLeft = plan.messages;
  }

  get ownMembers(): OwnMember[] {
    return [...this.members.values()].filter((member) => member instanceof OwnMember);
  }

  get ownMachines(): readonly Machine[] {
    const { linux, nodes } = this.plan;
    return this.simulation.machines.slice(linux.first, nodes - linux.last);
  }

  nodeOf(incarnation: Incarnation): RdsNode | undefined {
    return this.ownMembers.find((member) => member.incarnation === incarnation)?.node;
  }

  async boot(): Promise<void> {
    const { linux, nodes } = this.plan;
    for (let index = 1; index <= nodes; index++) {
      const isLinux = index <= linux.first || index > nodes - linux.last;
      const address = `10.0.${index >> 8}.${index & 255}`;
      await this.simulation.boot(address, async (host, machine) => {
        this.#buried(machine);
        const member = isLinux
          ? await LinuxMember.start(this, machine)
          : await OwnMember.start(this, machine, host);
        this.members.set(machine, member);
        if (member instanceof LinuxMember) this.kernels.push(member);
        if (this.isEnding) member.hurry();
      });
    }
  }

  /** Sends what the plan says while its faults happen. */
  async run(): Promise<void> {
    const { clock, faults } = this.simulation;
    const { plan } = this;
    const { faults: kinds, faultEveryMs: everyMs, faultLastsMs: lastsMs } = plan;
    if (kinds.length > 0) faults.start({ kinds, everyMs, lastsMs });
    this.lanes?.start(plan.faultEveryMs);
    this.#act();
    while (this.#messagesLeft > 0) await clock.advance(LOOK_EVERY_MS);
    faults.stop();
    this.lanes?.stop();
  }

  /** Waits until `atRest`, at most as long as the plan allows. */
  async rest(atRest: () => boolean): Promise<void> {
    const { clock } = this.simulation;
    this.isEnding = true;
    for (const member of this.members.values()) member.hurry();
    const untilMs = clock.now() + LONGEST_STALL_MS + this.plan.drainMs;
    while (clock.now() < untilMs && !atRest()) await clock.advance(LOOK_EVERY_MS);
  }

  /** Closes all nodes, in any order, and lets the last timers run out. */
  async close(): Promise<void> {
    const { clock } = this.simulation;
    const closing = this.#detached.map((member) => member.destroy());
    for (const member of this.random.shuffle([...this.members.values()])) {
      member.incarnation.isLive = false;
      closing.push(member.close());
      if (this.random.chance(0.3)) await clock.advance(this.random.integer(0, 100));
    }
    await clock.until(Promise.all(closing), REST_MS);
    await clock.advance(REST_MS);
  }

  /** A life that ended, or goes on without the address. */
  #buried(machine: Machine): void {
    const member = this.members.get(machine);
    if (member === undefined) return;
    member.incarnation.isLive = false;
    this.members.delete(machine);
    this.#detached.push(member);
  }

  /** The next action, and then the one after it. */
  #act(): void {
    for (const [machine] of this.members) if (!machine.isRunning) this.#buried(machine);
    const member = this.#anyMember();
    if (member !== undefined && member.seats.length > 0) {
      const seat = this.random.pick(member.seats);
      member.send(seat, this.#anyAddress(member), this.#anyLength());
      if (this.random.chance(MEDDLE_CHANCE)) member.meddle(seat, this.#anyAddress(member));
    }
    if (member instanceof OwnMember && this.plan.leaves && this.random.chance(LEAVE_CHANCE)) {
      this.#leave(member);
    }
    if (--this.#messagesLeft <= 0) return;
    const { clock } = this.simulation;
    clock.setTimer(this.random.chance(0.3) ? this.random.within(this.plan.paceMs) : 0, () =>
      this.#act(),
    );
  }

  /** A program ends in good order, and begins anew a while later. */
  #leave(member: OwnMember): void {
    const { machine } = member;
    const { host } = machine;
    this.#buried(machine);
    const awayMs = this.random.within(this.plan.faultLastsMs);
    void member.close().then(() => {
      // Unless a fault was faster.
      if (machine.host !== host || !machine.isRunning) return;
      machine.kill('process');
      this.simulation.clock.setTimer(awayMs, () => void machine.start());
    });
  }

  #anyMember(): Member | undefined {
    const members = [...this.members.values()];
    return members.length > 0 ? this.random.pick(members) : undefined;
  }

  /** Kernels talk to our nodes: what they say to each other is not our business. */
  #anyAddress({ incarnation }: Member): Address {
    const isKernel = incarnation.kind === 'linux';
    const { address } = this.random.pick(isKernel ? this.ownMachines : this.simulation.machines);
    return { address, port: this.random.pick(this.plan.ports) };
  }

  #anyLength(): number {
    const { maxBytes } = this.plan;
    const { random } = this;
    if (random.chance(0.1)) return random.integer(0, 8);
    return random.integer(0, random.chance(0.1) ? maxBytes : Math.ceil(maxBytes / 20));
  }
}
