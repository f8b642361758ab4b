/**
 * What waits on a socket shares blocks of memory. A program that gave away the memory of a message
 * it had read emptied those that still waited, which then took fewer bytes off the queue than they
 * had put on it: after some rounds the port was congested for ever, with nothing to read.
 */

import { expect, test } from 'vitest';
import { openNode } from '../../src/index.js';
import { Turns } from '../turns.js';
import { frame } from './raw.js';

const MESSAGES = 16;
const BYTES = 1000;
const ROUNDS = 8;

test.each([
  ['one by one', 1],
  ['a few at once', 3],
])('a queue that was read %s, and its memory given away, has no bytes', async (_name, most) => {
  const turns = new Turns();
  const node = await openNode({ address: '10.0.0.1' }, turns);
  const socket = node.bind({ port: 4000, receiveBufferBytes: 50_000 });
  const stream = turns.call();
  let sequence = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const frames = Array.from({ length: MESSAGES }, () =>
      frame({ seq: ++sequence, sport: 9, dport: 4000, data: new Uint8Array(BYTES) }),
    );
    stream.handler.received(new Uint8Array(Buffer.concat(frames)));
    turns.end();
    let read = 0;
    for (let some = socket.recvmmsg(most); some.length > 0; some = socket.recvmmsg(most)) {
      read += some.length;
      for (const { data } of some) {
        if (data.length > 0) structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
      }
    }
    expect(read).toBe(MESSAGES);
  }
  const info = node.info();
  expect(info.queuedBytes).toBe(0);
  expect(info.sockets[0]).toMatchObject({ queuedBytes: 0, queuedMessages: 0, congested: false });
});
