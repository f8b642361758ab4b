import { expect, test } from 'vitest';
import { A, world } from './world.js';

test('two nodes on one IP: a cleared congestion bit is learnt after a reconnect', async () => {
  const { clock, network, open } = world();
  const a = await open(A, { tcpPort: 7001 });
  const b = await open(A, { tcpPort: 7002, receiveBufferBytes: 1000 });
  const receiver = b.bind(5000);
  const sender = a.bind(4000);
  const to = { address: A, port: 5000, tcpPort: 7002 };
  for (let n = 0; n < 3; n++) {
    await clock.until(sender.sendmsg(new Uint8Array(500), to, { until: 'delivered' }));
  }
  await clock.advance(100);
  expect(() => sender.trySendmsg('x', to)).toThrow(/ENOBUFS/);
  const waiting = sender.sendmsg('waits', to);
  network.cut(A, A, { noticeMs: { min: 0, max: 0 } });
  await clock.runUntil(() => b.info().connections[0]?.state !== 'up', 1000);
  receiver.recvmmsg(); // uncongested while there is no connection
  await clock.advance(60_000);
  let resolved = false;
  void waiting.then(() => {
    resolved = true;
  });
  await clock.advance(600_000);
  expect(resolved).toBe(true);
});
