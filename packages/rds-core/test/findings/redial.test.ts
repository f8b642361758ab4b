/**
 * A connection that was of use is made anew at once, however long it took to make it. The simulator
 * sees the mistake only as a longer wait, which faults cause, too.
 */

import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('what a peer was away for does not count against it when it is back', async () => {
  const { clock, network, open } = world();
  const a = await open(A, { reconnect: { minDelayMs: 10, maxDelayMs: 60_000 } });
  const b = await open(B);
  b.bind(5000).on('message', () => {});
  const socket = a.bind(4000);
  const send = () => socket.sendmsg('a word', { address: B, port: 5000 }, { until: 'delivered' });
  network.link(A, B).dialRule = 'refuse';
  const first = send();
  await clock.advance(600_000);
  network.link(A, B).dialRule = 'accept';
  await clock.until(first, 120_000);
  for (let time = 0; time < 5; time++) {
    network.cut(A, B);
    const cutMs = clock.now();
    await clock.until(send(), 120_000);
    expect(clock.now() - cutMs).toBeLessThan(1000);
  }
});
