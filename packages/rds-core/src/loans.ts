/**
 * Loans: queues with messages that are still parts of what was read from TCP. Who is in time reads
 * them there, without a copy; what still waits when the turn is over is copied out, or each small
 * message would keep all that came with it.
 */

import type { Runtime } from './runtime.js';

/** A queue. */
export interface Borrower {
  /** Copies out what is only lent. */
  settleLoans(): void;
}

export class Loans {
  readonly #runtime: Runtime;
  #borrowers = new Set<Borrower>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The queue has something on loan, until the end of the turn. */
  add(borrower: Borrower): void {
    if (this.#borrowers.size === 0) this.#runtime.yield(this.#settle);
    this.#borrowers.add(borrower);
  }

  readonly #settle = (): void => {
    const borrowers = this.#borrowers;
    this.#borrowers = new Set();
    for (const borrower of borrowers) borrower.settleLoans();
  };
}
