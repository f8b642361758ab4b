/** BatchEncoder: all that was added, in order, in as few chunks as memory allows. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramePlacer, type Slab, SlabPool } from '../../src/slab.js';
import { BatchEncoder } from '../../src/wire/batch-encoder.js';

/** Places a frame that is `fill` throughout, and adds it. */
function addFrame(batch: BatchEncoder, placer: FramePlacer, bytes: number, fill: number): Slab {
  const slab = placer.place(bytes);
  slab.bytes.fill(fill, slab.used - bytes, slab.used);
  batch.add(slab, slab.used - bytes, slab.used);
  return slab;
}

describe('BatchEncoder', () => {
  test('makes one chunk of frames that stand behind each other', () => {
    const batch = new BatchEncoder();
    const placer = new FramePlacer(new SlabPool());
    for (const fill of [1, 2, 3]) addFrame(batch, placer, 60, fill);
    const { chunks, byteLength } = batch.take();
    expect(chunks).toHaveLength(1);
    expect(byteLength).toBe(180);
    expect(chunks[0]).toEqual(Uint8Array.from({ length: 180 }, (_, at) => 1 + Math.floor(at / 60)));
  });

  test('copies nothing', () => {
    const batch = new BatchEncoder();
    const slab = addFrame(batch, new FramePlacer(new SlabPool()), 60, 1);
    expect(batch.take().chunks[0]?.buffer).toBe(slab.bytes.buffer);
  });

  test('keeps the order of frames from several places', () => {
    const batch = new BatchEncoder();
    const [one, other] = [new FramePlacer(new SlabPool()), new FramePlacer(new SlabPool())];
    addFrame(batch, one, 50, 1);
    addFrame(batch, other, 50, 2);
    addFrame(batch, one, 50, 3);
    addFrame(batch, one, 50, 4);
    expect(batch.take().chunks.map((chunk) => [chunk[0], chunk.length])).toEqual([
      [1, 50],
      [2, 50],
      [3, 100],
    ]);
  });

  test('does not join frames with a gap, or the end of one with the start of the slab', () => {
    const batch = new BatchEncoder();
    const placer = new FramePlacer(new SlabPool());
    const slab = placer.place(300);
    batch.add(slab, 0, 100);
    batch.add(slab, 150, 300);
    batch.add(slab, 0, 100);
    expect(batch.take().chunks.map(({ length }) => length)).toEqual([100, 150, 100]);
  });

  test('begins anew after each take', () => {
    const batch = new BatchEncoder();
    const placer = new FramePlacer(new SlabPool());
    addFrame(batch, placer, 50, 1);
    batch.take();
    expect(batch.byteLength).toBe(0);
    expect(batch.take()).toMatchObject({ chunks: [], byteLength: 0 });
    addFrame(batch, placer, 50, 2);
    expect(batch.byteLength).toBe(50);
    expect(batch.take().chunks.map((chunk) => [chunk[0], chunk.length])).toEqual([[2, 50]]);
  });

  describe('ends with its slab', () => {
    const KIB = 1024;
    /** A batch of so many frames of 1 KiB in a slab of 128 KiB, of a path that goes on writing. */
    const filled = (frames: number) => {
      const batch = new BatchEncoder();
      const placer = new FramePlacer(new SlabPool());
      // Of a slab that is small the first frame would fill most.
      const first = placer.place(5 * KIB);
      for (let count = 0; count < frames; count++) addFrame(batch, placer, KIB, 1);
      return { batch, placer, slab: first };
    };

    test('if it is large enough and the next frame stands elsewhere', () => {
      const { batch, placer } = filled(123);
      expect(batch.byteLength).toBe(123 * KIB);
      expect(batch.endsSlab).toBe(false);
      placer.place(KIB);
      expect(batch.endsSlab).toBe(true);
      batch.take();
      expect(batch.endsSlab).toBe(false);
    });

    test('not if it is small', () => {
      const { placer, slab } = filled(123);
      placer.place(KIB);
      expect(slab.writer).toBeNull();
      const batch = new BatchEncoder();
      batch.add(slab, slab.used - 64 * KIB + 1, slab.used);
      expect(batch.endsSlab).toBe(false);
      const large = new BatchEncoder();
      large.add(slab, slab.used - 64 * KIB, slab.used);
      expect(large.endsSlab).toBe(true);
    });

    test('not if more of it is to come', () => {
      const { placer, slab } = filled(123);
      placer.place(KIB);
      const batch = new BatchEncoder();
      batch.add(slab, 0, slab.used - KIB);
      expect(batch.endsSlab).toBe(false);
      batch.add(slab, slab.used - KIB, slab.used);
      expect(batch.endsSlab).toBe(true);
    });
  });

  test('holds the memory until the write is done, and no longer', () => {
    const pool = new SlabPool();
    const batch = new BatchEncoder();
    const slab = addFrame(batch, new FramePlacer(pool), 50, 1);
    const { done } = batch.take();
    slab.release();
    expect(new FramePlacer(pool).place(50)).not.toBe(slab);
    done();
    expect(new FramePlacer(pool).place(50)).toBe(slab);
  });

  test('writes what was added, though frames come and go while writes are under way', () => {
    const anyStep = fc.record({
      placer: fc.nat(1),
      bytes: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(16_384, 20_000)),
      /** Of the message; the batch has its own hold. */
      release: fc.boolean(),
      take: fc.boolean(),
      finish: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60, size: 'max' }), (steps) => {
        const pool = new SlabPool();
        const placers = [new FramePlacer(pool), new FramePlacer(pool)] as const;
        const batch = new BatchEncoder();
        let added: number[] = [];
        const writes: { chunks: Uint8Array[]; expected: number[]; done: () => void }[] = [];
        const check = ({ chunks, expected, done }: (typeof writes)[number]): void => {
          const written = chunks.flatMap((chunk) => [...runs(chunk)]);
          expect(merge(written)).toEqual(merge(expected.map((bytes, at) => [at, bytes])));
          done();
        };
        for (const { placer, bytes, release, take, finish } of steps) {
          const slab = addFrame(batch, placers[placer as 0 | 1], bytes, added.length);
          added.push(bytes);
          if (release) slab.release();
          if (take || added.length > 200) {
            writes.push({ ...batch.take(), expected: added });
            added = [];
          }
          for (const write of writes.splice(0, finish)) check(write);
        }
        for (const write of writes) check(write);
      }),
    );
  });
});

type Run = [fill: number, length: number];

/** The stretches of equal bytes. */
function* runs(chunk: Uint8Array): Generator<Run> {
  for (let at = 0; at < chunk.length; ) {
    const fill = chunk[at] as number;
    const next = chunk.subarray(at).findIndex((byte) => byte !== fill);
    const length = next < 0 ? chunk.length - at : next;
    yield [fill, length];
    at += length;
  }
}

/** Joins neighbours with the same fill. */
function merge(all: readonly Run[]): Run[] {
  return all.reduce<Run[]>((merged, [fill, length]) => {
    const last = merged.at(-1);
    if (last?.[0] === fill) last[1] += length;
    else merged.push([fill, length]);
    return merged;
  }, []);
}
