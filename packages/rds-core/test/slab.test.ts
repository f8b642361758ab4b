/** Slab: frames that are in use never share a byte, and what is free is used again. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FramePlacer, type Slab, SlabPool } from '../src/slab.js';

interface Placed {
  readonly slab: Slab;
  readonly start: number;
  readonly end: number;
  readonly fill: number;
  users: number;
}

function place(placer: FramePlacer, bytes: number, fill = 0): Placed {
  const slab = placer.place(bytes);
  const end = slab.used;
  slab.bytes.fill(fill, end - bytes, end);
  return { slab, start: end - bytes, end, fill, users: 1 };
}

function isIntact({ slab, start, end, fill }: Placed): boolean {
  if (start < 0 || end > slab.bytes.byteLength) return false;
  return Buffer.alloc(end - start, fill).equals(slab.bytes.subarray(start, end));
}

const anySize = fc.oneof(
  fc.integer({ min: 48, max: 200 }),
  fc.integer({ min: 48, max: 9000 }),
  fc.constantFrom(4096, 4097, 16_384, 16_385, 65_536, 65_537, 1_048_624),
);
const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ placer: fc.nat(2), bytes: anySize }) },
  { weight: 3, arbitrary: fc.record({ release: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ retain: fc.nat() }) },
);

describe('Slab', () => {
  test('keeps each frame untouched until its last user is done, whoever else writes', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
        const pool = new SlabPool();
        const placers = [0, 1, 2].map(() => new FramePlacer(pool));
        const used: Placed[] = [];
        for (const [index, step] of steps.entries()) {
          if ('bytes' in step) {
            used.push(place(placers[step.placer] as FramePlacer, step.bytes, 1 + (index % 255)));
            continue;
          }
          const frame = used[('retain' in step ? step.retain : step.release) % used.length];
          if (frame === undefined) continue;
          if ('retain' in step) {
            frame.slab.retain();
            frame.users++;
            continue;
          }
          expect(isIntact(frame)).toBe(true);
          frame.slab.release();
          if (--frame.users === 0) used.splice(used.indexOf(frame), 1);
        }
        expect(used.every(isIntact)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('holds the frames of one path one behind the other', () => {
    const placer = new FramePlacer(new SlabPool());
    const first = place(placer, 100);
    const second = place(placer, 148);
    expect(second.slab).toBe(first.slab);
    expect(second.start).toBe(first.end);
  });

  test('says before whether a frame has room in it', () => {
    const anyFrame = fc.tuple(anySize, fc.boolean());
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 100, size: 'max' }), (frames) => {
        const placer = new FramePlacer(new SlabPool());
        let last: Slab | null = null;
        for (const [bytes, release] of frames) {
          const fits = placer.fits(bytes);
          const { slab } = place(placer, bytes);
          expect(fits).toBe(slab === last);
          const isOwn = bytes > 16_384;
          if (!isOwn) last = slab;
          if (!release) continue;
          slab.release();
          // Free again: the next frame is placed in whatever slab the pool has.
          if (slab.used === 0 && !isOwn) last = null;
        }
      }),
    );
  });

  test('is not shared between two paths', () => {
    const pool = new SlabPool();
    const [one, other] = [new FramePlacer(pool), new FramePlacer(pool)];
    expect(place(one, 100).slab).not.toBe(place(other, 100).slab);
  });

  test('has room for a frame of any size', () => {
    const placer = new FramePlacer(new SlabPool());
    for (const bytes of [48, 4096, 4097, 16_384, 16_385, 65_536, 1_048_624]) {
      const { slab, start, end } = place(placer, bytes);
      expect(end - start).toBe(bytes);
      expect(slab.bytes.byteLength).toBeGreaterThanOrEqual(end);
    }
  });

  test('reads and writes the same memory by its view', () => {
    const { slab, start } = place(new FramePlacer(new SlabPool()), 100);
    slab.view.setUint8(start, 77);
    expect(slab.bytes[start]).toBe(77);
  });
});

describe('SlabPool', () => {
  test('gives out again what is free, to any path', () => {
    const pool = new SlabPool();
    const first = place(new FramePlacer(pool), 100);
    first.slab.release();
    const second = place(new FramePlacer(pool), 100);
    expect(second.slab).toBe(first.slab);
    expect(second.start).toBe(0);
  });

  test('takes a slab that is free from the path that wrote to it', () => {
    const pool = new SlabPool();
    const [one, other] = [new FramePlacer(pool), new FramePlacer(pool)];
    place(one, 100).slab.release();
    const { slab } = place(other, 100);
    expect(place(one, 100).slab).not.toBe(slab);
  });

  test('gives out nothing that a write still needs', () => {
    const pool = new SlabPool();
    const { slab } = place(new FramePlacer(pool), 100);
    slab.retain();
    slab.release();
    expect(place(new FramePlacer(pool), 100).slab).not.toBe(slab);
    slab.release();
    expect(place(new FramePlacer(pool), 100).slab).toBe(slab);
  });

  test('lets a busy path turn over the same slabs', () => {
    const placer = new FramePlacer(new SlabPool());
    const seen = new Set<Slab>();
    const used: Placed[] = [];
    for (let count = 0; count < 5000; count++) {
      const frame = place(placer, 1072);
      seen.add(frame.slab);
      used.push(frame);
      if (used.length > 100) used.shift()?.slab.release();
    }
    expect(seen.size).toBeLessThanOrEqual(5);
  });

  test('keeps a limited number', () => {
    const pool = new SlabPool();
    const burst = (): Set<Slab> => {
      const placer = new FramePlacer(pool);
      const frames = Array.from({ length: 6000 }, () => place(placer, 16_000));
      for (const { slab } of frames) slab.release();
      return new Set(frames.map(({ slab }) => slab));
    };
    const before = burst();
    const kept = [...burst()].filter((slab) => before.has(slab));
    const bytes = kept.reduce((sum, slab) => sum + slab.bytes.byteLength, 0);
    expect(before.size).toBeGreaterThan(500);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  });
});
