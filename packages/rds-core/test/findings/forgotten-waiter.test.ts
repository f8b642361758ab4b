import { expect, test } from 'vitest';
import { attach, map } from './raw.js';
import { A, C, world } from './world.js';

test('a send that waits on a route that is forgotten is settled at the latest by destroy', async () => {
  const { clock, network, open } = world();
  const listener = await network
    .runtime()
    .transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
      attach(stream, {});
      stream.write([map([5000])], () => {});
      clock.setTimer(100, () => stream.destroy());
    });
  const a = await open(A);
  const socket = a.bind(4000);
  const to = { address: C, port: 5000 };
  await socket.sendmsg('first', to);
  await clock.runUntil(() => (a.info().connections[0]?.congestedPorts.length ?? 0) > 0);
  let settled = '';
  socket.sendmsg('waits', to).then(
    () => {
      settled = 'sent';
    },
    (e) => {
      settled = e.code;
    },
  );
  socket.cancelSentTo(to);
  await listener.close();
  await clock.advance(60_000);
  const c = await open(C);
  const _receiver = c.bind(5000);
  void socket.sendmsg('later', to).catch(() => {});
  await clock.advance(60_000);
  await clock.until(a.destroy());
  await clock.advance(1000);
  expect(settled).not.toBe('');
});

test('a peer that repeats its map does not stay in the greeting for ever', async () => {
  const { clock, network, open } = world();
  await network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    attach(stream, {});
    const again = () => {
      stream.write([map()], () => {});
      clock.setTimer(200, again);
    };
    again();
  });
  const a = await open(A, { handshakeTimeoutMs: 1000 });
  await a.bind(4000).sendmsg('x', { address: C, port: 5000 });
  await clock.advance(120_000);
  expect(a.info().connections[0]?.state).not.toBe('greeting');
});

test('isClosed is true in the close listeners that destroy calls', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const socket = a.bind(4000);
  socket.on('close', () => {
    if (!a.isClosed) a.bind(4000);
  }); // a program that keeps its port bound
  await clock.until(a.destroy());
  expect(a.info().sockets).toEqual([]);
});
