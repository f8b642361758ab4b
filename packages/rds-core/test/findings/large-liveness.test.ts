import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test.each([
  [1 << 20, {}, 4 * 1024],
  [8 << 20, { maxMessageBytes: 8 << 20, sendBufferBytes: 8 << 20 }, 16 * 1024],
])('a message of %i bytes arrives over a slow network', async (bytes, more, windowBytes) => {
  const { clock, open } = world(1, { windowBytes, latencyMs: { min: 20, max: 20 } });
  const a = await open(A, more);
  const b = await open(B, more);
  const receiver = b.bind(5000);
  const sender = a.bind(4000);
  await sender.sendmsg(new Uint8Array(bytes), { address: B, port: 5000 });
  let got = 0;
  receiver.on('message', () => got++);
  await clock.advance(300_000);
  const _c = a.info().counters;
  expect(got).toBe(1);
});

test('control: the same with more patience arrives', async () => {
  const { clock, open } = world(1, { windowBytes: 4096, latencyMs: { min: 20, max: 20 } });
  const a = await open(A, { livenessMs: 60_000 });
  const b = await open(B, { livenessMs: 60_000 });
  const receiver = b.bind(5000);
  await a.bind(4000).sendmsg(new Uint8Array(1 << 20), { address: B, port: 5000 });
  await clock.advance(30_000);
  expect(receiver.recvmmsg().length).toBe(1);
});
