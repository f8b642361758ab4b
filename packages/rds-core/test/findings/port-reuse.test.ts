import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('closing a socket must not cancel what its successor on the same port has sent', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  const b = await open(B);
  const receiver = b.bind(5000);
  network.partition(A, B);
  const to = { address: B, port: 5000 };
  const first = a.bind(4000);
  await first.sendmsg('first', to);
  const _closing = first.close({ deadlineMs: 1000 }); // "The port is free at once."
  const second = a.bind(4000);
  await second.sendmsg('second', to); // accepted: "from then on it is not lost"
  await clock.advance(2000);
  network.heal(A, B);
  await clock.advance(30_000);
  expect(receiver.recvmmsg().map(({ data }) => new TextDecoder().decode(data))).toContain('second');
});
