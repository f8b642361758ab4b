/**
 * FormerNumbers: what a kernel had numbered before it heard of our restart and began again at 1.
 * What of that it has not seen acknowledged it sends first on each connection, ahead of the low
 * numbers and once more each time. That is above all that is expected now, and may have been heard
 * all the same.
 */

export class FormerNumbers {
  /** From `#first` to `#end`, which is not in it. */
  #first = 0;
  #end = 0;
  #isBeginning = true;

  /** The kernel has begun again, and these were heard before. */
  were(first: number, end: number): void {
    this.#first = this.#end === 0 ? first : Math.min(this.#first, first);
    this.#end = Math.max(this.#end, end);
  }

  /** A connection begins. */
  begin(): void {
    this.#isBeginning = true;
  }

  /**
   * Takes each number as it comes, with the one that is expected: it may be one of them. It may as
   * well be a new one, behind those of a socket that has closed, which a kernel forgets. A
   * connection that begins with another has none of them, nor has any later one.
   */
  take(sequence: number, isResent: boolean, expected: number): boolean {
    const isAbove = isResent && sequence > expected;
    const mayBe = isAbove && sequence >= this.#first && sequence < this.#end;
    if (this.#isBeginning && !mayBe) this.clear();
    this.#isBeginning = false;
    return mayBe;
  }

  clear(): void {
    this.#first = 0;
    this.#end = 0;
  }
}
