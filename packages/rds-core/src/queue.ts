/**
 * Queue: first in, first out, in amortised constant time and without leaving long arrays behind.
 * A ring that doubles when it is full, and is given up once it is much larger than it need be.
 */

const FIRST_CAPACITY = 16;
/** A ring of up to this many places is never given up. */
const KEEP_CAPACITY = 1024;
/**
 * A larger one is, when the queue has run empty many times in a row without having filled the
 * fourth part of it. Fewer times would tell nothing: a busy queue runs empty early now and then,
 * and growing again costs more than all that it does else.
 */
const NEEDED_PART = 4;
const TIMES_TOO_LARGE = 256;

export class Queue<T> {
  #ring: (T | undefined)[] = new Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  #length = 0;
  /** The greatest length since the queue was last empty. */
  #peak = 0;
  #timesTooLarge = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#ring[(this.#head + this.#length) & this.#mask] = item;
    if (++this.#length > this.#peak) this.#peak = this.#length;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#length--;
    if (this.#length === 0) this.#emptied();
    return item;
  }

  /** The first items, up to `max` of them. */
  shiftMany(max: number): T[] {
    const ring = this.#ring;
    const mask = this.#mask;
    const items: T[] = [];
    let head = this.#head;
    let length = this.#length;
    for (; items.length < max && length > 0; length--) {
      items.push(ring[head] as T);
      ring[head] = undefined;
      head = (head + 1) & mask;
    }
    this.#head = head;
    this.#length = length;
    if (length === 0 && items.length > 0) this.#emptied();
    return items;
  }

  /** Puts another item in the place of one that is there. */
  replace(index: number, item: T): void {
    this.#ring[(this.#head + index) & this.#mask] = item;
  }

  /** The item at `index` from the front. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#ring[(this.#head + index) & this.#mask] : undefined;
  }

  peek(): T | undefined {
    return this.at(0);
  }

  clear(): void {
    this.#ring = new Array(FIRST_CAPACITY);
    this.#mask = FIRST_CAPACITY - 1;
    this.#head = 0;
    this.#length = 0;
    this.#peak = 0;
    this.#timesTooLarge = 0;
  }

  /** Takes out what does not pass, keeping the order, and returns it. */
  removeWhere(matches: (item: T) => boolean): T[] {
    const removed: T[] = [];
    const all = [...this];
    this.clear();
    for (const item of all) {
      if (matches(item)) removed.push(item);
      else this.push(item);
    }
    return removed;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = 0; index < this.#length; index++) yield this.at(index) as T;
  }

  #emptied(): void {
    const capacity = this.#mask + 1;
    const tooLarge = capacity > KEEP_CAPACITY && this.#peak * NEEDED_PART < capacity;
    this.#timesTooLarge = tooLarge ? this.#timesTooLarge + 1 : 0;
    if (this.#timesTooLarge >= TIMES_TOO_LARGE) this.clear();
    this.#peak = 0;
  }

  #grow(): void {
    const length = this.#length;
    const ring: (T | undefined)[] = new Array(length * 2);
    for (let index = 0; index < length; index++) ring[index] = this.at(index);
    this.#ring = ring;
    this.#mask = length * 2 - 1;
    this.#head = 0;
  }
}
