/**
 * TimerHeap: what is still to happen, the next thing first. A binary heap in which every entry
 * knows its place, so that a cancelled timer leaves at once: a path that sets and cancels a
 * ten-second timer for each message would otherwise fill the heap with the dead.
 */

import type { Timer } from '../runtime.js';

/**
 * The order within one instant. What a turn deferred comes before any other event, and what
 * yielded comes after all of them.
 */
export const PHASE = { deferred: 0, event: 1, yielded: 2 } as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

export class TimerHeap {
  readonly #entries: Entry[] = [];
  #order = 0;

  get length(): number {
    return this.#entries.length;
  }

  peek(): Entry | undefined {
    return this.#entries[0];
  }

  push(atMs: number, phase: Phase, task: () => void): Entry {
    const entry = new Entry(this, atMs, phase, this.#order++, task);
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
    return entry;
  }

  pop(): Entry | undefined {
    const first = this.#entries[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Harmless if the entry is not in the heap any more. */
  remove(entry: Entry): void {
    const index = entry.index;
    if (index < 0) return;
    entry.index = -1;
    const last = this.#entries.pop() as Entry;
    if (last === entry) return;
    // The last one takes the place, and then goes whichever way it must.
    this.#rise(last, index);
    this.#sink(last, last.index);
  }

  #rise(entry: Entry, from: number): void {
    const entries = this.#entries;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as Entry;
      if (!isBefore(entry, parent)) break;
      entries[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    entries[index] = entry;
    entry.index = index;
  }

  #sink(entry: Entry, from: number): void {
    const entries = this.#entries;
    let index = from;
    for (;;) {
      let childIndex = index * 2 + 1;
      if (childIndex >= entries.length) break;
      const right = entries[childIndex + 1];
      if (right !== undefined && isBefore(right, entries[childIndex] as Entry)) childIndex++;
      const child = entries[childIndex] as Entry;
      if (!isBefore(child, entry)) break;
      entries[index] = child;
      child.index = index;
      index = childIndex;
    }
    entries[index] = entry;
    entry.index = index;
  }
}

/** One thing that is to happen, and the Timer that was given out for it. */
export class Entry implements Timer {
  readonly atMs: number;
  readonly phase: Phase;
  /** Counts up with each entry, so that equals run in the order in which they were set. */
  readonly order: number;
  readonly task: () => void;
  isCancelled = false;
  /** The place in the heap; -1 outside of it. */
  index = -1;
  readonly #heap: TimerHeap;

  constructor(heap: TimerHeap, atMs: number, phase: Phase, order: number, task: () => void) {
    this.#heap = heap;
    this.atMs = atMs;
    this.phase = phase;
    this.order = order;
    this.task = task;
  }

  cancel(): void {
    this.isCancelled = true;
    this.#heap.remove(this);
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  if (a.phase !== b.phase) return a.phase < b.phase;
  return a.order < b.order;
}
