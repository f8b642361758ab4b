/**
 * Herald: tells the listeners of a node, and who watches its runtime, what happens to its peers
 * and ports.
 */

import type { EventEmitter } from 'eventemitter3';
import type { CloseReason } from './close-reason.js';
import type { NodeEvents } from './events.js';
import type { PeerKind } from './peer.js';
import type { Runtime, TcpAddress } from './runtime.js';
import type { Train } from './train.js';

/** The node of which it tells. */
export interface HeraldedNode extends EventEmitter<NodeEvents> {
  readonly address: string;
  readonly tcpPort: number;
}

/** A connection, as far as events are concerned. */
interface HeraldedPeer {
  readonly remote: TcpAddress;
  readonly kind: PeerKind;
  readonly congestedPorts: readonly number[];
}

export class Herald {
  readonly #node: HeraldedNode;
  readonly #runtime: Runtime;

  constructor(node: HeraldedNode, runtime: Runtime) {
    this.#node = node;
    this.#runtime = runtime;
  }

  connectionUp({ remote, kind }: HeraldedPeer): void {
    const peer = kind === 'rds-tcp' ? kind : 'linux';
    this.#tell('connection', { type: 'up', ...remote, peer });
  }

  connectionDown({ remote }: HeraldedPeer, reason: CloseReason, error: unknown): void {
    this.#tell('connection', { type: 'down', ...remote, reason, error });
  }

  connectionRestarted({ remote }: HeraldedPeer): void {
    this.#tell('connection', { type: 'restarted', ...remote });
  }

  /** A connection ended before anything could be exchanged on it. */
  refused(address: string, reason: CloseReason): void {
    this.#tell('connection', { type: 'refused', address, reason });
  }

  connectionUncertain({ remote }: HeraldedPeer, trains: readonly Train[]): void {
    if (!this.#isWanted('uncertain')) return;
    const messages = trains
      .flatMap((train) => [...train.messages()])
      .map(({ sport, dport, data }) => {
        return { sport, to: { ...remote, port: dport }, data: data.slice() };
      });
    this.#tell('uncertain', { type: 'messages', ...remote, messages });
  }

  peerMapChanged(peer: HeraldedPeer): void {
    if (!this.#isWanted('congestion')) return;
    const { remote, congestedPorts } = peer;
    this.#tell('congestion', { type: 'remote', ...remote, ports: congestedPorts });
  }

  /** A port of the node itself is congested, or no longer. */
  portChanged(port: number, congested: boolean): void {
    this.#tell('congestion', { type: 'local', port, congested });
  }

  /**
   * Listeners hear at the end of the turn: they are the program's, and may close, reset or throw
   * in the middle of what they are told of.
   */
  #tell<T extends keyof NodeEvents>(event: T, about: NodeEvents[T][0]): void {
    if (!this.#isWanted(event)) return;
    const { watcher } = this.#runtime;
    if (watcher?.wants(event)) this.#runtime.defer(() => watcher.told(this.#node, event, about));
    this.#runtime.defer(() => this.#node.emit(event, ...([about] as never)));
  }

  #isWanted(event: keyof NodeEvents): boolean {
    return this.#node.listenerCount(event) > 0 || this.#runtime.watcher?.wants(event) === true;
  }
}
