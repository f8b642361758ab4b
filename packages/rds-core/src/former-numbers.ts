/**
 * FormerNumbers: what a kernel had numbered before it heard of our restart and began again at 1.
 * What of that it has not seen acknowledged it sends first on each connection, ahead of the low
 * numbers and once more each time. That is above all that is expected now, and may have been heard
 * all the same. A connection that begins with another number has none of them, nor has any later
 * one; and behind a number that went down there are none.
 */

export class FormerNumbers {
  /** From `#first` to `#end`, which is not in it. */
  #first = 0;
  #end = 0;
  /** Where we are on the present connection. */
  #stage: 'nothing came' | 'at its first' | 'going up' | 'gone down' = 'nothing came';
  #last = 0;

  /** The kernel has begun again, and these were heard before. */
  were(first: number, end: number): void {
    if (this.#stage === 'nothing came' || this.#stage === 'at its first') return;
    this.#first = this.#end === 0 ? first : Math.min(this.#first, first);
    this.#end = Math.max(this.#end, end);
  }

  /** A connection begins. */
  begin(): void {
    this.#stage = 'nothing came';
    this.#last = 0;
  }

  /**
   * Takes each number as it comes, with the one that is expected: it may be one of them. It may as
   * well be a new one, behind those of a socket that has closed, which a kernel forgets.
   */
  take(sequence: number, isResent: boolean, expected: number): boolean {
    this.#advance(sequence, expected);
    const isAbove = this.#stage !== 'gone down' && isResent && sequence > expected;
    const mayBe = isAbove && sequence >= this.#first && sequence < this.#end;
    if (this.#stage === 'at its first' && !mayBe) this.clear();
    return mayBe;
  }

  clear(): void {
    this.#first = 0;
    this.#end = 0;
  }

  #advance(sequence: number, expected: number): void {
    if (this.#stage === 'nothing came') this.#stage = 'at its first';
    else if (sequence < this.#last && sequence <= expected) this.#stage = 'gone down';
    else if (this.#stage === 'at its first') this.#stage = 'going up';
    this.#last = sequence;
  }
}
