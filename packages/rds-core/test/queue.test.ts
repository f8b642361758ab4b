/** Queue: an array with a fast front. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Queue } from '../src/queue.js';
import { collectGarbage } from './garbage.js';

interface Model {
  readonly items: number[];
  next: number;
}
type QueueCommand = fc.Command<Model, Queue<number>>;

const always = { check: () => true };

/** A command that does the same to both and compares what they give. */
function command(
  name: string,
  run: (model: Model, queue: Queue<number>) => [expected: unknown, actual: unknown],
): QueueCommand {
  return {
    ...always,
    run: (model, queue) => {
      const [expected, actual] = run(model, queue);
      expect(actual).toEqual(expected);
      expect(queue.length).toBe(model.items.length);
      expect(queue.peek()).toBe(model.items[0]);
      expect([...queue]).toEqual(model.items);
    },
    toString: () => name,
  };
}

const counts = fc.oneof(fc.nat(3), fc.nat(40), fc.constantFrom(16, 17, 1024, 1025));
const commands = [
  counts.map((count) =>
    command(`push ${count}`, (model, queue) => {
      for (let pushed = 0; pushed < count; pushed++) {
        model.items.push(model.next);
        queue.push(model.next++);
      }
      return [null, null];
    }),
  ),
  counts.map((count) =>
    command(`shift ${count}`, (model, queue) => {
      const shifted = Array.from({ length: count }, () => queue.shift());
      return [Array.from({ length: count }, () => model.items.shift()), shifted];
    }),
  ),
  counts.map((max) =>
    command(`shift up to ${max}`, (model, queue) => [
      model.items.splice(0, max),
      queue.shiftMany(max),
    ]),
  ),
  fc.nat(50).map((index) =>
    command(`replace ${index}`, (model, queue) => {
      if (index >= model.items.length) return [null, null];
      model.items[index] = -model.next;
      return [undefined, queue.replace(index, -model.next)];
    }),
  ),
  fc
    .nat(50)
    .map((index) =>
      command(`at ${index}`, (model, queue) => [model.items[index], queue.at(index)]),
    ),
  fc.integer({ min: 1, max: 5 }).map((divisor) =>
    command(`remove multiples of ${divisor}`, (model, queue) => {
      const matches = (item: number): boolean => item % divisor === 0;
      const items = model.items.splice(0);
      model.items.push(...items.filter((item) => !matches(item)));
      return [items.filter(matches), queue.removeWhere(matches)];
    }),
  ),
  fc.constant(
    command('clear', (model, queue) => {
      model.items.splice(0);
      return [undefined, queue.clear()];
    }),
  ),
];

describe('Queue', () => {
  test('does what an array does', () => {
    fc.assert(
      fc.property(fc.commands(commands, { size: 'medium' }), (sequence) => {
        fc.modelRun(() => ({ model: { items: [], next: 0 }, real: new Queue<number>() }), sequence);
      }),
      { numRuns: 150 },
    );
  });

  test('keeps its order while it grows large and shrinks, again and again', () => {
    const queue = new Queue<number>();
    let [pushed, shifted] = [0, 0];
    for (const [more, less] of [
      [100_000, 99_990],
      [5, 15],
      [3000, 2000],
      [60_000, 61_000],
    ] as const) {
      for (let count = 0; count < more; count++) queue.push(pushed++);
      for (let count = 0; count < less; count++) {
        const item = queue.shift();
        if (item !== shifted++) expect(item).toBe(shifted - 1);
      }
      expect(queue.length).toBe(pushed - shifted);
    }
    expect(queue.shift()).toBeUndefined();
  });

  test('does not hold on to what was taken out', async () => {
    const queues = [0, 1].map(() => new Queue<object>());
    const refs = queues.map((queue) => {
      queue.push({});
      return new WeakRef(queue.peek() as object);
    });
    queues[0]?.shift();
    queues[1]?.removeWhere(() => true);
    await collectGarbage();
    expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined]);
    expect(queues.map(({ length }) => length)).toEqual([0, 0]);
  });
});
