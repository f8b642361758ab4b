import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test.each([
  [A, B],
  [B, A],
])(
  'a peer that closed is forgotten, and not called again (%s leaves %s)',
  async (leaver, stayer) => {
    const { clock, network, open } = world();
    const stays = await open(stayer);
    stays.bind(5000);
    for (let round = 0; round < 3; round++) {
      const leaves = await open(leaver);
      const socket = leaves.bind(4000);
      const to = { address: stayer, port: 5000 };
      await clock.until(socket.sendmsg('hello', to, { until: 'delivered' }));
      await clock.until(leaves.close());
      await clock.advance(1000);
      expect(stays.info().connections).toEqual([]);
    }
    const { dials } = network;
    await clock.advance(600_000);
    expect(network.dials).toBe(dials);
  },
);

test('what was accepted for a peer that closed is delivered to its next incarnation', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const socket = a.bind(4000);
  const to = { address: B, port: 5000 };
  const b = await open(B);
  b.bind(5000);
  await clock.until(socket.sendmsg('1', to, { until: 'delivered' }));
  await clock.until(b.close());
  await clock.advance(1000);
  const receipt = socket.sendmsg('2', to, { until: 'delivered' });
  await clock.advance(1000);
  const next = await open(B);
  const receiver = next.bind(5000);
  await clock.until(receipt);
  expect(receiver.recvmmsg().map(({ data }) => String.fromCharCode(...data))).toEqual(['2']);
});
