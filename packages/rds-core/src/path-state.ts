/**
 * PathState: what a path is doing about its TCP connection. Mirrors the life cycle that heads
 * net/rds/threads.c; the kernel's states that only serve its locks are not needed here.
 *
 *   down ──dial──▶ connecting ──open──▶ greeting ──the peer spoke──▶ up
 *    ▲  └─knock─▶ knocking ──accept──▶ greeting                      │
 *    └────────────────── broken, refused, silent, replaced ──────────┤
 *    └──────── draining (read to the end what the peer counts as delivered) ◀──┘
 *
 * `closed` is reached from anywhere, and left never. Everything a state owns is inside it, so
 * leaving the state gives it up; all changes go through Path's `#transition`.
 */

import type { CloseReason } from './close-reason.js';
import type { Drain } from './drain.js';
import type { Greeting } from './greeting.js';
import type { Knock } from './knock.js';
import type { Link } from './link.js';
import type { Liveness } from './liveness.js';
import type { Timer } from './runtime.js';

export type PathState =
  /** `timer` runs until the next try; null: nothing to do until a send or the peer's call. */
  | { readonly kind: 'down'; readonly timer: Timer | null }
  | { readonly kind: 'connecting'; readonly link: Link; readonly timer: Timer }
  /** We are the larger address and ask the smaller to call: connect, leave, wait. */
  | { readonly kind: 'knocking'; readonly timer: Knock }
  /** Connected; our map is sent, and the peer's first word is awaited. */
  | { readonly kind: 'greeting'; readonly link: Link; readonly timer: Greeting }
  | { readonly kind: 'up'; readonly link: Link; readonly timer: Liveness; readonly since: number }
  /** We send no more and read to the end. The peer's next connections wait for that. */
  | {
      readonly kind: 'draining';
      readonly link: Link;
      readonly timer: Drain;
      readonly reason: CloseReason;
      /** Users were told that it was. */
      readonly wasUp: boolean;
    }
  | { readonly kind: 'closed'; readonly timer: null };

/** What a path is doing about its TCP connection; docs/ARCHITECTURE.md has its life. */
export type PathStateKind =
  | 'down'
  | 'connecting'
  | 'knocking'
  | 'greeting'
  | 'up'
  | 'draining'
  | 'closed';

export const TRANSITIONS: Readonly<Record<PathStateKind, readonly PathStateKind[]>> = {
  down: ['down', 'connecting', 'knocking', 'greeting', 'closed'],
  connecting: ['down', 'greeting', 'closed'],
  knocking: ['down', 'greeting', 'closed'],
  greeting: ['down', 'up', 'draining', 'closed'],
  up: ['down', 'draining', 'closed'],
  draining: ['down', 'closed'],
  closed: [],
};

/** Users were told that it is up. */
export function isConnected(state: PathState): boolean {
  return state.kind === 'up' || (state.kind === 'draining' && state.wasUp);
}
