/**
 * FormerLife: what is still expected of a kernel's life before the present one. A connection that
 * it had made may be heard only when its successor has spoken; the numbers that come there mean
 * nothing in the present life.
 */

export class FormerLife {
  /** The connection on which the present life began; those before it were made by another. */
  #firstOfNext = 0;
  #nextSequence = 0;

  /** Connections are named by the order in which the peer made them. */
  ends(order: number, nextSequence: number): void {
    if (order === this.#firstOfNext) return;
    this.#firstOfNext = order;
    this.#nextSequence = nextSequence;
  }

  made(order: number): boolean {
    return order < this.#firstOfNext;
  }

  /** False for what was heard before. */
  isNew(sequence: number): boolean {
    if (sequence < this.#nextSequence) return false;
    this.#nextSequence = sequence + 1;
    return true;
  }
}
