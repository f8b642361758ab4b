/**
 * RdsNode: one RDS address, which is what a host is to a kernel: its sockets, its peers, and the
 * TCP port where they meet. Two nodes in one process are as apart as two machines.
 */

import { EventEmitter } from 'eventemitter3';
import { RdsError } from './errors.js';
import type { NodeEvents } from './events.js';
import type { Unacknowledged } from './flow.js';
import { connectionInfo, counters, type NodeInfo, socketInfo } from './info.js';
import { NodeCore } from './node-core.js';
import { type BindOptions, type ResolvedNodeOptions, resolveBindOptions } from './options.js';
import type { WaitOptions } from './pending.js';
import type { Listener, Runtime } from './runtime.js';
import { type CloseOptions, type RdsSocket, resolveDeadline } from './socket.js';

const PING_TIMEOUT_MS = 5000;

/** Makes a node of what it was opened with, at the address of its listener. */
export let newNode: (options: ResolvedNodeOptions, runtime: Runtime, listener: Listener) => RdsNode;
/** What programs do not see of a node; EINVAL if it is none. */
export let coreOf: (node: RdsNode) => NodeCore;

/** Nodes are made by `createNode`, or by `openNode` on a runtime of your own. */
export class RdsNode extends EventEmitter<NodeEvents> implements AsyncDisposable {
  /** The IP address: the node's own, and where it listens. */
  readonly address: string;
  /** The TCP port where the node listens. */
  readonly tcpPort: number;
  readonly #core: NodeCore;

  // The rest of the core has its way in from here, and programs have none.
  static {
    newNode = (options, runtime, listener) => new RdsNode(options, runtime, listener);
    coreOf = (node) => {
      // Another copy of this package has nodes of its own, into which this one can not look.
      if (#core in Object(node)) return node.#core;
      throw new RdsError('EINVAL', 'that is no RdsNode of this copy of @rds-tcp/core');
    };
  }

  private constructor(options: ResolvedNodeOptions, runtime: Runtime, listener: Listener) {
    super();
    this.address = options.ip.text;
    this.tcpPort = listener.tcpPort;
    this.#core = new NodeCore(this, options, runtime, listener);
  }

  /**
   * A socket on `port`, or on any free one. Throws EADDRINUSE if the port is taken, EINVAL for
   * port 1 and bad options, EBADF if the node is closed.
   */
  bind(portOrOptions?: number | BindOptions): RdsSocket {
    this.#core.checkOpen('bind');
    return this.#core.sockets.bind(resolveBindOptions(portOrOptions, this.#core.options));
  }

  /**
   * The round-trip time in milliseconds of an RDS ping, whatever is bound there. ETIMEDOUT after
   * `timeoutMs` (5,000).
   */
  async ping(
    address: string | { address: string; tcpPort?: number | undefined },
    options: WaitOptions = {},
  ): Promise<number> {
    const { ip, tcpPort } = this.#core.peerOf(address, 'ping');
    if (this.#core.isSelf(ip, tcpPort)) return this.#pingSelf();
    const connection = this.#core.peers.connection(ip, tcpPort, 'ping');
    const { timeoutMs = PING_TIMEOUT_MS, signal } = options;
    return connection.ping({ timeoutMs, signal });
  }

  /**
   * RDS_CONN_RESET: drops the connection to a peer and makes it anew. Nothing is lost. Throws
   * ENOTCONN if there never was one.
   */
  resetConnection(address: string | { address: string; tcpPort?: number | undefined }): void {
    const { ip, tcpPort } = this.#core.peerOf(address, 'resetConnection');
    const connection = this.#core.peers.get(ip, tcpPort);
    if (connection === undefined) {
      const text = `no connection to ${ip.text} was ever made`;
      throw this.#core.error('ENOTCONN', text, 'resetConnection');
    }
    connection.reset();
  }

  /** A snapshot of sockets, connections, queues and counters. */
  info(): NodeInfo {
    const { sockets, peers, clock, stats } = this.#core;
    return {
      address: this.address,
      tcpPort: this.tcpPort,
      sockets: Array.from(sockets.ports, socketInfo),
      connections: Array.from(peers, connectionInfo),
      queuedBytes: sockets.hardLimit.queuedBytes,
      nowMs: clock.now(),
      counters: counters(stats),
    };
  }

  /** True from the first call of `close` or `destroy`. */
  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  /**
   * Closes all sockets, waiting until what they sent is acknowledged or the deadline has passed,
   * then the connections and the listener. Says what was not acknowledged. After it nothing of
   * the node is left, and a process with nothing else to do ends.
   */
  async close(options: CloseOptions = {}): Promise<Unacknowledged> {
    return this.#core.close(resolveDeadline(options));
  }

  /** Drops everything at once, as if the process had died. Returns what was not acknowledged. */
  destroy(): Promise<Unacknowledged> {
    return this.#core.destroy();
  }

  /** `await using`: closes the node, with the deadline that `close` has by default. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #pingSelf(): Promise<number> {
    const { clock, runtime } = this.#core;
    const sentAtMs = clock.now();
    await new Promise<void>((resolve) => runtime.defer(resolve));
    return clock.now() - sentAtMs;
  }
}
