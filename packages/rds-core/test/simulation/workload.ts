/**
 * Workload: the life of one simulated cluster, from a plan: machines start, programs send, cancel,
 * close and bind while faults happen; then the faults end, everything must come to rest, and all
 * close. It judges nothing: see ledger.ts and rules.ts.
 */

import type { Address, SendOptions } from '../../src/index.js';
import type { Machine, SeededRandom, Simulation } from '../../src/testing/index.js';
import { Ledger } from './ledger.js';
import { type Cluster, Member, type Seat } from './member.js';
import type { Plan } from './plan.js';

/** How often to look whether all has come to rest. */
const LOOK_EVERY_MS = 500;
/** After the nodes have closed: longer than anything that the network still carries. */
const REST_MS = 120_000;
const TIMEOUTS_MS = [0, 10, 500, 20_000];

export class Workload implements Cluster {
  readonly simulation: Simulation;
  readonly plan: Plan;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  /** The present life of each machine that has one. */
  readonly members = new Map<Machine, Member>();
  /** Lives that have lost their address and go on without. */
  readonly #detached: Member[] = [];
  isEnding = false;
  #messagesLeft: number;

  constructor(simulation: Simulation, plan: Plan) {
    this.simulation = simulation;
    this.plan = plan;
    this.random = simulation.random.fork();
    this.ledger = new Ledger(simulation.clock);
    this.#messagesLeft = plan.messages;
  }

  async boot(): Promise<void> {
    const { nodes } = this.plan;
    for (let index = 1; index <= nodes; index++) {
      const address = `10.0.${index >> 8}.${index & 255}`;
      await this.simulation.boot(address, async (host, machine) => {
        this.#buried(machine);
        this.members.set(machine, await Member.start(this, machine, host));
      });
    }
  }

  /** Sends what the plan says while its faults happen. */
  async run(): Promise<void> {
    const { clock, faults } = this.simulation;
    const { plan } = this;
    const { faults: kinds, faultEveryMs: everyMs, faultLastsMs: lastsMs } = plan;
    if (kinds.length > 0) faults.start({ kinds, everyMs, lastsMs });
    this.#act();
    while (this.#messagesLeft > 0) await clock.advance(LOOK_EVERY_MS);
    faults.stop();
  }

  /** Waits until `atRest`, at most as long as the plan allows. */
  async rest(atRest: () => boolean): Promise<void> {
    const { clock } = this.simulation;
    this.isEnding = true;
    for (const member of this.members.values()) member.hurry();
    const untilMs = clock.now() + this.plan.drainMs;
    while (clock.now() < untilMs && !atRest()) await clock.advance(LOOK_EVERY_MS);
  }

  /** Closes all nodes, in any order, and lets the last timers run out. */
  async close(): Promise<void> {
    const { clock } = this.simulation;
    const closing: Promise<unknown>[] = this.#detached.map(({ node }) => node.destroy());
    for (const { incarnation, node } of this.random.shuffle([...this.members.values()])) {
      incarnation.isLive = false;
      closing.push(node.close({ deadlineMs: this.random.pick([0, 1000]) }));
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
    this.#send();
    if (this.random.chance(0.03)) this.#meddle();
    if (--this.#messagesLeft <= 0) return;
    const { clock } = this.simulation;
    clock.setTimer(this.random.chance(0.3) ? this.random.within(this.plan.paceMs) : 0, () =>
      this.#act(),
    );
  }

  #send(): void {
    const member = this.#anyMember();
    const seat = member && this.#anySeat(member);
    if (member === undefined || seat === undefined) return;
    member.send(seat, this.#anyAddress(), this.#anyLength(), this.#anyOptions());
  }

  /** What programs do besides sending. */
  #meddle(): void {
    const { random } = this;
    const member = this.#anyMember();
    const seat = member && this.#anySeat(member);
    if (member === undefined || seat === undefined) return;
    const to = this.#anyAddress();
    const what = random.pick(['cancel', 'close', 'reset', 'ping', 'flush'] as const);
    if (what === 'cancel') member.cancel(seat, random.chance(0.5) ? to : undefined);
    if (what === 'close') {
      void member.close(seat);
      if (random.chance(0.8)) member.bind(seat.endpoint.port);
    }
    if (what === 'reset') {
      const known = member.node.info().connections;
      if (known.length > 0) member.node.resetConnection(random.pick(known));
    }
    if (what === 'ping') void member.node.ping(to).catch(() => {});
    if (what === 'flush') void seat.socket.flush(undefined, { timeoutMs: 1000 }).catch(() => {});
  }

  #anyMember(): Member | undefined {
    const members = [...this.members.values()];
    return members.length > 0 ? this.random.pick(members) : undefined;
  }

  #anySeat({ seats }: Member): Seat | undefined {
    return seats.length > 0 ? this.random.pick(seats) : undefined;
  }

  #anyAddress(): Address {
    const { machines } = this.simulation;
    return { address: this.random.pick(machines).address, port: this.random.pick(this.plan.ports) };
  }

  #anyLength(): number {
    const { maxBytes } = this.plan;
    const { random } = this;
    if (random.chance(0.1)) return random.integer(0, 8);
    return random.integer(0, random.chance(0.1) ? maxBytes : Math.ceil(maxBytes / 20));
  }

  #anyOptions(): SendOptions | 'try' | undefined {
    const { random } = this;
    const kind = random.integer(0, 9);
    if (kind < 3) return undefined;
    if (kind === 3) return 'try';
    const until = random.pick(['queued', 'delivered', 'delivered'] as const);
    if (kind === 4) return { until, dontWait: true };
    if (kind === 5) return { until, timeoutMs: random.pick(TIMEOUTS_MS) };
    if (kind !== 6) return { until };
    const controller = new AbortController();
    this.simulation.clock.setTimer(random.pick(TIMEOUTS_MS), () => controller.abort());
    return { until, signal: controller.signal };
  }
}
