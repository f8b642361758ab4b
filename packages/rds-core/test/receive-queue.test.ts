/** ReceiveQueue: when a port is congested, who is served, and what memory a message keeps. */

import { SimulatedClock } from '@rds-tcp/core/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { RdsError } from '../src/errors.js';
import type { Incoming } from '../src/message.js';
import { Pending } from '../src/pending.js';
import { ReceiveQueue } from '../src/receive-queue.js';

const clock = new SimulatedClock();
const from = { address: '10.0.0.2', port: 4000 };
const message = (length: number, fill = 0): Incoming => ({
  data: new Uint8Array(length).fill(fill),
  from,
});

let marks: boolean[];
let queuedBytes: number;
let borrowings: number;
beforeEach(() => {
  borrowings = 0;
  marks = [];
  queuedBytes = 0;
});

function makeQueue(limitBytes = 1000): ReceiveQueue {
  return new ReceiveQueue(limitBytes, {
    congestionChanged: (congested) => marks.push(congested),
    queueChanged: (by: number) => {
      queuedBytes += by;
    },
    borrowed: () => borrowings++,
  });
}

describe('congestion', () => {
  test('begins above the limit, as in the kernel, and ends below half of it', () => {
    const queue = makeQueue(10_000);
    for (let count = 1; count <= 10; count++) queue.push(message(1000));
    expect(marks).toEqual([]);
    queue.push(message(1000));
    expect(marks).toEqual([true]);
    expect(queue.isCongested).toBe(true);
    while (queue.bytes > 5000) queue.shift();
    expect(marks).toEqual([true]);
    queue.shift();
    expect(marks).toEqual([true, false]);
    expect(queue.isCongested).toBe(false);
  });

  test('is announced once, however much more arrives, and nothing is dropped', () => {
    const queue = makeQueue(100);
    for (let count = 0; count < 50; count++) queue.push(message(200));
    expect(marks).toEqual([true]);
    expect(queue.length).toBe(50);
  });

  test('ends when the socket closes', () => {
    const queue = makeQueue(100);
    queue.push(message(200));
    queue.push(message(200));
    expect(queue.close()).toEqual({ unread: 2, readers: [] });
    expect(marks).toEqual([true, false]);
    expect([queue.length, queue.bytes, queuedBytes]).toEqual([0, 0, 0]);
  });

  test('comes of empty messages too', () => {
    const queue = makeQueue(1000);
    for (let count = 0; count < 16; count++) queue.push(message(0));
    expect(marks).toEqual([true]);
  });

  test('follows the bytes that are queued, whatever comes and goes', () => {
    const limit = 1000;
    const arrive = fc.record({ length: fc.oneof(fc.nat(300), fc.constant(1500)) });
    const read = fc.constant(null);
    fc.assert(
      fc.property(fc.array(fc.oneof(arrive, read), { maxLength: 60, size: 'max' }), (steps) => {
        marks = [];
        queuedBytes = 0;
        const queue = makeQueue(limit);
        const lengths: number[] = [];
        let congested = false;
        let changes = 0;
        for (const step of steps) {
          if (step !== null) {
            queue.push(message(step.length));
            lengths.push(step.length);
          } else {
            expect(queue.peek()?.data.length).toBe(lengths[0]);
            expect(queue.shift()?.data.length).toBe(lengths.shift());
          }
          const bytes = lengths.reduce((sum, length) => sum + Math.max(64, length), 0);
          const before: boolean = congested;
          if (bytes > limit) congested = true;
          else if (bytes < limit / 2) congested = false;
          if (congested !== before) changes++;
          expect([queue.bytes, queuedBytes, queue.length]).toEqual([bytes, bytes, lengths.length]);
          expect([queue.isCongested, marks.length]).toEqual([congested, changes]);
        }
      }),
    );
  });
});

