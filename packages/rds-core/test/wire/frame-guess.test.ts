/** Large messages of one length: the next is read to where it is to be, with its header. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameDecoder, type FrameSink } from '../../src/wire/frame-decoder.js';
import { frameBytes } from './frames.js';

const KIB = 1024;
const HEADER = 48;
/** As much as a stream reads at once if it is not told where to. */
const READ_BYTES = 64 * KIB;

const payloadOf = (n: number, length: number): Buffer =>
  Buffer.alloc(length, `the payload of message ${n}, `);

interface Heard {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** A connection: reads to where it is told, and notes what comes of it. */
class Reading {
  readonly decoder: FrameDecoder;
  readonly heard: Heard[] = [];
  /** Stops there. */
  stopsAt: ReadonlySet<number> = new Set();
  readonly #bytes: Buffer;
  #at = 0;
  readonly #sink: FrameSink;

  constructor(lengths: readonly number[], allocate?: (bytes: number) => Uint8Array) {
    this.decoder = new FrameDecoder(4 * KIB * KIB, allocate);
    this.#bytes = Buffer.concat(
      lengths.map((length, n) =>
        frameBytes({ sequence: n + 1, payload: payloadOf(n + 1, length) }),
      ),
    );
    const hear = ({ sequence }: { sequence: number }, payload: Uint8Array): boolean => {
      expect(this.decoder.isStopped).toBe(false);
      this.heard.push({ sequence, payload });
      if (this.stopsAt.has(sequence)) this.decoder.stop();
      return true;
    };
    this.#sink = { frame: hear, nextFrame: hear };
  }

  get isOver(): boolean {
    return this.#at === this.#bytes.length;
  }

