/** Refusals: whatever is told and confirmed when, no refused message is ever taken for delivered. */

import { SeededRandom, SimulatedClock, SimulatedNetwork } from '@rds-tcp/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address } from '../src/address.js';
import { openNode } from '../src/index.js';
import { Refusals, readRefusals } from '../src/refusals.js';

type Range = ReturnType<typeof readRefusals>[number];

/** Far more than are remembered one by one. */
const MANY = 20_000;

const covers = ({ first, last }: Range, sequence: number): boolean =>
  first <= sequence && sequence <= last;

/** Tells until nothing is untold, confirming each; all ranges that were told. */
function tellAll(refusals: Refusals): Range[] {
  const told: Range[] = [];
  while (refusals.untold > 0) {
    const { payload, ranges } = refusals.tell();
    told.push(...readRefusals(payload));
    refusals.confirm(ranges);
  }
  return told;
}

describe('Refusals', () => {
  test('holds acknowledgements back below what the sender does not know of', () => {
    const refusals = new Refusals();
    expect(refusals).toMatchObject({ untold: 0, ackLimit: Infinity });
    for (const sequence of [7, 8, 9, 12]) refusals.add(sequence);
    expect(refusals).toMatchObject({ untold: 2, ackLimit: 7 });
    const { payload, ranges } = refusals.tell();
    expect(ranges).toBe(2);
    expect(readRefusals(payload)).toEqual([
      { first: 7, last: 9, exact: true },
      { first: 12, last: 12, exact: true },
    ]);
    expect(refusals).toMatchObject({ untold: 0, ackLimit: 7 });
    refusals.add(13);
    refusals.confirm(ranges);
    expect(refusals).toMatchObject({ untold: 1, ackLimit: 13 });
    expect(tellAll(refusals)).toEqual([{ first: 13, last: 13, exact: true }]);
    expect(refusals).toMatchObject({ untold: 0, ackLimit: Infinity });
  });

  test('forgets everything for a peer that restarted', () => {
    const refusals = new Refusals();
    refusals.add(7);
    refusals.tell();
    refusals.add(9);
    refusals.clear();
    expect(refusals).toMatchObject({ untold: 0, ackLimit: Infinity });
    refusals.confirm(1);
    refusals.add(2);
    expect(tellAll(refusals)).toEqual([{ first: 2, last: 2, exact: true }]);
  });

  test('tells each refused message once, and no other, whatever is confirmed when', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 2, arbitrary: fc.constant({ tell: true }) },
      { weight: 2, arbitrary: fc.constant({ confirm: true }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const refusals = new Refusals();
        const notes: { ranges: number; sequences: number[] }[] = [];
        let untold: number[] = [];
        let sequence = 2 ** 40;
        const tell = (): void => {
          const { payload, ranges } = refusals.tell();
          const told = readRefusals(payload);
          expect(told).toHaveLength(ranges);
          expect(told.every(({ exact }) => exact)).toBe(true);
          expect(told.flatMap(sequencesOf)).toEqual(untold);
          notes.push({ ranges, sequences: untold });
          untold = [];
        };
        for (const each of steps) {
          if ('add' in each) {
            sequence += each.add;
            refusals.add(sequence);
            untold.push(sequence);
          } else if ('tell' in each) tell();
          else refusals.confirm(notes.shift()?.ranges ?? 0);
          const [first = Infinity] = [...notes.flatMap(({ sequences }) => sequences), ...untold];
          expect(refusals.ackLimit).toBe(first);
          expect(refusals.untold > 0).toBe(untold.length > 0);
        }
        tell();
        for (const { ranges } of notes) refusals.confirm(ranges);
        expect(refusals).toMatchObject({ untold: 0, ackLimit: Infinity });
      }),
    );
  });

  test.each(['before', 'after'])('stays true and small when too many come %s the note', (when) => {
    const refusals = new Refusals();
    const refused = Array.from({ length: MANY }, (_, index) => 2 ** 40 + index * 2);
    const early = when === 'before' ? refused : refused.slice(0, 10_000);
    for (const sequence of early) refusals.add(sequence);
    const { payload, ranges } = refusals.tell();
    for (const sequence of refused.slice(early.length)) refusals.add(sequence);
    // What the first note did not say waits for room, however long.
    expect(refusals.ackLimit).toBe(refused[0]);
    refusals.confirm(ranges);
    const told = [...readRefusals(payload), ...tellAll(refusals)];
    expect(told.length).toBeLessThan(MANY / 2);
    // As large as a congestion map: every node takes that.
    expect(payload.byteLength).toBeLessThanOrEqual(8192);
    for (const sequence of refused) {
      expect(told.some((range) => covers(range, sequence))).toBe(true);
    }
    const exact = told.filter((range) => range.exact);
    expect(exact.length).toBeGreaterThan(1000);
    expect(exact.every(({ first, last }) => first === last && first % 2 === 0)).toBe(true);
    expect(refusals).toMatchObject({ untold: 0, ackLimit: Infinity });
  });

  test('does not grow while notes stay unconfirmed', () => {
    const refusals = new Refusals();
    let told = 0;
    for (let index = 0; index < MANY; index++) {
      refusals.add(2 * index);
      told += refusals.tell().ranges;
    }
    expect(told).toBeLessThan(MANY / 2);
    expect(refusals.ackLimit).toBe(0);
    refusals.confirm(told);
    const [rest] = tellAll(refusals) as [Range];
    expect(rest).toMatchObject({ last: 2 * MANY - 2, exact: false });
    expect(rest.first).toBeLessThanOrEqual(2 * told);
  });
});

