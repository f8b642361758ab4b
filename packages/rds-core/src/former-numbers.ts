/**
 * FormerNumbers: how far a kernel had counted before it heard of our restart and began again at 1.
 * What it had numbered before, and has not seen acknowledged, it sends first on each connection,
 * ahead of the low numbers and once more each time. That is above all that is expected now, and
 * known all the same.
 */

export class FormerNumbers {
  /** What was expected when the kernel began again; 0 if it has not, or it does not matter. */
  #next = 0;
  #isFirst = true;

  /** The kernel counts from anew below `next`. */
  ended(next: number): void {
    this.#next = Math.max(this.#next, next);
  }

  /** A connection begins. */
  begin(): void {
    this.#isFirst = true;
  }

  /**
   * Whether it was heard before the kernel began again: asked of each number as it comes, with the
   * one that is expected. A connection that begins with another has none of them, nor has any
   * later one.
   */
  have(sequence: number, isResent: boolean, expected: number): boolean {
    const isFormer = isResent && sequence > expected && sequence < this.#next;
    if (this.#isFirst && !isFormer) this.#next = 0;
    this.#isFirst = false;
    return isFormer;
  }

  clear(): void {
    this.#next = 0;
  }
}
