/** Sharing: sockets that send the same way share what that can have under way. */

import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RdsNode, RdsSocket } from '../src/index.js';
import { A, B, world } from './findings/world.js';

const KIB = 1024;
const MESSAGE = new Uint8Array(64 * KIB);
/** The send buffer of a socket holds so many, and so does the window. */
const ALONE = 64;
const PORTS = [5000, 5001];

let node: RdsNode;

beforeEach(async () => {
  node = await world().open(A);
});

/** Each sends in turn, to both ports, until none has room. How many messages each has sent. */
function fill(sockets: readonly RdsSocket[], address: string): number[] {
  const sent = sockets.map(() => 0);
  const waiting = new Set<number>();
  while (waiting.size < sockets.length) {
    for (const [index, socket] of sockets.entries()) {
      try {
        const count = sent[index] ?? 0;
        socket.trySendmsg(MESSAGE, { address, port: PORTS[count % 2] as number });
        sent[index] = count + 1;
      } catch {
        waiting.add(index);
      }
    }
  }
  return sent;
}

const bind = (count: number) => Array.from({ length: count }, () => node.bind());

describe.each([
  ['a connection', B],
  ['the loopback', A],
])('of %s', (_, address) => {
  test.each([
    [1, ALONE],
    [2, 42],
    [7, 16],
  ])('%i sockets have %i messages each under way', (count, each) => {
    const [first, ...others] = fill(bind(count), address);
    expect(others).toEqual(others.map(() => each));
    // What is left over is less than one for each.
    expect([each, each + 1]).toContain(first);
  });

  test('others have all of it when one has closed or canceled', () => {
    const [first, second, third] = bind(3) as [RdsSocket, RdsSocket, RdsSocket];
    fill([first, second], address);
    first.cancelSentTo();
    second.destroy();
    expect(fill([third], address)).toEqual([ALONE]);
  });

  test('who waits goes on when another cancels', async () => {
    const [busy, other] = bind(2) as [RdsSocket, RdsSocket];
    fill([busy, other], address);
    const waits = other.sendmsg(MESSAGE, { address, port: 5000 });
    busy.cancelSentTo();
    await waits;
    expect(fill([other], address)).toEqual([ALONE - 42 - 1]);
  });

  test('waitWritable waits for half of the share', async () => {
    const [busy, other] = bind(2) as [RdsSocket, RdsSocket];
    fill([busy, other], address);
    let isWritable = false;
    const writable = other.waitWritable({ address, port: 5000 }).then(() => {
      isWritable = true;
    });
    // Half of the share is 21 messages and a quarter.
    for (const port of [5002, 5001]) {
      await setImmediate();
      expect(isWritable).toBe(false);
      other.cancelSentTo({ address, port });
    }
    await writable;
  });
});

test('who is destroyed with its node sends nothing more', async () => {
  const sockets = bind(20);
  fill(sockets, B);
  const waiting = sockets.map((socket) => socket.sendmsg(MESSAGE, { address: B, port: 5000 }));
  const outcomes = Promise.allSettled(waiting);
  void node.destroy();
  const kinds = (await outcomes).map(({ status }) => status);
  expect(new Set(kinds)).toEqual(new Set(['rejected']));
});

test('with one peer say nothing of another', () => {
  const sockets = bind(2);
  fill(sockets, B);
  expect(fill([sockets[0] as RdsSocket], '10.0.0.3')).toEqual([ALONE]);
});
