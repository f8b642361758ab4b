/** A node whose queues fill up: from half of maxQueuedBytes on, no port takes more from anyone. */

import { expect, test } from 'vitest';
import { socketInfo } from '../src/info.js';
import { A, B, world } from './findings/world.js';

const KIB = 1024;

test('all ports are congested from half on, and down to a quarter', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B, { maxQueuedBytes: 64 * KIB });
  const full = b.bind(5000);
  b.bind(6000);
  const alice = a.bind(4000);
  const send = async (count: number) => {
    for (let sent = 0; sent < count; sent++) {
      await alice.sendmsg(new Uint8Array(4 * KIB), { address: B, port: 5000 });
    }
    await clock.until(alice.flush());
    await clock.advance(10);
  };
  const congested = () => a.info().connections[0]?.congestedPorts;
  await send(7);
  expect(congested()).toEqual([]);
  await send(1);
  expect(congested()).toEqual([5000, 6000]);
  expect(() => alice.trySendmsg('x', { address: B, port: 6000 })).toThrow('ENOBUFS');
  // The socket itself has room: it is the node that has not.
  expect(socketInfo(full).congested).toBe(false);
  // A port that is bound now is congested too, and one that is freed no longer.
  const late = b.bind(7000);
  await clock.advance(10);
  expect(congested()).toEqual([5000, 6000, 7000]);
  late.destroy();
  await clock.advance(10);
  expect(congested()).toEqual([5000, 6000]);
  full.recvmmsg(4);
  await clock.advance(10);
  expect(congested()).toEqual([5000, 6000]);
  full.recvmmsg(1);
  await clock.advance(10);
  expect(congested()).toEqual([]);
});

test('what one turn gathers is written when it fills a slab, and else at the end of the turn', async () => {
  const { clock, open } = world();
  const a = await open(A);
  await open(B);
  await clock.until(a.ping(B));
  const alice = a.bind(4000);
  /** How many messages have not left after so many more. */
  const send = (count: number) => {
    for (let sent = 0; sent < count; sent++) {
      alice.trySendmsg(new Uint8Array(KIB), { address: B, port: 5000 });
    }
    return a.info().connections[0]?.sendQueueMessages;
  };
  // A small slab holds 3 of them and a large one 122: what comes then would stand in another.
  expect(send(125)).toBe(125);
  expect(send(1)).toBe(1);
  await clock.advance(0);
  expect(send(0)).toBe(0);
});
