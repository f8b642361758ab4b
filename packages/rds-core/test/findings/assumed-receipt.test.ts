import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('no receipt for a message that found no socket, though the peer was slow to introduce itself', async () => {
  const { clock, open } = world();
  const a = await open(A);
  const b = await open(B);
  const sender = a.bind(4000);
  let outcome = 'pending';
  sender.sendmsg('hello', { address: B, port: 9999 }, { until: 'delivered' }).then(
    () => {
      outcome = 'delivered';
    },
    (e) => {
      outcome = `${e.code} ${e.outcome}`;
    },
  );
  // B's event loop stands still for 400 ms right after accepting (its map is written).
  await clock.runUntil(() => b.info().counters.cong_update_queued === 1, 1000);
  b.host.stall(400);
  await clock.advance(30_000);
  expect(outcome).not.toBe('delivered');
});
