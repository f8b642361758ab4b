import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, B, C, world } from './world.js';

test('a peer that calls while the node closes does not outlive it', async () => {
  const { clock, network, open } = world();
  const b = await open(B);
  b.bind(5000);
  // A connection that takes a moment to drain: a peer that does not close its side at once.
  const stream = network
    .runtime()
    .transport.connect({ address: '10.0.0.0', tcpPort: 1 }, { address: B, tcpPort: 16385 });
  const ext = { npaths: 1, generation: 77, own: { features: 1, tcpPort: 16385 } };
  attach(stream, { opened: () => stream.write([map(), frame({ ext })], () => {}) });
  await clock.runUntil(() => b.info().connections[0]?.state === 'up');
  const a = await open(A);
  const closing = b.close();
  await clock.advance(5);
  void a.bind(4000).sendmsg('x', { address: B, port: 5000 }); // A calls for the first time
  await clock.until(closing);
  await clock.advance(60_000);
  expect(b.info().connections.every(({ state }) => state === 'closed')).toBe(true);
});

test('close says what was not acknowledged, even if destroy comes in between', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  await open(B);
  network.partition(A, B);
  const socket = a.bind(4000);
  await socket.sendmsg('x', { address: B, port: 5000 });
  const closing = socket.close();
  await clock.advance(10);
  const _destroyed = socket.destroy();
  const closed = await clock.until(closing);
  expect(closed.messages).toBe(1);
});

test('node.close has its own deadline', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  await open(B);
  network.partition(A, B);
  const socket = a.bind(4000);
  await socket.sendmsg('x', { address: B, port: 5000 });
  void socket.close({ deadlineMs: Number.POSITIVE_INFINITY });
  let closed = false;
  void a.close({ deadlineMs: 1000 }).then(() => {
    closed = true;
  });
  await clock.advance(600_000);
  expect(closed).toBe(true);
});

test('ping with timeoutMs: undefined still ends', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  network.partition(A, B);
  let ended = false;
  a.ping(B, { timeoutMs: undefined }).catch(() => {
    ended = true;
  });
  await clock.advance(600_000);
  expect(ended).toBe(true);
});
void C;
