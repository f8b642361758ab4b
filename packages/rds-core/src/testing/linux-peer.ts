/**
 * LinuxPeer: a Linux 6.1 host with rds_tcp in the simulated world, down to what it does wrong. It
 * keeps a list of what it was sent and a real kernel would have stumbled over. Mirrors net/rds:
 * af_rds.c, bind.c and cong.c here; `LinuxConnection`, `LinuxPath` and `LinuxSocket` have the rest.
 */

import { type IpAddress, RDS_TCP_PORT, unicastIp } from '../address.js';
import type { SimulatedHost } from './host.js';
import { LinuxConnection } from './linux-connection.js';
import type { LinuxConnectionOwner, LinuxFate } from './linux-path.js';
import { LinuxSocket, type LinuxSocketOptions, type LinuxSocketOwner } from './linux-socket.js';
import type { SimulatedNetwork } from './network.js';
import type { SeededRandom } from './random.js';
import type { SimulatedStream } from './stream.js';

/** What kind of kernel it is. */
export interface LinuxPeerOptions {
  readonly address: string;
  /** How many connections it announces. Default 8, as 6.1 does. Our nodes say 1, so it uses one. */
  readonly paths?: 1 | 8;
  /**
   * 6.1, or 2026: from then on a kernel says its generation and SPORT_IDX too, tells paths apart by
   * TCP ports, and uses as many as both sides have. Default 6.1.
   */
  readonly generation?: 6.1 | 2026;
  /** The sysctl net.rds.ping_enable: without it no pong ever comes. Default true. */
  readonly pingEnable?: boolean;
  /** Ticks per second: pings and pongs wait for the next. Default 100. */
  readonly hz?: number;
  /** When TCP notices a lost end. Default 30,000; 5,500 to over 60,000 were seen. */
  readonly keepaliveMs?: number;
}

const DEFAULTS = {
  paths: 8,
  generation: 6.1,
  pingEnable: true,
  hz: 100,
  keepaliveMs: 30_000,
} as const;
const LAST_PORT = 65_535;

/** A Linux host with rds_tcp in the simulated world. */
export class LinuxPeer implements LinuxConnectionOwner, LinuxSocketOwner {
  readonly options: Required<LinuxPeerOptions>;
  readonly ip: IpAddress;
  /** What a real kernel would have stumbled over, with time and sender. Empty if all is well. */
  readonly violations: string[] = [];
  readonly stats = { recvDropNoSock: 0, recvDropOldSeq: 0 };
  readonly congestion = new Uint8Array(8192);
  host: SimulatedHost;
  ownGeneration: number;
  /** What becomes of each message that was sent with a token. */
  onFate: ((token: unknown, fate: LinuxFate) => void) | undefined;
  readonly #network: SimulatedNetwork;
  readonly #random: SeededRandom;
  readonly #connections = new Map<string, LinuxConnection>();
  readonly #sockets = new Map<number, LinuxSocket>();

  constructor(network: SimulatedNetwork, random: SeededRandom, options: LinuxPeerOptions) {
    this.#network = network;
    this.#random = random;
    this.options = { ...DEFAULTS, ...options };
    this.ip = unicastIp(options.address, 'LinuxPeer');
    this.host = network.runtime({ canStall: false });
    this.ownGeneration = this.#anyGeneration();
  }

  async start(): Promise<void> {
    await this.host.transport.listen({ address: this.ip.text, tcpPort: RDS_TCP_PORT }, (stream) => {
      this.connection(stream.remoteAddress).accept(stream as SimulatedStream);
    });
  }

  /** Port 0 for any that is free. */
  bind(port = 0, options: LinuxSocketOptions = {}): LinuxSocket {
    let free = LAST_PORT;
    while (this.#sockets.has(free)) free--;
    const bound = port || free;
    if (bound < 2 || this.#sockets.has(bound)) throw new Error(`cannot bind port ${bound}`);
    const hash = this.#random.integer(0, this.options.paths - 1);
    const socket = new LinuxSocket(this, bound, hash, options);
    this.#sockets.set(bound, socket);
    return socket;
  }

  /** rds-ping: an empty message to port 0, from a socket of its own. */
  ping(address: string, ponged: () => void): void {
    const socket = this.bind();
    socket.onMessage = () => {
      socket.close();
      ponged();
    };
    socket.sendmsg(new Uint8Array(0), { address, port: 0 });
  }

  /** As when a sysctl of rds_tcp changes: made again, and sent again what is unacknowledged. */
  dropConnections(): void {
    for (const connection of this.#connections.values()) connection.shutdown();
  }

  /** The power fails: nobody is told, and all is forgotten. `start` boots it. */
  crash(): void {
    this.#forget('machine');
  }

  /** Crashes and boots at once. Sockets have to be bound anew; numbers begin at 1. */
  async reboot(): Promise<void> {
    this.crash();
    await this.start();
  }

  /** The modules are unloaded: connections end, and nobody listens any more. */
  stop(): void {
    this.#forget('process');
  }

  #forget(how: 'process' | 'machine'): void {
    this.#network.kill(this.host, how);
    this.host = this.#network.runtime({ canStall: false });
    this.ownGeneration = this.#anyGeneration();
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const socket of [...this.#sockets.values()]) socket.close();
    for (const connection of connections) connection.drop('dropped-by-reboot');
  }

  /** 6.1 has one too, and never says it. */
  #anyGeneration(): number {
    return this.options.generation === 2026 ? this.#random.integer(1, 0xffff_ffff) : 0;
  }

  // For paths and sockets

  connection(address: string): LinuxConnection {
    let connection = this.#connections.get(address);
    if (connection === undefined) {
      connection = new LinuxConnection(this, address);
      this.#connections.set(address, connection);
    }
    return connection;
  }

  connectionsFrom(address: string): number {
    const all = this.#network.connections(this.ip.text, address);
    return all.filter(({ from }) => from === address).length;
  }

  deliver(from: { address: string; port: number }, dport: number, data: Uint8Array): void {
    const socket = this.#sockets.get(dport);
    if (socket === undefined) this.stats.recvDropNoSock++;
    else socket.receive({ data, from });
  }

  wakeSenders(): void {
    for (const socket of this.#sockets.values()) socket.wake();
  }

  violation(remote: string, text: string): void {
    this.violations.push(`${this.host.clock.now()} ms: ${remote} ${text}`);
  }

  fate(token: unknown, fate: LinuxFate): void {
    if (token !== undefined) this.onFate?.(token, fate);
  }

  congestionChanged(port: number, isCongested: boolean): void {
    const bit = 1 << (port & 7);
    const byte = this.congestion[port >> 3] as number;
    this.congestion[port >> 3] = isCongested ? byte | bit : byte & ~bit;
    for (const connection of this.#connections.values()) connection.mapChanged();
  }

  closed(socket: LinuxSocket): void {
    if (this.#sockets.get(socket.port) === socket) this.#sockets.delete(socket.port);
    for (const connection of this.#connections.values()) {
      connection.drop('dropped-by-close', socket);
    }
  }
}
