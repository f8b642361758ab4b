/**
 * Slab: memory in which frames are built, stand one behind the other, and wait to be acknowledged.
 *
 * A payload is copied once, when it is sent, to just behind the place of its header. The header is
 * written in place at each transmission. So frames sent in one turn leave as one piece of memory,
 * without a second copy, and a resend is the same bytes again.
 *
 * A slab goes back to its pool when nobody uses it: no frame in it waits for its
 * acknowledgement, and no write of it is under way.
 */

import { assert } from './errors.js';

/** A path begins with a small slab, because most paths of a large cluster send little. */
const SMALL_SLAB_BYTES = 4 * 1024;
/** A busy path fills large ones, of the size of a batch, which then is one piece of memory. */
const LARGE_SLAB_BYTES = 128 * 1024;
/** A frame above this has a slab of its own, so that little is left over at the end of a slab. */
const OWN_SLAB_BYTES = 16 * 1024;
/** What the pool keeps: twice the in-flight window of one busy path. */
const POOLED_BYTES = 8 * 1024 * 1024;

export class Slab {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Up to where frames have been placed. */
  used = 0;
  /** Frames that are kept and writes under way. */
  #users = 0;
  readonly #pool: SlabPool | null;
  /** Who still places frames here. */
  writer: FramePlacer | null = null;

  constructor(sizeBytes: number, pool: SlabPool | null) {
    this.bytes = new Uint8Array(sizeBytes);
    this.view = new DataView(this.bytes.buffer);
    this.#pool = pool;
  }

  /** Lets who placed the last frame have up to so many bytes behind it. Returns where they end. */
  reserve(wantedBytes: number): number {
    this.used = Math.min(this.used + wantedBytes, this.bytes.length);
    return this.used;
  }

  /** What was reserved up to `end` is free from `from` on, unless others stand behind it. */
  giveBack(end: number, from: number): void {
    if (this.used === end) this.used = from;
  }

  /** It is used once, so who was given a part of it may keep that. */
  get isForKeeps(): boolean {
    return this.#pool === null;
  }

  retain(): void {
    this.#users++;
  }

  release(): void {
    if (--this.#users > 0) return;
    assert(this.#users === 0, 'a slab is released once for each time it was retained');
    this.used = 0;
    this.writer?.forget();
    this.writer = null;
    this.#pool?.give(this);
  }
}

/** The slabs of a node that are not in use, by their size. */
export class SlabPool {
  readonly #free = new Map<number, Slab[]>();
  #freeBytes = 0;

  /** One of at least so many bytes. */
  take(leastBytes: number): Slab {
    const sizeBytes = Math.ceil(leastBytes / SMALL_SLAB_BYTES) * SMALL_SLAB_BYTES;
    const slab = this.#free.get(sizeBytes)?.pop();
    if (slab === undefined) return new Slab(sizeBytes, this);
    this.#freeBytes -= sizeBytes;
    return slab;
  }

  give(slab: Slab): void {
    const sizeBytes = slab.bytes.byteLength;
    if (sizeBytes > POOLED_BYTES) return;
    const free = this.#free.get(sizeBytes) ?? [];
    if (this.#freeBytes + sizeBytes > POOLED_BYTES) {
      if (free.length > 0) return;
      // It is full of sizes that were needed once.
      this.#free.clear();
      this.#freeBytes = 0;
    }
    this.#freeBytes += sizeBytes;
    free.push(slab);
    this.#free.set(sizeBytes, free);
  }
}

/** Where a placer takes its slabs from. */
export interface SlabSource {
  /** One of at least so many bytes. */
  take(leastBytes: number): Slab;
}

/** Finds the next place for a frame. One per path: its frames stand in the order they were sent. */
export class FramePlacer {
  readonly #pool: SlabSource;
  readonly #largePool: SlabSource;
  #slab: Slab | null = null;
  #busy = false;

  /** Large frames have slabs of their own, which may come from elsewhere. */
  constructor(pool: SlabSource, largePool = pool) {
    this.#pool = pool;
    this.#largePool = largePool;
  }

  /** Whether such a frame has room where the last one stands. */
  fits(frameBytes: number): boolean {
    const slab = this.#slab;
    if (slab === null || frameBytes > OWN_SLAB_BYTES) return false;
    return slab.used + frameBytes <= slab.bytes.length;
  }

  /** A slab in which the last `frameBytes` before its `used` are the caller's, retained once. */
  place(frameBytes: number): Slab {
    const isLarge = frameBytes > OWN_SLAB_BYTES;
    const slab = isLarge ? this.#largePool.take(frameBytes) : this.#room(frameBytes);
    slab.used += frameBytes;
    slab.retain();
    return slab;
  }

  #room(frameBytes: number): Slab {
    const current = this.#slab;
    if (current !== null) {
      if (current.used + frameBytes <= current.bytes.byteLength) return current;
      // Full before it was free again: this path is busy.
      this.#busy = true;
      current.writer = null;
    }
    const small = !this.#busy && frameBytes <= SMALL_SLAB_BYTES;
    const slab = this.#pool.take(small ? SMALL_SLAB_BYTES : LARGE_SLAB_BYTES);
    slab.writer = this;
    this.#slab = slab;
    return slab;
  }

  /** The current slab is free again: all that was sent is acknowledged. */
  forget(): void {
    this.#slab = null;
    this.#busy = false;
  }
}
