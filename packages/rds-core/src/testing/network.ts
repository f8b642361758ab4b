/**
 * SimulatedNetwork: the operating systems and cables between simulated hosts: who listens where,
 * which TCP connections live, and the faults that concern whole addresses.
 *
 * A fault of a kind of its own goes where it happens: between two addresses into `Link`, to one
 * connection into `SimulatedConnection`, to one process into `SimulatedHost`. This class selects.
 */

import type { Listener, Stream, TcpAddress, Transport } from '../runtime.js';
import { MAX_PATHS } from '../wire/extension.js';
import type { SimulatedClock } from './clock.js';
import { type Acceptor, type CutFault, SimulatedConnection } from './connection.js';
import { errno } from './errno.js';
import { type HostOptions, SimulatedHost } from './host.js';
import { Link, type LinkOptions } from './link.js';
import type { Range, SeededRandom } from './random.js';
import type { StreamOptions } from './stream.js';
import type { TraceEvent } from './trace.js';

/** Latency and bandwidth are those of links that were given no other. */
export interface NetworkOptions extends StreamOptions, LinkOptions {
  /** When an end learns that its connection was cut. */
  readonly cutNoticeMs: Range;
  /** Hears of everything that happens. It must not change anything. */
  readonly onEvent?: ((event: TraceEvent) => void) | undefined;
}

const DEFAULTS: NetworkOptions = {
  latencyMs: { min: 0.1, max: 1 },
  bytesPerMs: Infinity,
  cutNoticeMs: { min: 0, max: 50 },
  windowBytes: 256 * 1024,
  // Node reads at most this much at once.
  maxChunkBytes: 64 * 1024,
  splitChance: 0.25,
  mergeChance: 0.5,
  poison: false,
};

/** The ports from which an operating system takes one when asked for any. */
const FREE_PORTS: Range = { min: 49_152, max: 65_535 };

/** The network between simulated processes, and the faults of whole addresses. */
export class SimulatedNetwork {
  readonly #clock: SimulatedClock;
  readonly #random: SeededRandom;
  readonly #options: NetworkOptions;
  readonly #acceptors = new Map<string, Acceptor>();
  readonly #links = new Map<string, Link>();
  readonly #connections = new Set<SimulatedConnection>();
  #dials = 0;
  #lastDialPort = FREE_PORTS.min;

  constructor(clock: SimulatedClock, random: SeededRandom, options: Partial<NetworkOptions> = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#options = { ...DEFAULTS, ...options };
  }

  /** A new process on this network. It may use any addresses. */
  runtime(options: HostOptions = {}): SimulatedHost {
    return new SimulatedHost(this.#clock, this.#random.fork(), options, (host) =>
      this.#transport(host),
    );
  }

  /** How often somebody dialled, with whatever outcome. */
  get dials(): number {
    return this.#dials;
  }

