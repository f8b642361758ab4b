import { expect, test } from 'vitest';
import { attach, map } from './raw.js';
import { A, B, C, world } from './world.js';

test("destroy in a 'down' listener while the peer replaces the connection", async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  const b = await open(B);
  b.bind(5000);
  await clock.until(a.bind(4000).sendmsg('x', { address: B, port: 5000 }, { until: 'delivered' }));
  b.on('connection', (event) => {
    if (event.type === 'down') void b.destroy();
  });
  network.cut(A, B, { unaware: [B] });
  await clock.advance(5000);
  expect(b.isClosed).toBe(true);
});

test("destroy in a 'congestion' listener during the greeting", async () => {
  const { clock, network, open } = world();
  await network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    attach(stream, {});
    stream.write([map([5000])], () => {});
  });
  const a = await open(A);
  a.on('congestion', (event) => {
    if (event.type === 'remote') void a.destroy();
  });
  a.bind(4000)
    .sendmsg('x', { address: C, port: 5000 })
    .catch(() => {});
  await clock.advance(5000);
  expect(a.isClosed).toBe(true);
});

test("resetConnection in a 'congestion' listener during the greeting", async () => {
  const { clock, network, open } = world();
  await network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    attach(stream, { ended: () => stream.end() });
    stream.write([map([5000])], () => {});
  });
  const a = await open(A);
  let once = false;
  a.on('congestion', (event) => {
    if (event.type === 'remote' && !once) {
      once = true;
      a.resetConnection(C);
    }
  });
  a.bind(4000)
    .sendmsg('x', { address: C, port: 5000 })
    .catch(() => {});
  await clock.advance(60_000);
  expect(network.connections(A, C).length).toBe(1);
});

test("resetConnection in an 'up' listener", async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B);
  const receiver = b.bind(5000);
  let once = false;
  a.on('connection', (event) => {
    if (event.type === 'up' && !once) {
      once = true;
      a.resetConnection(B);
    }
  });
  await a.bind(4000).sendmsg('x', { address: B, port: 5000 });
  await clock.advance(60_000);
  expect(receiver.recvmmsg().length).toBe(1);
});

test("close in an 'up' listener leaves nothing", async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B);
  b.bind(5000);
  a.on('connection', (event) => {
    if (event.type === 'up') void a.destroy();
  });
  await a.bind(4000).sendmsg('x', { address: B, port: 5000 });
  await clock.advance(1000);
  await clock.until(b.destroy());
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});

test("a 'close' listener that throws does not keep node.destroy from its work", async () => {
  const { clock, open } = world();
  const a = await open(A);
  a.bind(4000).on('close', () => {
    throw new Error('listener');
  });
  await a.destroy().catch((error) => console.log('destroy rejects:', String(error)));
  await clock.settle();
  expect(a.isClosed).toBe(true);
  await open(A); // EADDRINUSE if the listener was left
});
