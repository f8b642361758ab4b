/** A refusal left with an acknowledgement that did not yet cover it, and nothing else followed. */
import { expect, test } from 'vitest';
import { openNode } from '../../src/index.js';
import { FLAG_ACK_REQUIRED } from '../../src/wire/header.js';
import { type HandStream, Turns } from '../turns.js';
import { attach, frame } from './raw.js';
import { A, B, world } from './world.js';

test('a lone refusal is told at once', async () => {
  const w = world();
  const a = await w.open(A);
  await w.open(B);
  const socket = a.bind();
  await w.clock.until(a.ping(B));
  const before = w.clock.now();
  const refused = socket.sendmsg('x', { address: B, port: 4000 }, { until: 'delivered' });
  await w.clock.until(refused.catch(() => {}));
  expect(w.clock.now() - before).toBeLessThan(20);
});

test('that of a message so large that it is acknowledged within the turn, too', async () => {
  const turns = new Turns();
  await openNode({ address: A }, turns);
  const stream = turns.call();
  // The acknowledgement is still under way: its end would be a reason to say more.
  stream.write = (chunks) => void stream.writes.push(chunks.map((chunk) => chunk.slice()));
  const data = new Uint8Array(600 * 1024);
  const flags = FLAG_ACK_REQUIRED;
  stream.handler.received(frame({ seq: 1, sport: 9, dport: 4000, flags, data }));
  turns.end();
  const notes: number[] = [];
  const listener = { handler: null } as unknown as HandStream;
  attach(listener, {
    frame: ({ sequence }, payload) => {
      if (sequence > 0) notes.push(payload.length);
    },
  });
  listener.handler.received(stream.written);
  expect(notes).toEqual([17]);
});
