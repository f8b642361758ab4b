/** A refusal left with an acknowledgement that did not yet cover it, and nothing else followed. */
import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('a lone refusal is told at once', async () => {
  const w = world();
  const a = await w.open(A);
  await w.open(B);
  const socket = a.bind();
  await w.clock.until(a.ping(B));
  const before = w.clock.now();
  const refused = socket.sendmsg('x', { address: B, port: 4000 }, { until: 'delivered' });
  await w.clock.until(refused.catch(() => {}));
  expect(w.clock.now() - before).toBeLessThan(20);
});
