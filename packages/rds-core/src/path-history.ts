/**
 * PathHistory: when a path last tried, came up and broke, and why. Mirrors `struct rds_path_info`
 * (RDS_INFO_CONN_PATHS) of Oracle's kernel: attempt, connect and reset time, disconnect reason.
 *
 * Times are those of the runtime's clock: milliseconds that never go back.
 */

import type { CloseReason } from './close-reason.js';
import type { Clock } from './runtime.js';

export class PathHistory {
  readonly #clock: Clock;
  /** Tries of ours since it was last up: calls, or knocks. */
  attempts = 0;
  /** How often it came up. */
  connects = 0;
  attemptAtMs: number | null = null;
  connectAtMs: number | null = null;
  /** When a connection ended that was up. */
  resetAtMs: number | null = null;
  /** Why the last connection ended, up or not. */
  lastCloseReason: CloseReason | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  attempted(): void {
    this.attempts++;
    this.attemptAtMs = this.#clock.now();
  }

  connected(): void {
    this.attempts = 0;
    this.connects++;
    this.connectAtMs = this.#clock.now();
  }

  ended(reason: CloseReason, wasUp: boolean): void {
    this.lastCloseReason = reason;
    if (wasUp) this.resetAtMs = this.#clock.now();
  }
}
