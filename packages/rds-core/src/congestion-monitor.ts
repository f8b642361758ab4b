/**
 * CongestionMonitor: tells a program that a destination which refused it is worth another try.
 * Mirrors RDS_CONG_MONITOR (net/rds/cong.c), but by destination, where the kernel says for which of
 * 64 groups of ports any map has changed.
 */

import type { Address } from './address.js';

export class CongestionMonitor {
  /** RDS_CONG_MONITOR. */
  isOn = false;
  readonly #uncongested: (to: Address) => Promise<void>;
  /** Who is told. */
  told: (to: Address) => void = () => {};
  readonly #waiting = new Set<Address>();

  /** `uncongested` rejects when the socket closes, and nobody wants to know any more. */
  constructor(uncongested: (to: Address) => Promise<void>) {
    this.#uncongested = uncongested;
  }

  /** A send was refused. There is one wait per destination, however often it refuses. */
  refused(to: Address): void {
    if (!this.isOn || this.#waiting.has(to)) return;
    this.#waiting.add(to);
    const over = () => this.#waiting.delete(to);
    this.#uncongested(to).then(() => {
      over();
      if (this.isOn) this.told(to);
    }, over);
  }
}
