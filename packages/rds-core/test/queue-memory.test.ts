/** QueueMemory: copies that keep no more than what waits with them. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QueueMemory } from '../src/queue-memory.js';
import { ReceiveQueue } from '../src/receive-queue.js';

const FROM = { address: '10.0.0.1', port: 4000 };

describe('QueueMemory', () => {
  test('gives copies that nobody writes to again, in little more memory than they take', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { maxLength: 200, size: 'max' }), (lengths) => {
        const memory = new QueueMemory();
        let queuedBytes = 0;
        const copies = lengths.map((length, n) => {
          const copy = memory.copy(new Uint8Array(length).fill(n), queuedBytes);
          queuedBytes += length;
          return copy;
        });
        for (const [n, copy] of copies.entries()) {
          expect(copy.length).toBe(lengths[n]);
          expect(copy.every((byte) => byte === n)).toBe(true);
        }
        const blocks = new Set(copies.map(({ buffer }) => buffer));
        const kept = [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0);
        expect(kept).toBeLessThanOrEqual(2 * queuedBytes);
      }),
    );
  });

  test('begins anew when it is cleared', () => {
    const memory = new QueueMemory();
    const [first, second] = [1000, 1000].map((queued) => memory.copy(new Uint8Array(10), queued));
    expect(second?.buffer).toBe(first?.buffer);
    expect(first?.buffer.byteLength).toBe(500);
    memory.clear();
    const third = memory.copy(new Uint8Array(10), 0);
    expect(third.buffer.byteLength).toBe(10);
  });
});

describe('a queue of messages', () => {
  const queueOf = () => new ReceiveQueue(1 << 20, { congestionChanged() {}, queueChanged() {} });

  test('keeps neither what they were read with, nor what was read from it', () => {
    const queue = queueOf();
    const chunk = new Uint8Array(64 * 1024);
    for (let n = 0; n < 100; n++) queue.push({ data: chunk.subarray(n, n + 20), from: FROM });
    const buffers = new Set(Array.from(queue, ({ data }) => data.buffer));
    expect(buffers.has(chunk.buffer)).toBe(false);
    const kept = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(kept).toBeLessThan(2 * queue.bytes);
    while (queue.shift() !== undefined);
    queue.push({ data: chunk.subarray(0, 20), from: FROM });
    expect(queue.peek()?.data.buffer.byteLength).toBe(20);
  });

  test('leaves a message where it is that is most of what it keeps', () => {
    const queue = queueOf();
    const data = new Uint8Array(1000).subarray(0, 900);
    queue.push({ data, from: FROM });
    expect(queue.peek()?.data).toBe(data);
  });
});
