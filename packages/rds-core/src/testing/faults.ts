/**
 * Faults: everything that can go wrong in a simulation, by name, and the hand that lets it happen
 * at random. To add a kind, add one entry to FAULTS: it does its harm, and says how to end it
 * if it lasts. The means are in the network's parts: Link, SimulatedConnection, SimulatedHost.
 */

import { RDS_TCP_PORT } from '../address.js';
import type { Timer } from '../runtime.js';
import type { SimulatedClock } from './clock.js';
import type { DialRule } from './link.js';
import type { Machine } from './machine.js';
import type { SimulatedNetwork } from './network.js';
import type { Range, SeededRandom } from './random.js';

/** What a fault may use: the world, two of its machines, and a source of chance. */
export interface FaultScene {
  readonly clock: SimulatedClock;
  readonly network: SimulatedNetwork;
  readonly random: SeededRandom;
  readonly machines: readonly Machine[];
  readonly a: Machine;
  readonly b: Machine;
  /** Takes how to end a fault that lasts. */
  lasts(undo: () => void): void;
}

type Undo = () => void;
/** What of a scene is always the same. */
type World = Pick<FaultScene, 'clock' | 'network' | 'random' | 'machines'>;
type Fault = (scene: FaultScene) => void;

const DAY_MS = 86_400_000;
/** `stop` does not end a stall. */
export const LONGEST_STALL_MS = 20_000;
/** Machines that one swizzle takes off the network, at most: each is cut off from all others. */
const SWIZZLED = 5;

/** Every kind of fault, by name. */
export const FAULTS = {
  /** All connections between two addresses break; each side learns of it at its own time. */
  cut({ network, a, b }) {
    network.cut(a.address, b.address);
  },
  /** The same, and one side never learns. */
  halfOpen({ network, a, b }) {
    network.cut(a.address, b.address, { unaware: [a.address] });
  },
  /** One side reads an end that the other never wrote. */
  forgedEnd({ network, a, b }) {
    for (const connection of network.connections(a.address, b.address)) {
      connection.forgeEnd(a.address);
    }
  },
  partition({ network, a, b, lasts }) {
    network.partition(a.address, b.address);
    lasts(() => network.heal(a.address, b.address));
  },
  oneWay({ network, a, b, lasts }) {
    network.partition(a.address, b.address, 'one-way');
    lasts(() => network.heal(a.address, b.address));
  },
  /** Some machines lose the network one by one, and get it back in another order. */
  swizzle({ clock, network, random, machines, lasts }) {
    const some = random.shuffle(machines).slice(0, random.integer(1, SWIZZLED));
    const timers: Timer[] = [];
    const apart = (task: (machine: Machine) => void, order: readonly Machine[]): void => {
      let delayMs = 0;
      for (const machine of order) {
        timers.push(clock.setTimer(delayMs, () => task(machine)));
        delayMs += random.integer(0, 200);
      }
    };
    const others = ({ address }: Machine): string[] =>
      machines.map((other) => other.address).filter((other) => other !== address);
    apart((machine) => others(machine).map((to) => network.partition(machine.address, to)), some);
    lasts(() => {
      for (const timer of timers.splice(0)) timer.cancel();
      apart(
        (machine) => others(machine).map((to) => network.heal(machine.address, to)),
        [...random.shuffle(some)],
      );
    });
  },
  /** What is sent takes long, and longer at times. */
  slowLink({ network, random, a, b, lasts }) {
    const link = network.link(a.address, b.address);
    const { latencyMs } = link;
    link.latencyMs = { min: latencyMs.max, max: latencyMs.max + random.integer(1, 800) };
    lasts(() => link.restore());
  },
  thinLink({ network, random, a, b, lasts }) {
    const link = network.link(a.address, b.address);
    link.bytesPerMs = random.integer(50, 2000);
    lasts(() => link.restore());
  },
  refusedDials: (scene) => dialRule(scene, 'refuse'),
  hangingDials: (scene) => dialRule(scene, 'hang'),
  failingDials: (scene) => dialRule(scene, 'exhausted'),
  /** An event loop that computes, swaps or collects garbage. */
  stall({ random, a }) {
    a.host.stall(random.integer(1, random.pick([50, 2000, LONGEST_STALL_MS])));
  },
  clockJump({ random, a }) {
    a.host.jumpWallClock(random.integer(-DAY_MS, DAY_MS));
  },
  /** A second connection in the name of `a`, on which nothing is said. */
  duplicate({ network, random, a, b, lasts }) {
    const local = { address: a.address, tcpPort: 0 };
    const tcpPort = random.pick([...network.portsOf(b.address), RDS_TCP_PORT]);
    const remote = { address: b.address, tcpPort };
    const stream = network.runtime().transport.connect(local, remote);
    const leave = random.chance(0.5) ? () => stream.destroy() : () => {};
    stream.handler = { opened: leave, received() {}, ended: () => stream.destroy(), closed() {} };
    lasts(() => stream.destroy());
  },
  /** `kill -9`, and a new process later. */
  restart({ a, lasts }) {
    a.kill('process');
    lasts(() => void a.start());
  },
  /** The machine is gone at once, and nobody is told. */
  reboot({ a, lasts }) {
    a.kill('machine');
    lasts(() => void a.start());
  },
  /** The address moves: the process that had it goes on without it, and another gets it. */
  takeover({ a, lasts }) {
    a.detach();
    lasts(() => void a.start());
  },
} satisfies Record<string, Fault>;

