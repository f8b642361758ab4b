/**
 * Pending: a call that waits, for room, for a message, for a receipt. It ends once: with what it
 * waited for, with an error, or because its caller gave up (a time limit, an AbortSignal).
 */

import { type Outcome, RdsError, type RdsErrorCode, type RdsErrorDetails } from './errors.js';
import type { Clock, Timer } from './runtime.js';

/** How long a call may wait. */
export interface WaitOptions {
  /** SO_SNDTIMEO, SO_RCVTIMEO: after so many milliseconds the call rejects with ETIMEDOUT. */
  readonly timeoutMs?: number | undefined;
  /** When it aborts, the call rejects with ABORT_ERR, whose `cause` is the signal's reason. */
  readonly signal?: AbortSignalLike | undefined;
}

/** What the core needs of an AbortSignal, which is no part of the language. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export class Pending<T> {
  readonly promise: Promise<T>;
  /** What is known of the message if the caller gives up; only calls with receipts have it. */
  outcome: Outcome | undefined;
  isSettled = false;
  #resolve!: (value: T) => void;
  #reject!: (error: RdsError) => void;
  readonly #details: RdsErrorDetails;
  readonly #gaveUp: (pending: Pending<T>) => void;
  #timer: Timer | null = null;
  #signal: AbortSignalLike | undefined;
  readonly #abort = (): void => {
    this.#giveUp('ABORT_ERR', 'the call was aborted', this.#signal?.reason);
  };

  /** `gaveUp` is called if the caller does, even before this returns. */
  constructor(
    clock: Clock,
    options: WaitOptions | undefined,
    details: RdsErrorDetails,
    gaveUp: (pending: Pending<T>) => void = () => {},
  ) {
    this.#gaveUp = gaveUp;
    this.#details = details;
    this.outcome = details.outcome;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#signal = options?.signal;
    const timeoutMs = options?.timeoutMs;
    if (timeoutMs !== undefined) this.#limit(clock, timeoutMs);
    if (this.isSettled || !this.#signal) return;
    if (typeof this.#signal.addEventListener !== 'function') {
      this.#signal = undefined;
      this.fail('EINVAL', 'signal is not an AbortSignal');
    } else if (this.#signal.aborted) this.#abort();
    else this.#signal.addEventListener('abort', this.#abort);
  }

  resolve(value: T): void {
    if (this.#finish()) this.#resolve(value);
  }

  reject(error: RdsError): void {
    if (this.#finish()) this.#reject(error);
  }

  /** Rejects with what the call was about, and what is known of its message. */
  fail(code: RdsErrorCode, text: string, cause?: unknown): void {
    this.reject(new RdsError(code, text, { ...this.#details, outcome: this.outcome, cause }));
  }

  #limit(clock: Clock, timeoutMs: number): void {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
      this.fail('EINVAL', 'timeoutMs is a number from 0 up');
      return;
    }
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#timer = clock.setTimer(timeoutMs, () => {
      this.#giveUp('ETIMEDOUT', `nothing happened within ${timeoutMs} ms`);
    });
  }

  #giveUp(code: 'ABORT_ERR' | 'ETIMEDOUT', text: string, cause?: unknown): void {
    if (this.isSettled) return;
    this.fail(code, text, cause);
    this.#gaveUp(this);
  }

  #finish(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.#timer?.cancel();
    this.#signal?.removeEventListener('abort', this.#abort);
    return true;
  }
}
