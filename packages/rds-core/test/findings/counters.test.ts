import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('send counters: no more is acknowledged than was queued', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B);
  const s = a.bind(4000);
  for (let n = 0; n < 5; n++)
    await clock.until(
      s.sendmsg('x', { address: B, port: 9999 }, { until: 'delivered' }).catch(() => {}),
    );
  await clock.advance(1000);
  const { send_queued, send_acked } = b.info().counters;
  expect(send_acked).toBeLessThanOrEqual(Number(send_queued));
});
