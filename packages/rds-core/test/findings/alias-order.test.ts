import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('one destination, named in two ways: the order is kept', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B, { receiveBufferBytes: 1000 });
  const receiver = b.bind(5000);
  const sender = a.bind(4000);
  const plain = { address: B, port: 5000 };
  const full = { address: B, port: 5000, tcpPort: 16385 };
  for (let n = 0; n < 3; n++)
    await clock.until(sender.sendmsg(new Uint8Array(500), plain, { until: 'delivered' }));
  await clock.advance(100); // congested now
  for (let n = 0; n < 6; n++) void sender.sendmsg(`${n}`, n % 2 === 0 ? plain : full);
  await clock.advance(10);
  receiver.recvmmsg();
  await clock.advance(1000);
  const got = receiver.recvmmsg().map(({ data }) => new TextDecoder().decode(data));
  expect(got).toEqual(['0', '1', '2', '3', '4', '5']);
});
