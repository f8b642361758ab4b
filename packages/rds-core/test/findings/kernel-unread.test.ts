import { expect, test } from 'vitest';
import type { Stream } from '../../src/index.js';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

/** A kernel with ping_enable=0 that has sent its map: streams of its connections, newest last. */
async function kernel(w: ReturnType<typeof world>, onFrame = () => {}) {
  const streams: Stream[] = [];
  const state = { open: 0 };
  await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    streams.push(stream);
    state.open++;
    attach(stream, { frame: onFrame, ended: () => stream.end(), closed: () => state.open-- });
    stream.write([map()], () => {});
  });
  return { streams, state };
}
const numbered = (n: number, bytes = 100) => {
  const data = new Uint8Array(bytes);
  new DataView(data.buffer).setUint32(0, n);
  return frame({ seq: n, sport: 5000, dport: 4000, data });
};
const numberOf = (d: Uint8Array) => new DataView(d.buffer, d.byteOffset).getUint32(0);

test('a connection to a kernel without pongs is dropped: what TCP has taken is read before', async () => {
  const w = world(1, { splitChance: 0, mergeChance: 0 });
  const { streams } = await kernel(w);
  const a = await w.open(A);
  const socket = a.bind(4000);
  const got: number[] = [];
  socket.on('message', ({ data }) => got.push(numberOf(data)));
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.runUntil(() => a.info().counters.send_ping === 1);
  await w.clock.advance(4900);
  // A short stall of our event loop around the time when the barrier is given up.
  a.host.stall(200);
  await w.clock.advance(5);
  for (let n = 1; n <= 20; n++) streams[0]?.write([numbered(n)], () => {});
  await w.clock.advance(50); // all of it has been taken by A's TCP: the kernel forgets it
  await w.clock.advance(20_000);
  expect(got).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test('resetConnection while reading is paused: what TCP has taken from a kernel is read before', async () => {
  const w = world(1, { splitChance: 0, mergeChance: 0 });
  const { streams } = await kernel(w);
  const a = await w.open(A, { maxQueuedBytes: 10_000 });
  const socket = a.bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.runUntil(() => a.info().connections[0]?.state === 'up');
  for (let n = 1; n <= 50; n++) streams[0]?.write([numbered(n, 1000)], () => {});
  await w.clock.advance(100);
  const _before = a.info().sockets[0]?.queuedMessages;
  a.resetConnection(C);
  await w.clock.advance(3000);
  const got: number[] = [];
  for (;;) {
    const some = socket.recvmmsg();
    if (some.length === 0) break;
    got.push(...some.map(({ data }) => numberOf(data)));
    await w.clock.advance(1000);
  }
  expect(got.length).toBe(50);
});
