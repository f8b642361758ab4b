/** Message: how it ends, and that nothing of it is left then. */

import { describe, expect, test } from 'vitest';
import { chargeBytes, LEAST_CHARGE_BYTES, MessagePool, type Settlement } from '../src/message.js';
import { Slab } from '../src/slab.js';
import { HEADER_BYTES } from '../src/wire/header.js';
import { collectGarbage } from './garbage.js';
import { makeMessage } from './messages.js';

describe('Message', () => {
  test.each<[Settlement, sequence: number, outcome: string | null]>([
    ['delivered', 7, null],
    ['refused', 7, 'not-delivered'],
    ['canceled', 0, 'not-delivered'],
    ['canceled', 7, 'unknown'],
    ['restarted', 7, 'unknown'],
    ['unconfirmed', 7, 'unknown'],
  ])('that is %s with sequence %d has the outcome %s', (settlement, sequence, outcome) => {
    const heard: unknown[] = [];
    const message = makeMessage(1, 5, { messageSettled: (...all) => heard.push(all) });
    message.sequence = sequence;
    message.settle(settlement);
    expect(heard).toEqual([[message, settlement, outcome]]);
  });

  test('copies its payload, without the header', () => {
    const message = makeMessage(1, 3);
    message.slab.bytes.set([1, 2, 3], HEADER_BYTES);
    const payload = message.copyPayload();
    message.slab.bytes.fill(0);
    expect(payload).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('costs at least 64 bytes of a budget', () => {
    expect([0, 1, 64, 65, 1 << 20].map(chargeBytes)).toEqual([64, 64, 64, 65, 1 << 20]);
    expect(LEAST_CHARGE_BYTES).toBe(64);
  });
});

describe('MessagePool', () => {
  test('gives a settled message out as new', () => {
    const pool = new MessagePool();
    const message = pool.take();
    const slab = new Slab(100, null);
    const receipt = (): void => {};
    const owner = { messageSettled: () => {} };
    slab.retain();
    Object.assign(message, { slab, owner, receipt, sequence: 9, verdict: 'refused' });
    message.settle('delivered');
    expect(pool.take()).toBe(message);
    expect(message).toMatchObject({ sequence: 0, verdict: 'delivered', receipt: null });
    expect(pool.take()).not.toBe(message);
  });

  test('keeps no memory of a message that is settled', async () => {
    const pool = new MessagePool();
    const settleOne = (): WeakRef<Slab> => {
      const slab = new Slab(1 << 20, null);
      slab.retain();
      const message = Object.assign(pool.take(), { slab, owner: { messageSettled: () => {} } });
      message.settle('delivered');
      return new WeakRef(slab);
    };
    const slab = settleOne();
    await collectGarbage();
    expect(slab.deref() === undefined).toBe(true);
    expect(pool.take().sequence).toBe(0);
  });
});