describe('messages that are read several at a time', () => {
  test('are the same, and count the same, as if they were read one by one', () => {
    const push = fc.record({ push: fc.oneof(fc.nat(300), fc.constant(1500)) });
    const read = fc.record({ read: fc.oneof(fc.nat(6), fc.constant(Infinity)) });
    const resize = fc.record({ resize: fc.integer({ min: 1, max: 3000 }) });
    const settle = fc.constant({ settle: true });
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: push }, read, resize, settle), {
      maxLength: 60,
      size: 'max',
    });
    fc.assert(
      fc.property(steps, (all) => {
        const told: (readonly unknown[])[][] = [[], []];
        const [many, single] = told.map((said) => {
          return new ReceiveQueue(1000, {
            congestionChanged: (congested) => void said.push(['congested', congested]),
            queueChanged: (bytes, messages) => void said.push(['queued', bytes, messages]),
            borrowed() {},
          });
        }) as [ReceiveQueue, ReceiveQueue];
        const sums = (n: number) => {
          const rows = (told[n] ?? []).filter(([what]) => what === 'queued') as number[][];
          return [1, 2].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
        };
        const marks = (n: number) => (told[n] ?? []).filter(([what]) => what === 'congested');
        for (const [n, step] of all.entries()) {
          if ('push' in step) {
            for (const queue of [many, single]) queue.push(message(step.push, n));
          } else if ('read' in step) {
            const before = told[0]?.length;
            const got = many.shiftMany(step.read);
            const wanted: Incoming[] = [];
            while (wanted.length < step.read && single.length > 0) {
              wanted.push(single.shift() as Incoming);
            }
            expect(got).toEqual(wanted);
            if (got.length === 0) expect(told[0]).toHaveLength(before ?? 0);
          } else {
            for (const queue of [many, single]) {
              if ('resize' in step) queue.resize(step.resize);
              else queue.settleLoans();
            }
          }
          expect([many.length, many.bytes]).toEqual([single.length, single.bytes]);
          expect(many.isCongested).toBe(single.isCongested);
          expect(sums(0)).toEqual([many.bytes, many.length]);
          expect(sums(1)).toEqual(sums(0));
          expect(marks(0)).toEqual(marks(1));
        }
      }),
    );
  });

  test('end a congestion once, when all of them are gone', () => {
    const queue = makeQueue(1000);
    for (let count = 0; count < 11; count++) queue.push(message(100));
    expect(marks).toEqual([true]);
    expect(queue.shiftMany(6)).toHaveLength(6);
    expect(marks).toEqual([true]);
    queue.shiftMany(1);
    expect(marks).toEqual([true, false]);
    expect(queue.shiftMany(Infinity)).toHaveLength(4);
    expect(queuedBytes).toBe(0);
  });
});

describe('readers', () => {
  const read = (queue: ReceiveQueue, peek = false): Pending<Incoming> => {
    const pending = new Pending<Incoming>(clock, undefined, {});
    pending.promise.catch(() => {});
    queue.wait({ pending, peek });
    return pending;
  };

  test('are served in order, one message each', async () => {
    const queue = makeQueue();
    const readers = [read(queue), read(queue)];
    const served = [1, 2, 3].map((fill) => queue.serve(message(10, fill)));
    expect(served).toEqual([true, true, false]);
    const got = await Promise.all(readers.map(({ promise }) => promise));
    expect(got.map(({ data }) => data[0])).toEqual([1, 2]);
    expect(queue.length).toBe(0);
  });

  test('that gave up are passed over', async () => {
    const queue = makeQueue();
    const [gone, waiting] = [read(queue), read(queue)];
    gone.reject(new RdsError('ETIMEDOUT', 'nothing came'));
    expect(queue.serve(message(10, 7))).toBe(true);
    expect((await waiting.promise).data[0]).toBe(7);
  });

  test('that only look see the message that another gets', async () => {
    const queue = makeQueue();
    const [looks, takes, next] = [read(queue, true), read(queue), read(queue)];
    expect(queue.serve(message(10, 7))).toBe(true);
    expect((await looks.promise).data[0]).toBe(7);
    expect((await takes.promise).data[0]).toBe(7);
    expect(next.isSettled).toBe(false);
  });

  test('that only look leave the message to be queued', async () => {
    const queue = makeQueue();
    const looks = [read(queue, true), read(queue, true)];
    expect(queue.serve(message(10, 7))).toBe(false);
    for (const { promise } of looks) expect((await promise).data[0]).toBe(7);
  });

  test('that wait in vain are named when the queue closes', () => {
    const queue = makeQueue();
    const pending = read(queue);
    expect(queue.close().readers).toEqual([{ pending, peek: false }]);
    expect(queue.serve(message(1))).toBe(false);
  });
});

