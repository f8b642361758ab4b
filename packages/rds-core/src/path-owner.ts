/**
 * PathOwner: what a path needs of the connection it belongs to, and what it tells it.
 */

import type { CloseReason } from './close-reason.js';
import type { ResolvedNodeOptions } from './options.js';
import type { Peer } from './peer.js';
import type { Runtime, TcpAddress } from './runtime.js';
import type { SlabPool } from './slab.js';
import type { Stats } from './stats.js';
import type { Tap } from './tap.js';
import type { Header } from './wire/header.js';

/** The path's connection, one layer up. */
export interface PathOwner extends Peer {
  readonly remote: TcpAddress;
  /** True while somebody waits for the peer to be reached, though no message does. */
  readonly wanted: boolean;
  /** The peer is none of our own nodes: its first word was another. */
  foreign(): void;
  /** It is probably none: no first word came. */
  assumeForeign(): void;
  /** False if a first word is not that of the peer that this path belongs to. */
  recognises(header: Header): boolean;
  connected(): void;
  /** A connection ended that was up, or on which at least something had been said. */
  disconnected(reason: CloseReason, error: unknown, wasUp: boolean): void;
  /** Nothing waits for this peer, and it was never reached or has closed: forget it. */
  unreachable(): void;
  /** The path is closed, and nothing of it is left. */
  closed(): void;
}

export interface PathSetup {
  readonly runtime: Runtime;
  readonly options: ResolvedNodeOptions;
  readonly stats: Stats;
  readonly pool: SlabPool;
  readonly tap: Tap;
  readonly local: TcpAddress;
  /** Where the path's sequence numbers begin. */
  readonly firstSequence: number;
  /** True if ours is the smaller address. */
  readonly dials: boolean;
  /** Which of the peer's paths it is, if there may be several: TCP ports tell it. */
  readonly lane: number | undefined;
}
