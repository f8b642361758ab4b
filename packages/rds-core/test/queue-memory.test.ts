/** What goes on waiting on a socket: copies that keep no more than what waits with them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyOut } from '../src/queue-memory.js';
import { ReceiveQueue } from '../src/receive-queue.js';

const KIB = 1024;
const FROM = { address: '10.0.0.1', port: 4000 };

const buffersOf = (all: Iterable<Uint8Array>) => new Set(Array.from(all, ({ buffer }) => buffer));
const keptBytes = (all: Iterable<Uint8Array>): number =>
  [...buffersOf(all)].reduce((sum, { byteLength }) => sum + byteLength, 0);
/** In a chunk that is much larger. */
const inChunk = (length: number, fill = 0): Uint8Array =>
  new Uint8Array(10 * (length + 10)).subarray(7, 7 + length).fill(fill);

describe('copyOut', () => {
  test('gives the same messages, in little more memory than they take', () => {
    const anyLength = fc.oneof(
      fc.nat(3000),
      fc.constantFrom(0, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB, 100_000),
    );
    fc.assert(
      fc.property(fc.array(anyLength, { maxLength: 60, size: 'max' }), (lengths) => {
        const messages = lengths.map((length, n) => inChunk(length, n));
        const copies = copyOut(messages);
        // What was read with them may be overwritten by now, as far as they are concerned.
        for (const message of messages) message.fill(0xee);
        expect(copies.map(({ length }) => length)).toEqual(lengths);
        for (const [n, copy] of copies.entries()) {
          if (!Buffer.alloc(copy.length, n).equals(copy)) expect.fail(`message ${n} has changed`);
        }
        const bytes = lengths.reduce((sum, length) => sum + length, 0);
        // A block of 64 KiB is given up when a message of up to 16 KiB does not fit any more.
        expect(keptBytes(copies)).toBeLessThanOrEqual((bytes * 4) / 3);
      }),
      { numRuns: 50 },
    );
  });

  test('puts small messages one behind the other, into blocks of the size of a read', () => {
    const copies = copyOut(Array.from({ length: 200 }, (_, n) => inChunk(1000, n)));
    const sizes = [...buffersOf(copies)].map(({ byteLength }) => byteLength);
    expect(sizes).toEqual([64 * KIB, 64 * KIB, 64 * KIB, 200_000 - 3 * 65_000]);
    const [first, second] = copies;
    expect(second?.byteOffset).toBe((first?.byteOffset ?? 0) + 1000);
  });

  test('gives a large message memory of its own, between small ones', () => {
    const copies = copyOut([inChunk(10), inChunk(16 * KIB + 1), inChunk(10)]);
    expect(copies.map(({ buffer }) => buffer.byteLength)).toEqual([20, 16 * KIB + 1, 20]);
  });

  test('copies Buffers, too, of which a slice is no copy', () => {
    const pool = new ArrayBuffer(1 << 20);
    const lengths = [100, 16 * KIB, 20_000];
    const copies = copyOut(lengths.map((length) => Buffer.from(pool, 50, length).fill(7)));
    new Uint8Array(pool).fill(0xee);
    for (const [n, copy] of copies.entries()) {
      expect(copy.buffer).not.toBe(pool);
      expect(Buffer.alloc(lengths[n] as number, 7).equals(copy)).toBe(true);
    }
  });

  test('leaves a message where it is that is most of what it keeps', () => {
    const [most, less] = [875, 874].map((length) => new Uint8Array(1000).subarray(0, length));
    const copies = copyOut([most as Uint8Array, less as Uint8Array]);
    expect(copies[0]).toBe(most);
    expect(copies[1]?.buffer.byteLength).toBe(874);
  });
});

describe('a queue of messages', () => {
  const queueOf = () =>
    new ReceiveQueue(1 << 20, { congestionChanged() {}, queueChanged() {}, borrowed() {} });

  test('keeps neither what they were read with, nor what was read from it', () => {
    const queue = queueOf();
    const chunk = new Uint8Array(64 * KIB);
    for (let n = 0; n < 100; n++) queue.push({ data: chunk.subarray(n, n + 20), from: FROM });
    queue.settleLoans();
    const waiting = Array.from(queue, ({ data }) => data);
    expect(buffersOf(waiting).has(chunk.buffer)).toBe(false);
    expect(keptBytes(waiting)).toBe(2000);
    while (queue.shift() !== undefined);
    queue.push({ data: chunk.subarray(0, 20), from: FROM });
    queue.settleLoans();
    expect(queue.peek()?.data.buffer.byteLength).toBe(20);
  });

  test('leaves a message where it is that is most of what it keeps', () => {
    const queue = queueOf();
    const data = new Uint8Array(1000).subarray(0, 900);
    queue.push({ data, from: FROM });
    queue.settleLoans();
    expect(queue.peek()?.data).toBe(data);
  });
});