  /**
   * One read of up to `most` bytes; returns where to it was told to read. `interrupted`: the decoder
   * is stopped while it is under way. `elsewhere`: it does not read to where it was told.
   */
  read(most: number, interrupted = false, elsewhere = false): Uint8Array | null {
    const { decoder } = this;
    const room = decoder.room;
    const memory = elsewhere || room === null ? new Uint8Array(READ_BYTES) : room;
    // Whoever got a part of it before sees this.
    memory.fill(0xee);
    const piece = this.#bytes.subarray(this.#at, this.#at + Math.min(most, memory.length));
    this.#at += piece.length;
    memory.set(piece);
    if (interrupted) decoder.stop();
    expect(decoder.push(memory.subarray(0, piece.length), this.#sink)).toBeNull();
    return room;
  }

  readTo(bytes: number): void {
    while (this.#at < bytes) this.read(Math.min(30_000, bytes - this.#at));
  }

  go(): void {
    expect(this.decoder.go(this.#sink)).toBeNull();
  }

  check(lengths: readonly number[]): void {
    expect(this.heard.map(({ sequence }) => sequence)).toEqual(lengths.map((_, n) => n + 1));
    for (const [n, { payload }] of this.heard.entries()) {
      const wanted = payloadOf(n + 1, lengths[n] as number);
      if (!wanted.equals(payload)) expect.fail(`message ${n + 1} of ${wanted.length} bytes`);
    }
  }
}

/** Has read two messages of `length` bytes, each in pieces. */
function afterTwo(length: number, ...more: number[]): Reading {
  const reading = new Reading([length, length, ...more]);
  reading.readTo(2 * (HEADER + length));
  expect(reading.heard).toHaveLength(2);
  return reading;
}

describe('two large messages of one length', () => {
  test.each([
    [48 * KIB - 1, false],
    [48 * KIB, true],
    [64 * KIB, true],
    [64 * KIB + 1, false],
  ])('of %d bytes make room for a third: %s', (length, isGuessed) => {
    const { decoder } = afterTwo(length);
    expect(decoder.room?.length).toBe(isGuessed ? HEADER + length : undefined);
    // It is asked for before each read, of which some bring nothing.
    expect(decoder.room?.buffer).toBe(decoder.room?.buffer);
  });

  test('are two', () => {
    const one = new Reading([64 * KIB, 64 * KIB + 1]);
    one.readTo(HEADER + 64 * KIB);
    expect(one.decoder.room).toBeNull();
    one.readTo(2 * (HEADER + 64 * KIB) + 1);
    expect(one.heard).toHaveLength(2);
    expect(one.decoder.room).toBeNull();
  });

  test.each([[1 << 20], [1448], [HEADER], [49], [65_000]])(
    'are followed by a third without a copy, if %d bytes come at once',
    (most) => {
      const length = 64 * KIB;
      const reading = afterTwo(length, length, length);
      const room = reading.read(most);
      while (reading.heard.length < 3) expect(reading.read(most)?.buffer).toBe(room?.buffer);
      const payload = reading.heard[2]?.payload;
      expect(payload?.buffer).toBe(room?.buffer);
      expect(payload?.byteOffset).toBe(HEADER);
      // What was handed out is not the room of the next one.
      expect(reading.decoder.room?.length).toBe(HEADER + length);
      expect(reading.decoder.room?.buffer).not.toBe(room?.buffer);
      while (!reading.isOver) reading.read(most);
      reading.check([length, length, length, length]);
    },
  );

  test.each([
    ['a shorter one', [1000]],
    ['small ones', [10, 0, 20, 30]],
    ['a longer one', [64 * KIB + 1]],
    ['one that is as long but for a byte, and small ones', [64 * KIB - 1, 5, 5]],
  ])('are followed by %s, which shares no memory with the room', (_name, others) => {
    const lengths = [64 * KIB, 64 * KIB, ...others];
    const reading = afterTwo(64 * KIB, ...others);
    const room = reading.read(READ_BYTES);
    expect(room?.length).toBe(HEADER + 64 * KIB);
    while (!reading.isOver) reading.read(READ_BYTES);
    for (const { payload } of reading.heard.slice(2)) {
      expect(payload.buffer).not.toBe(room?.buffer);
    }
    reading.check(lengths);
  });

  test.each([[48 * KIB], [64 * KIB]])(
    'of %d bytes and small ones share no memory, if it is in Buffers, too',
    (length) => {
      const lengths = [length, length, 100, 0, 20];
      const reading = new Reading(lengths, (bytes) => Buffer.allocUnsafeSlow(bytes));
      reading.readTo(2 * (HEADER + length));
      // All at once, into memory that they must not keep.
      const room = reading.read(READ_BYTES);
      expect(room).toBeInstanceOf(Buffer);
      expect(room?.length).toBe(HEADER + length);
      room?.fill(0xee);
      reading.check(lengths);
      for (const { payload } of reading.heard.slice(2)) {
        expect(payload.buffer.byteLength).toBeLessThan(1000);
      }
    },
  );

  test('are followed by half a header: that is no reason to keep the room', () => {
    const lengths = [64 * KIB, 64 * KIB, 64 * KIB];
    const reading = afterTwo(64 * KIB, 64 * KIB);
    const room = reading.read(20);
    expect(reading.decoder.room).toBeNull();
    while (!reading.isOver) reading.read(READ_BYTES);
    reading.check(lengths);
    expect(reading.heard[2]?.payload.buffer).not.toBe(room?.buffer);
  });

  test.each([
    ['a read during which the decoder is stopped', true, false],
    ['a read to another place', false, true],
  ])('make room that is forgotten with the guess, after %s', (_name, interrupted, elsewhere) => {
    for (const kib of [50, 63]) {
      const lengths = [56, 56, kib, kib, kib].map((each) => each * KIB);
      const reading = new Reading(lengths);
      reading.readTo(2 * (HEADER + 56 * KIB));
      expect(reading.read(20_000, interrupted, elsewhere)?.length).toBe(HEADER + 56 * KIB);
      if (interrupted) reading.go();
      reading.readTo(lengths.slice(0, 4).reduce((sum, length) => sum + HEADER + length, 0));
      expect(reading.decoder.room?.length).toBe(HEADER + kib * KIB);
      while (!reading.isOver) reading.read(READ_BYTES);
      reading.check(lengths);
    }
  });

  test('are not followed by what makes no sense, or by anything behind it', () => {
    const length = 64 * KIB;
    const reading = afterTwo(length);
    const good = frameBytes({ sequence: 3, payload: payloadOf(3, length) });
    const bad = Buffer.from(good);
    bad.fill(0xff, 8, 16);
    const sink = { frame: () => expect.fail('a frame after a fault'), nextFrame() {} };
    for (const bytes of [bad, good, good]) {
      const room = reading.decoder.room ?? new Uint8Array(HEADER + length);
      room.set(bytes);
      expect(reading.decoder.push(room, sink)).toBe('bad-header');
    }
  });
});

test('what is handed out is right, and is never written to again', () => {
  const limits = [16, 48, 64, 256, 1024].map((kib) => kib * KIB);
  const anyLength = fc.oneof(
    { weight: 1, arbitrary: fc.nat(100) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...limits), fc.integer({ min: -HEADER - 1, max: 1 }))
        .map(([limit, more]) => limit + more),
    },
  );
  const anyLengths = fc
    .array(fc.tuple(anyLength, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 5 })
    .map((groups) => groups.flatMap(([length, times]) => new Array<number>(times).fill(length)));
  const most = fc.oneof(
    fc.nat(100),
    fc.constantFrom(HEADER - 1, HEADER, 1448, 16 * KIB, READ_BYTES, 1 << 20),
  );
  const anyRead = fc.record({
    most,
    /** Of ten. */
    interrupted: fc.nat(9).map((of) => of === 0),
    elsewhere: fc.nat(9).map((of) => of === 0),
    staysStopped: fc.boolean(),
  });
  const anyReads = fc.array(anyRead, { maxLength: 12, size: 'max' });
  const stops = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 });
  let guesses = 0;
  fc.assert(
    fc.property(anyLengths, anyReads, stops, (lengths, reads, stopsAt) => {
      const reading = new Reading(lengths);
      reading.stopsAt = new Set(stopsAt);
      // Or one that reads a byte at a time would take very long.
      const all = [
        ...reads,
        { most: 30_000, interrupted: false, elsewhere: false, staysStopped: false },
      ];
      for (let count = 0; !reading.isOver; count++) {
        const { most, interrupted, elsewhere, staysStopped } = all[
          count % all.length
        ] as (typeof all)[number];
        const room = reading.read(1 + most, interrupted, elsewhere);
        if (room?.byteOffset === 0 && room.length > 48 * KIB) guesses++;
        while (reading.decoder.isStopped && !staysStopped) reading.go();
      }
      while (reading.decoder.isStopped) reading.go();
      reading.check(lengths);
    }),
    { numRuns: 60 },
  );
  expect(guesses).toBeGreaterThan(0);
});