describe('readRefusals', () => {
  test('takes from a payload of another length nothing', () => {
    const refusals = new Refusals();
    refusals.add(7);
    const { payload } = refusals.tell();
    expect(readRefusals(payload)).toHaveLength(1);
    expect(readRefusals(payload.subarray(1))).toEqual([]);
    expect(readRefusals(new Uint8Array(payload.length + 1))).toEqual([]);
    expect(readRefusals(new Uint8Array(0))).toEqual([]);
  });

  test('reads a payload wherever it stands in a chunk', () => {
    const refusals = new Refusals();
    refusals.add(2 ** 53 - 1);
    const { payload } = refusals.tell();
    const chunk = new Uint8Array(payload.length + 20).fill(0xee);
    chunk.set(payload, 7);
    expect(readRefusals(chunk.subarray(7, 7 + payload.length))).toEqual([
      { first: 2 ** 53 - 1, last: 2 ** 53 - 1, exact: true },
    ]);
  });
});

function sequencesOf({ first, last }: Range): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('a message to a port where nobody is', () => {
  const there = { address: '10.0.0.2', port: 4000 };
  const nowhere = { address: '10.0.0.2', port: 4001 };

  async function twoNodes(options: { maxMessageBytes?: number } = {}) {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork(clock, new SeededRandom(1));
    const sender = await openNode({ address: '10.0.0.1', ...options }, network.runtime());
    const receiver = await openNode({ address: there.address }, network.runtime());
    receiver.bind(there.port);
    const socket = sender.bind(4000);
    const codeOf = (to: Address): Promise<unknown> =>
      socket.sendmsg('x', to, { until: 'delivered' }).then(
        () => 'delivered',
        ({ code }) => code,
      );
    return { clock, sender, codeOf };
  }

  test('is refused to its sender', async () => {
    const { clock, codeOf } = await twoNodes();
    expect(await clock.until(codeOf(there))).toBe('delivered');
    expect(await clock.until(codeOf(nowhere))).toBe('ECONNREFUSED');
  });

  test('is refused though it was sent before the peer was known', async () => {
    const { clock, codeOf } = await twoNodes();
    expect(await clock.until(codeOf(nowhere))).toBe('ECONNREFUSED');
  });

  test('is refused, with many others, to a sender that takes only small messages', async () => {
    const { clock, sender, codeOf } = await twoNodes({ maxMessageBytes: 1000 });
    await clock.until(codeOf(there));
    const codes = Array.from({ length: 200 }, (_, index) => codeOf(index % 2 ? there : nowhere));
    const expected = codes.map((_, index) => (index % 2 ? 'delivered' : 'ECONNREFUSED'));
    expect(await clock.until(Promise.all(codes))).toEqual(expected);
    expect(sender.info().counters.conn_reset).toBe(0);
  });
});
