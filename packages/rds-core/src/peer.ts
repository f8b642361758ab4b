/**
 * Peer: what a path has to know of the node at its other end, and what it tells of it. The
 * connection, one layer up, is the peer.
 */

import type { Train } from './train.js';
import type { Extensions } from './wire/extension.js';

/**
 * Who the peer is: one of our own nodes, something that behaves like a Linux kernel, or not yet
 * known. Nothing but a probe is sent to a peer that is not known.
 */
export type PeerKind = 'unknown' | 'rds-tcp' | 'linux';

/** What the exchange needs to know of the peer and of the node, and what it tells them. */
export interface Peer {
  readonly kind: PeerKind;
  /**
   * True if the peer is only taken for a kernel because it did not introduce itself in time. It
   * may be one of our own on a bad network, so our map tells it who we are.
   */
  readonly isAssumed: boolean;
  readonly extensions: Uint8Array;
  readonly mapExtensions: Uint8Array | null;
  /** Counts the changes of the node's congestion map. */
  readonly mapVersion: number;
  copyMap(bytes: Uint8Array, at: number): void;
  /** A port that no socket has, so that no congestion keeps a pong to it back. */
  freePort(): number;
  mapReceived(map: Uint8Array): void;
  introduced(extensions: Extensions): void;
  /** A kernel counts from 1 again: it has booted. */
  startedOver(): void;
  deliver(sport: number, dport: number, payload: Uint8Array): boolean;
  ponged(tag: number): void;
  /** Ends messages of which nobody will ever say what became of them, unless somebody did. */
  giveUp(trains: readonly Train[], settlement: 'restarted' | 'unconfirmed'): void;
}