/** The name of a fault. */
export type FaultKind = keyof typeof FAULTS;

/** Which faults happen at random, how often, and for how long. */
export interface ChaosOptions {
  /** What may happen; all by default. */
  readonly kinds?: readonly FaultKind[];
  /** From one fault to the next. Default 10 to 1,000. */
  readonly everyMs?: Range;
  /** How long faults last that last. Default 1 to 5,000. */
  readonly lastsMs?: Range;
}

const ALL_KINDS = Object.keys(FAULTS) as FaultKind[];

/** Lets faults happen: one at a time, or at random. */
export class Faults {
  readonly #scene: World;
  readonly #told: (text: string) => void;
  readonly #lasting = new Map<Undo, Timer>();
  #next: Timer | undefined;
  /** How often each kind was let happen. */
  readonly counts = new Map<FaultKind, number>();

  constructor(scene: World, told: (text: string) => void) {
    this.#scene = scene;
    this.#told = told;
  }

  /** Lets one fault happen, to two machines at random. It ends within `lastsMs`, if it lasts. */
  inject(kind: FaultKind, lastsMs: Range = { min: 1, max: 5000 }): void {
    const { clock, random, machines } = this.#scene;
    if (machines.length < 2) throw new Error('a fault concerns two machines: boot them first');
    const running = random.shuffle(machines.filter(({ isRunning }) => isRunning));
    const [a, b] = running;
    if (a === undefined || b === undefined) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#told(`${kind} ${a.address} ${b.address}`);
    const lasts = (undo: Undo): void => {
      const end = (): void => {
        this.#lasting.delete(end);
        this.#told(`end of ${kind} ${a.address} ${b.address}`);
        undo();
      };
      this.#lasting.set(end, clock.setTimer(random.within(lastsMs), end));
    };
    (FAULTS[kind] as Fault)({ ...this.#scene, a, b, lasts });
  }

  /** Lets faults happen, one after the other, until `stop`. */
  start(options: ChaosOptions = {}): void {
    const { kinds = ALL_KINDS, everyMs = { min: 10, max: 1000 }, lastsMs } = options;
    const { clock, random } = this.#scene;
    const next = (): void => {
      this.#next = clock.setTimer(random.within(everyMs), () => {
        this.inject(random.pick(kinds), lastsMs);
        next();
      });
    };
    this.#next?.cancel();
    next();
  }

  /** No more faults, and those that last end now. */
  stop(): void {
    this.#next?.cancel();
    for (const [end, timer] of [...this.#lasting]) {
      timer.cancel();
      end();
    }
  }
}

function dialRule({ network, a, b, lasts }: FaultScene, rule: DialRule): void {
  const link = network.link(a.address, b.address);
  link.dialRule = rule;
  lasts(() => link.restore());
}