  /**
   * The TCP connections that live, in the order in which they opened: all, or those between two
   * addresses, whoever dialled. One that was cut, or that either side has closed, is not listed.
   */
  connections(a?: string, b?: string): SimulatedConnection[] {
    const all = [...this.#connections];
    if (a === undefined || b === undefined) return all;
    return all.filter(({ from, to }) => (from === a && to === b) || (from === b && to === a));
  }

  /** The TCP ports on which somebody listens at `address`. */
  portsOf(address: string): number[] {
    const keys = [...this.#acceptors.keys()].filter((key) => key.startsWith(`${address}:`));
    return keys.map((key) => Number(key.slice(address.length + 1)));
  }

  /** The way from one address to another, to change its latency or what becomes of dials. */
  link(from: string, to: string): Link {
    const key = `${from} ${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(this.#random, this.#options);
      this.#links.set(key, link);
    }
    return link;
  }

  /** Fault: breaks all connections between two addresses. For one of them, see its `cut`. */
  cut(a: string, b: string, fault: CutFault = {}): void {
    for (const connection of this.connections(a, b)) connection.cut(fault);
  }

  /** Fault: nothing passes between the two, or nothing from `a` to `b`, until `heal`. */
  partition(a: string, b: string, direction: 'both' | 'one-way' = 'both'): void {
    this.link(a, b).block();
    if (direction === 'both') this.link(b, a).block();
  }

  /** Ends a partition in both directions. What was held arrives after the latency. */
  heal(a: string, b: string): void {
    this.link(a, b).heal();
    this.link(b, a).heal();
  }

  /**
   * Fault: the process dies. Its system closes its connections, as after `kill -9`; or the whole
   * machine is gone at once, and those at the other end are not told.
   */
  kill(host: SimulatedHost, how: 'process' | 'machine' = 'process'): void {
    host.die();
    this.#leave(host, how === 'process');
  }

  /** Fault: the process loses its addresses, and lives on. Another may take them over. */
  detach(host: SimulatedHost): void {
    host.goOffline();
    this.#leave(host, false);
  }

  #leave(host: SimulatedHost, isTold: boolean): void {
    for (const [key, acceptor] of this.#acceptors) {
      if (acceptor.host !== host) continue;
      acceptor.isListening = false;
      this.#acceptors.delete(key);
    }
    for (const connection of this.connections().filter((each) => each.isOf(host))) {
      if (isTold) connection.abandonedBy(host);
      else connection.cut({ unaware: [connection.from, connection.to] });
    }
  }

  #transport(host: SimulatedHost): Transport {
    return {
      // The promise settles without the clock, so that a test can set itself up without driving it.
      // That of a process which is gone never does.
      listen: (local, onStream) =>
        new Promise((resolve) => {
          if (host.isOnline) resolve(this.#listen(host, local, onStream));
        }),
      connect: (local, remote, lane) => this.#connect(host, local, remote, lane),
    };
  }

  #listen(host: SimulatedHost, local: TcpAddress, onStream: (stream: Stream) => void): Listener {
    const tcpPort = local.tcpPort === 0 ? this.#freePort(local.address) : local.tcpPort;
    const key = keyOf({ address: local.address, tcpPort });
    if (this.#acceptors.has(key)) throw errno('EADDRINUSE', `listen ${key}`);
    const acceptor = { host, isListening: true, onStream };
    this.#acceptors.set(key, acceptor);
    const close = async (): Promise<void> => {
      if (!acceptor.isListening) return;
      acceptor.isListening = false;
      this.#acceptors.delete(key);
    };
    return { tcpPort, close };
  }

  #connect(host: SimulatedHost, local: TcpAddress, remote: TcpAddress, lane?: number): Stream {
    this.#dials++;
    const from = { address: local.address, tcpPort: this.#dialPort(lane) };
    const context = {
      number: this.#dials,
      clock: this.#clock,
      random: this.#random,
      options: this.#options,
      links: {
        to: this.link(local.address, remote.address),
        back: this.link(remote.address, local.address),
      },
      acceptorAt: (address: TcpAddress) => this.#acceptors.get(keyOf(address)),
      onOpened: (connection: SimulatedConnection) => this.#connections.add(connection),
      onClosed: (connection: SimulatedConnection) => this.#connections.delete(connection),
    };
    return new SimulatedConnection(context, host, from, remote).dialled;
  }

  /** One after the other, as if no other connection had them. */
  #dialPort(lane: number | undefined): number {
    const { min, max } = FREE_PORTS;
    do {
      this.#lastDialPort = this.#lastDialPort < max ? this.#lastDialPort + 1 : min;
    } while (lane !== undefined && this.#lastDialPort % MAX_PATHS !== lane);
    return this.#lastDialPort;
  }

  #freePort(address: string): number {
    for (let tcpPort = FREE_PORTS.min; tcpPort <= FREE_PORTS.max; tcpPort++) {
      if (!this.#acceptors.has(keyOf({ address, tcpPort }))) return tcpPort;
    }
    throw errno('EADDRINUSE', `no free port on ${address}`);
  }
}

function keyOf({ address, tcpPort }: TcpAddress): string {
  return `${address}:${tcpPort}`;
}
