/**
 * Events: what a node tells of, as unions discriminated by `type`.
 */

import type { Address } from './address.js';
import type { CloseReason } from './close-reason.js';
import type { PeerKind } from './peer.js';

/** The events of a node. Listeners are called at the end of the turn in which it happened. */
export interface NodeEvents {
  connection: [ConnectionEvent];
  congestion: [CongestionEvent];
  uncertain: [UncertainEvent];
}

/**
 * Hears of the events of every node on a runtime, besides the listeners of each. An event that
 * nobody wants is not put together.
 */
export interface EventWatcher {
  /** Whether it wants to hear of such events. Asked whenever there is one. */
  wants(event: keyof NodeEvents): boolean;
  /** Called at the end of the turn, as listeners are. `node` is the RdsNode. */
  told<T extends keyof NodeEvents>(
    node: { readonly address: string; readonly tcpPort: number },
    event: T,
    about: NodeEvents[T][0],
  ): void;
}

/** What became of the connection to a peer, or of one that nobody knows yet. */
export type ConnectionEvent =
  /** A peer is connected. `peer` says whether it is one of our own nodes. */
  | {
      readonly type: 'up';
      readonly address: string;
      readonly tcpPort: number;
      readonly peer: Exclude<PeerKind, 'unknown'>;
    }
  /** Its connection ended. It is made anew, and nothing is lost. */
  | {
      readonly type: 'down';
      readonly address: string;
      readonly tcpPort: number;
      readonly reason: CloseReason;
      /** What broke the connection, if something did. */
      readonly error: unknown;
    }
  /** It is another incarnation than before: the process or machine has restarted. */
  | { readonly type: 'restarted'; readonly address: string; readonly tcpPort: number }
  /** A TCP connection was closed before it was up: a knock, a scanner, garbage, silence. */
  | { readonly type: 'refused'; readonly address: string; readonly reason: CloseReason };

/** Ports became congested, or are no longer: of this node, or of a peer. */
export type CongestionEvent =
  /** A socket of this node has more queued than its receive buffer, or no longer. */
  | { readonly type: 'local'; readonly port: number; readonly congested: boolean }
  /** A peer sent its map: these of its ports are congested. */
  | {
      readonly type: 'remote';
      readonly address: string;
      readonly tcpPort: number;
      readonly ports: readonly number[];
    };

/** Messages that a restart of the peer left without an outcome. */
export interface UncertainEvent {
  readonly type: 'messages';
  readonly address: string;
  readonly tcpPort: number;
  readonly messages: readonly UncertainMessage[];
}

/** One of them, as it was sent. */
export interface UncertainMessage {
  /** The port of the own socket that sent it. */
  readonly sport: number;
  readonly to: Address;
  readonly data: Uint8Array;
}
