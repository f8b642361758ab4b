/**
 * Counts what is wrong with a flow of numbered messages, which should be 0, 1, 2 and so on. The
 * example numbers its own messages for this; nobody who uses the library needs to.
 */

export class SequenceCheck {
  duplicated = 0;
  reordered = 0;
  #next = 0;
  readonly #missing = new Set<number>();

  arrived(sequence: number): void {
    if (this.#missing.delete(sequence)) this.reordered++;
    else if (sequence < this.#next) this.duplicated++;
    for (; this.#next < sequence; this.#next++) this.#missing.add(this.#next);
    if (sequence === this.#next) this.#next++;
  }

  /** Of the first `sent`, those that have not come. */
  lost(sent: number): number {
    return this.#missing.size + Math.max(0, sent - this.#next);
  }
}
