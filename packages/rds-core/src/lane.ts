/**
 * Lane: what a path beyond the first knows of its connection. The first path says who the peer is;
 * the others only look whether it is the same. What they would say of the peer themselves counts
 * for nothing: it could come behind something newer that was said on the first.
 */

import type { CloseReason } from './close-reason.js';
import type { PathOwner } from './path-owner.js';
import type { TcpAddress } from './runtime.js';
import type { Train } from './train.js';
import { MAX_PATHS } from './wire/extension.js';
import type { Header } from './wire/header.js';

/** The connection, as its lanes see it. */
export interface LaneOwner extends PathOwner {
  /** False if another process speaks than on the first path. */
  isSame(header: Header): boolean;
  /** A lane has ended that may have been waited for. */
  laneDown(): void;
}

export class Lane implements PathOwner {
  readonly #owner: LaneOwner;
  /** With kernels there is one path. */
  readonly kind = 'rds-tcp';
  readonly isAssumed = false;
  readonly mapExtensions = null;
  readonly wanted = false;

  constructor(owner: LaneOwner) {
    this.#owner = owner;
  }

  get remote(): TcpAddress {
    return this.#owner.remote;
  }

  get extensions(): Uint8Array {
    return this.#owner.extensions;
  }

  get mapVersion(): number {
    return this.#owner.mapVersion;
  }

  copyMap(bytes: Uint8Array, at: number): void {
    this.#owner.copyMap(bytes, at);
  }

  freePort(): number {
    return this.#owner.freePort();
  }

  recognises(header: Header): boolean {
    return this.#owner.isSame(header);
  }

  mapReceived(): void {}

  introduced(): void {}

  startedOver(): void {}

  foreign(): void {}

  assumeForeign(): void {}

  deliver(sport: number, dport: number, payload: Uint8Array): boolean {
    return this.#owner.deliver(sport, dport, payload);
  }

  ponged(tag: number): void {
    this.#owner.ponged(tag);
  }

  giveUp(trains: readonly Train[], settlement: 'restarted' | 'unconfirmed'): void {
    this.#owner.giveUp(trains, settlement);
  }

  connected(): void {}

  disconnected(_reason: CloseReason): void {
    this.#owner.laneDown();
  }

  unreachable(): void {
    this.#owner.laneDown();
  }

  closed(): void {
    this.#owner.closed();
  }
}

/** The lane of a TCP port: who dials binds its port so. */
export function laneOfTcpPort(tcpPort: number): number {
  return tcpPort % MAX_PATHS;
}

/**
 * The path of a socket, for as long as the number of paths stays what it is. Ports that follow
 * each other, or that are all even, shall not end up on the same: so they are spread by the
 * golden ratio.
 */
export function pathOfPort(port: number, paths: number): number {
  return (Math.imul(port, 0x9e37_79b1) >>> 16) % paths;
}