describe('a queued message', () => {
  const inChunk = (length: number, chunkBytes: number): Incoming => {
    const chunk = new Uint8Array(chunkBytes);
    return { data: chunk.subarray(48, 48 + length).fill(7), from };
  };

  test('is looked at as often as one likes, and is then still there', () => {
    const queue = makeQueue();
    queue.push(message(10, 1));
    queue.push(message(10, 2));
    expect([queue.peek(), queue.peek()].map((peeked) => peeked?.data[0])).toEqual([1, 1]);
    expect(queue.length).toBe(2);
    expect([queue.shift(), queue.shift()].map((shifted) => shifted?.data[0])).toEqual([1, 2]);
    expect(queue.peek()).toBeUndefined();
    expect(queue.shift()).toBeUndefined();
  });

  test('does not keep a chunk in memory that is much larger', () => {
    const queue = makeQueue();
    const small = inChunk(64, 65_536);
    queue.push(small);
    queue.settleLoans();
    const queued = queue.peek() as Incoming;
    expect(queued.data.buffer.byteLength).toBe(64);
    expect(queued.data).toEqual(small.data);
    expect(queued.from).toBe(from);
  });

  test('is not copied if it is nearly all of its chunk', () => {
    const queue = makeQueue();
    const large = inChunk(1750, 2000);
    queue.push(large);
    queue.settleLoans();
    expect(queue.peek()).toBe(large);
  });

  test('is lent until the turn ends: who reads it before has the very message', () => {
    const queue = makeQueue();
    const all = [1, 2, 3, 4].map((length) => inChunk(length, 65_536));
    for (const one of all) queue.push(one);
    expect(queue.peek()).toBe(all[0]);
    expect(queue.shift()).toBe(all[0]);
    expect(queue.shiftMany(2)).toEqual([all[1], all[2]]);
    queue.settleLoans();
    const last = queue.shift();
    expect(last).toEqual(all[3]);
    expect(last?.data.buffer.byteLength).toBe(4);
  });

  test('says that it is lent once for all that come until the turn ends', () => {
    const queue = makeQueue();
    for (let count = 0; count < 5; count++) queue.push(inChunk(10, 1000));
    expect(borrowings).toBe(1);
    queue.settleLoans();
    expect(borrowings).toBe(1);
    queue.push(inChunk(10, 1000));
    expect(borrowings).toBe(2);
    // All was read, and something comes: that is lent, too.
    queue.shiftMany(Infinity);
    const late = inChunk(10, 1000);
    queue.push(late);
    queue.settleLoans();
    expect(queue.peek()?.data.buffer).not.toBe(late.data.buffer);
  });

  test('keeps all that is said of it, and its place, whatever happens before the turn ends', () => {
    const anyStep = fc.oneof(
      { weight: 4, arbitrary: fc.record({ push: fc.oneof(fc.nat(50), fc.nat(20_000)) }) },
      { weight: 2, arbitrary: fc.record({ read: fc.nat(4) }) },
      { weight: 2, arbitrary: fc.constant('settle' as const) },
      { weight: 1, arbitrary: fc.record({ resize: fc.integer({ min: 1, max: 100_000 }) }) },
      { weight: 1, arbitrary: fc.constant('close' as const) },
    );
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40, size: 'max' }), (steps) => {
        const queue = makeQueue();
        const chunks = new Set<ArrayBufferLike>();
        let waiting: { length: number; fill: number; receivedAtMs: number | undefined }[] = [];
        let next = 0;
        const check = (got: Incoming | undefined, wanted = waiting[0]): void => {
          expect(got === undefined).toBe(wanted === undefined);
          if (wanted === undefined) return;
          const { length, fill, receivedAtMs } = wanted;
          expect(got).toMatchObject({ from });
          expect(got?.receivedAtMs).toBe(receivedAtMs);
          expect(Buffer.alloc(length, fill).equals(got?.data ?? Buffer.alloc(0))).toBe(true);
        };
        for (const step of steps) {
          if (step === 'settle') {
            queue.settleLoans();
            for (const { data } of queue) expect(chunks.has(data.buffer)).toBe(false);
          } else if (step === 'close') {
            expect(queue.close().unread).toBe(waiting.length);
            waiting = [];
          } else if ('resize' in step) {
            queue.resize(step.resize);
          } else if ('read' in step) {
            const got = queue.shiftMany(step.read);
            const wanted = waiting.splice(0, step.read);
            expect(got).toHaveLength(wanted.length);
            for (const [n, one] of got.entries()) check(one, wanted[n]);
          } else {
            const [length, fill] = [step.push, ++next % 256];
            const receivedAtMs = next % 2 === 0 ? next : undefined;
            const chunk = new Uint8Array(2 * length + 100);
            chunks.add(chunk.buffer);
            const data = chunk.subarray(50, 50 + length).fill(fill);
            queue.push(receivedAtMs === undefined ? { data, from } : { data, from, receivedAtMs });
            waiting.push({ length, fill, receivedAtMs });
          }
          expect(queue.length).toBe(waiting.length);
          check(queue.peek());
        }
        queue.settleLoans();
        for (const one of waiting) check(queue.shift(), one);
      }),
    );
  });

  test('keeps little more memory than the budget counts', () => {
    const chunks = fc.tuple(fc.oneof(fc.nat(2000), fc.nat(40_000)), fc.nat(4000), fc.boolean());
    fc.assert(
      fc.property(fc.array(chunks), (all) => {
        const queue = makeQueue();
        for (const [length, more, isLast] of all) {
          queue.push(inChunk(length, 48 + length + more));
          if (isLast) queue.settleLoans();
        }
        queue.settleLoans();
        const kept = new Set<ArrayBufferLike>();
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          kept.add(next.data.buffer);
        }
        const keptBytes = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
        const countedBytes = all.reduce((sum, [length]) => sum + Math.max(64, length), 0);
        expect(keptBytes).toBeLessThanOrEqual(2 * countedBytes);
      }),
    );
  });
});
