/** What a node writes of many small messages: slab by slab, in writes of one piece. */

import { expect, test } from 'vitest';
import { openNode } from '../src/index.js';
import { attach } from './findings/raw.js';
import { CALLER, type HandStream, Turns } from './turns.js';

const KIB = 1024;
const SLAB_BYTES = 128 * KIB;
const TO = { address: CALLER, port: 9 };

async function scene() {
  const turns = new Turns();
  const node = await openNode({ address: '10.0.0.1' }, turns);
  const stream = turns.call();
  const socket = node.bind({ port: 4000, sendBufferBytes: 16 * KIB * KIB });
  return { turns, stream, socket };
}

/** The first word of each message that was written, in that order. */
function numbersIn({ written }: HandStream): number[] {
  const numbers: number[] = [];
  const listener = { handler: null } as unknown as HandStream;
  attach(listener, {
    frame: ({ dport }, payload) => {
      if (dport !== TO.port) return;
      numbers.push(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
    },
  });
  listener.handler.received(written);
  return numbers;
}

function numbered(n: number, length: number): Uint8Array {
  const data = new Uint8Array(length);
  new DataView(data.buffer).setUint32(0, n);
  return data;
}

test.each([4, 64, 1000])('small messages of %d bytes leave a slab at a time', async (length) => {
  const { turns, stream, socket } = await scene();
  const count = Math.ceil((6 * SLAB_BYTES) / (48 + length));
  for (let n = 0; n < count; n++) socket.trySendmsg(numbered(n, length), TO);
  // A window full has left before the turn ends, and the rest follows when there is room.
  expect(stream.writes.length).toBeGreaterThan(1);
  turns.end();
  expect(numbersIn(stream)).toEqual(Array.from({ length: count }, (_, n) => n));
  const [first, ...others] = stream.writes;
  // The first slab of a path is small.
  expect(first).toHaveLength(2);
  expect(others.length).toBeGreaterThan(3);
  for (const pieces of others) {
    expect(pieces).toHaveLength(1);
    expect(pieces[0]?.length).toBeLessThanOrEqual(SLAB_BYTES);
  }
  // All but the last are full: nothing is written early.
  for (const [piece] of others.slice(0, -1)) {
    expect(piece?.length).toBeGreaterThan(SLAB_BYTES - 48 - length);
  }
});

test('what is little leaves when the turn ends, in one write', async () => {
  const { turns, stream, socket } = await scene();
  for (let n = 0; n < 200; n++) socket.trySendmsg(numbered(n, 200), TO);
  expect(stream.writes).toEqual([]);
  turns.end();
  expect(stream.writes).toHaveLength(1);
  expect(numbersIn(stream)).toHaveLength(200);
});

test.each([
  [64 * KIB - 1, 'when the turn ends', 0],
  [64 * KIB, 'inside of the call', 1],
  [1024 * KIB, 'inside of the call', 1],
])('a message of %d bytes leaves %s', async (length, _when, writes) => {
  const { turns, stream, socket } = await scene();
  void socket.sendmsg(numbered(0, length), TO);
  expect(stream.writes).toHaveLength(writes);
  expect(numbersIn(stream)).toHaveLength(writes);
  turns.end();
  expect(stream.writes).toHaveLength(1);
  expect(numbersIn(stream)).toEqual([0]);
});

test('a large message takes what was sent before it along, in order', async () => {
  const { turns, stream, socket } = await scene();
  for (const [n, length] of [10, 64 * KIB, 10].entries()) {
    void socket.sendmsg(numbered(n, length), TO);
  }
  expect(numbersIn(stream)).toEqual([0, 1]);
  turns.end();
  expect(numbersIn(stream)).toEqual([0, 1, 2]);
});

test('messages that have slabs of their own leave in order with the small ones', async () => {
  const { turns, stream, socket } = await scene();
  const count = 300;
  for (let n = 0; n < count; n++) socket.trySendmsg(numbered(n, n % 7 === 0 ? 20_000 : 500), TO);
  turns.end();
  expect(numbersIn(stream)).toEqual(Array.from({ length: count }, (_, n) => n));
});
