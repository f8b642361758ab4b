import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('the larger peer: a congested receiver that restarts must not stay congested for ever', async () => {
  const { clock, open } = world();
  let a = await open(A, { receiveBufferBytes: 1000 });
  const b = await open(B);
  a.bind(5000);
  const sender = b.bind(4000);
  const to = { address: A, port: 5000 };
  for (let n = 0; n < 3; n++) {
    await clock.until(sender.sendmsg(new Uint8Array(500), to, { until: 'delivered' }));
  }
  await clock.advance(100);
  let resolved = false;
  void sender.sendmsg('waits', to).then(() => {
    resolved = true;
  });
  await clock.advance(10);
  expect(resolved).toBe(false);
  await clock.until(a.destroy()); // the process dies …
  await clock.advance(1000);
  a = await open(A, { receiveBufferBytes: 1000 }); // … and comes back
  const receiver = a.bind(5000);
  await clock.advance(3_600_000);
  let _code = '';
  try {
    sender.trySendmsg('y', to);
  } catch (e) {
    _code = (e as { code: string }).code;
  }
  expect(resolved).toBe(true);
  void receiver;
});
