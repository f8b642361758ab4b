/** Train: how its messages end, how it is split, and that nothing of it is left then. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeBytes, LEAST_CHARGE_BYTES, type Settlement } from '../src/message.js';
import { Slab } from '../src/slab.js';
import { countOf, TrainPool } from '../src/train.js';
import { HEADER_BYTES } from '../src/wire/header.js';
import { collectGarbage } from './garbage.js';
import { makeTrain, ownerOf } from './trains.js';

describe('Train', () => {
  test.each<[Settlement, sequence: number, outcome: string | null]>([
    ['delivered', 7, null],
    ['refused', 7, 'not-delivered'],
    ['canceled', 0, 'not-delivered'],
    ['canceled', 7, 'unknown'],
    ['restarted', 7, 'unknown'],
    ['unconfirmed', 7, 'unknown'],
  ])('that is %s with sequence %d has the outcome %s', (settlement, sequence, outcome) => {
    const heard: unknown[] = [];
    const train = makeTrain(
      1,
      [5, 500],
      ownerOf(({ count, chargedBytes }, ...how) => heard.push(count, chargedBytes, ...how)),
    );
    train.sequence = sequence;
    train.settle(settlement);
    expect(heard).toEqual([2, 564, settlement, outcome]);
  });

  test('tells its messages, without their headers', () => {
    const train = makeTrain(9, [3, 0, 1]);
    train.slab.bytes.set([1, 2, 3], HEADER_BYTES);
    train.slab.bytes.set([4], 3 * HEADER_BYTES + 3);
    const tell = () => Array.from(train.messages(), ({ sequence, data }) => [sequence, ...data]);
    expect(tell()).toEqual([[0, 1, 2, 3], [0], [0, 4]]);
    train.sequence = 7;
    expect(tell()).toEqual([[7, 1, 2, 3], [8], [9, 4]]);
    expect(train.messages().next().value).toMatchObject({ sport: 4000, dport: 9 });
    expect(train.payloadBytes).toBe(4);
  });

  test('is the same messages in two parts when it is split, and keeps the memory of both', () => {
    const anyLengths = fc.array(fc.nat(300), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(anyLengths, fc.nat(), (lengths, at) => {
        let isFree = false;
        const train = makeTrain(1, lengths);
        Object.assign(train, { sequence: 11, flags: 4 });
        train.slab.release = () => {
          isFree = --users === 0;
        };
        let users = 1;
        train.slab.retain = () => users++;
        const whole = { charged: train.chargedBytes, payload: train.payloadBytes };
        const count = 1 + (at % (lengths.length - 1));
        const first = train.split(count);
        expect(Array.from(first.messages(), ({ data }) => data.length)).toEqual(
          lengths.slice(0, count),
        );
        expect(Array.from(train.messages(), ({ data }) => data.length)).toEqual(
          lengths.slice(count),
        );
        expect([first.sequence, first.lastSequence]).toEqual([11, 10 + count]);
        expect([train.sequence, train.lastSequence]).toEqual([11 + count, 10 + lengths.length]);
        expect(countOf([first, train])).toBe(lengths.length);
        expect(first.chargedBytes + train.chargedBytes).toBe(whole.charged);
        expect(first.payloadBytes + train.payloadBytes).toBe(whole.payload);
        expect(first).toMatchObject({ flags: 4, sport: 4000, dport: 1, owner: train.owner });
        first.settle('delivered');
        expect(isFree).toBe(false);
        train.settle('delivered');
        expect(isFree).toBe(true);
      }),
    );
  });

  test('that is sealed is joined by nobody, and gives back what it kept to grow', () => {
    const owner = ownerOf();
    const slab = new Slab(1000, null);
    slab.retain();
    const end = 100;
    const train = Object.assign(new TrainPool().take(), { slab, end, owner });
    slab.used = end;
    train.limit = slab.reserve(300);
    owner.train = train;
    expect(slab.used).toBe(400);
    train.seal();
    expect(slab.used).toBe(100);
    expect(owner).toMatchObject({ train: null, trainBytes: 100 });

    train.limit = slab.reserve(300);
    owner.train = train;
    slab.used += 50;
    train.seal();
    expect(slab.used).toBe(450);
    const next = makeTrain(2, [1]);
    owner.train = next;
    train.seal();
    expect(owner.train).toBe(next);
  });

  test('costs for each message at least 64 bytes of a budget', () => {
    expect([0, 1, 64, 65, 1 << 20].map(chargeBytes)).toEqual([64, 64, 64, 65, 1 << 20]);
    expect(LEAST_CHARGE_BYTES).toBe(64);
    expect(makeTrain(1, [0, 1, 65]).chargedBytes).toBe(193);
  });
});

describe('TrainPool', () => {
  test('gives a settled train out as new', () => {
    const pool = new TrainPool();
    const train = pool.take();
    const slab = new Slab(100, null);
    const receipt = (): void => {};
    slab.retain();
    const used = { slab, owner: ownerOf(), receipt, sequence: 9, verdict: 'refused', flags: 4 };
    Object.assign(train, used);
    train.add(10);
    train.settle('delivered');
    expect(pool.take()).toBe(train);
    expect(train).toMatchObject({ sequence: 0, verdict: 'delivered', receipt: null });
    expect(train).toMatchObject({ flags: 0, count: 0, chargedBytes: 0 });
    expect(pool.take()).not.toBe(train);
  });

  test('keeps no memory of what is settled', async () => {
    const pool = new TrainPool();
    const settleOne = (): WeakRef<Slab> => {
      const slab = new Slab(1 << 20, null);
      slab.retain();
      Object.assign(pool.take(), { slab, owner: ownerOf() }).settle('delivered');
      return new WeakRef(slab);
    };
    const slab = settleOne();
    await collectGarbage();
    expect(slab.deref() === undefined).toBe(true);
    expect(pool.take().sequence).toBe(0);
  });
});
