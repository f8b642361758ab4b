/**
 * Beginning: the numbers with which a kernel's present life began, as far as they came without the
 * flag. A kernel sends no number twice in one life without it: if one of these comes so once more,
 * it is a first word of the next life, which a 6.1 kernel does not tell in any other way.
 */

export class Beginning {
  /** From `#first` to `#end`, which is not in it. Later ones tell nothing: a life begins low. */
  #first = 0;
  #end = 0;

  has(sequence: number): boolean {
    return sequence >= this.#first && sequence < this.#end;
  }

  /** Takes each number as it comes, whether it counts or not. */
  heard(sequence: number, isResent: boolean): void {
    if (isResent) {
      // What is resent may still come on the connection on which it was sent first.
      this.#end = Math.min(this.#end, sequence);
    } else if (sequence === this.#end) {
      this.#end++;
    } else if (sequence < this.#end || this.#first >= this.#end) {
      this.#first = sequence;
      this.#end = sequence + 1;
    }
  }

  clear(): void {
    this.#first = 0;
    this.#end = 0;
  }
}
