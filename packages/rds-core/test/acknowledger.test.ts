/** Acknowledger: once for all that a turn brought, and before its end if that is very much. */

import { beforeEach, expect, test } from 'vitest';
import { openNode, type RdsNode } from '../src/index.js';
import { attach, frame } from './findings/raw.js';
import { CALLER, type HandStream, Turns } from './turns.js';

const KIB = 1024;
const READ_BYTES = 64 * KIB;
const READS = (512 * KIB) / READ_BYTES;

let turns: Turns;
let node: RdsNode;
let stream: HandStream;
let sequence: number;

beforeEach(async () => {
  turns = new Turns();
  node = await openNode({ address: '10.0.0.1' }, turns);
  node.bind(4000).on('message', () => {});
  stream = turns.call();
  sequence = 0;
  read(1);
  turns.end();
  expect(acks()).toEqual([1]);
  stream.writes.length = 0;
});

/** So many reads, each of one message that fills it. */
function read(times: number): void {
  for (let count = 0; count < times; count++) {
    const data = new Uint8Array(READ_BYTES - 48);
    stream.handler.received(frame({ seq: ++sequence, sport: 9, dport: 4000, data }));
  }
}

/** What was acknowledged, one by one. */
function acks(): number[] {
  const told: number[] = [];
  const listener = { handler: null } as unknown as HandStream;
  attach(listener, { frame: ({ ack }) => void told.push(ack) });
  listener.handler.received(stream.written);
  return told;
}

test('less than 512 KiB are acknowledged once, when the turn ends', () => {
  read(READS - 1);
  expect(acks()).toEqual([]);
  turns.end();
  expect(acks()).toEqual([READS]);
  turns.end();
  expect(acks()).toHaveLength(1);
});

test('512 KiB are acknowledged before the turn ends, and the rest when it does', () => {
  read(READS);
  expect(acks()).toEqual([1 + READS]);
  read(READS - 1);
  expect(acks()).toHaveLength(1);
  turns.end();
  expect(acks()).toEqual([1 + READS, 2 * READS]);
});

test('each 512 KiB of a turn are, and nothing twice', () => {
  read(3 * READS);
  const expected = [1, 2, 3].map((times) => 1 + times * READS);
  expect(acks()).toEqual(expected);
  turns.end();
  expect(acks()).toEqual(expected);
});

test('a run of small messages is acknowledged up to its last', () => {
  const frames = [2, 3, 4].map((seq) => frame({ seq, sport: 9, dport: 4000 }));
  stream.handler.received(Buffer.concat(frames));
  turns.end();
  expect(acks()).toEqual([4]);
});

/** A socket that answers each message with so many bytes. */
function bindAnswering(port: number, bytes: number): void {
  const socket = node.bind({ port, sendBufferBytes: 16 * KIB * KIB });
  const to = { address: CALLER, port: 9 };
  socket.on('message', () => void socket.trySendmsg(new Uint8Array(bytes), to));
}

function readOne(dport: number, bytes: number): void {
  // The answers so far have come: numbers begin at 1, and each message but the first has one.
  const ack = sequence - 1;
  const data = new Uint8Array(bytes);
  stream.handler.received(frame({ seq: ++sequence, ack, sport: 9, dport, data }));
}

test.each([
  ['a small answer', 10, KIB * KIB],
  ['a small answer to a small message', 10, KIB],
  ['a large answer, which leaves at once', 64 * KIB, KIB * KIB],
])('what rides on %s is not said twice', (_name, answerBytes, bytes) => {
  bindAnswering(5000, answerBytes);
  for (let count = 0; count < 10; count++) {
    readOne(5000, bytes);
    turns.end();
    expect(acks()).toEqual([sequence]);
    stream.writes.length = 0;
  }
});

test('what was acknowledged with answers is no part of the 512 KiB', () => {
  bindAnswering(5000, 10);
  for (let count = 0; count < READS; count++) {
    readOne(5000, READ_BYTES);
    turns.end();
  }
  stream.writes.length = 0;
  read(READS - 1);
  expect(acks()).toEqual([]);
  read(1);
  expect(acks()).toEqual([sequence]);
});

test('what was to ride on an answer leaves without it, if that is canceled', () => {
  const socket = node.bind(4001);
  socket.on('message', ({ from }) => {
    socket.trySendmsg('an answer', from);
    socket.cancelSentTo(from);
  });
  stream.handler.received(frame({ seq: ++sequence, sport: 9, dport: 4001 }));
  turns.end();
  expect(acks()).toEqual([sequence]);
});
