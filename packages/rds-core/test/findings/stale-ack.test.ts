/**
 * A process that restarts with its clock set back begins with lower numbers than its predecessor.
 * Its peer greets it with the acknowledgement of what the predecessor sent, because the greeting
 * leaves before the new process has said who it is. That broke every connection between the two.
 */
import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

const HOUR_MS = 3_600_000;

test('a restart with the clock set back', async () => {
  const { clock, network, open } = world();
  const a = await open(A);
  const received: number[] = [];
  a.bind(4000).on('message', ({ data }) => received.push(data[0] as number));
  const b = await open(B);
  const before = b.bind(4000).sendmsg(new Uint8Array([1]), { address: A, port: 4000 });
  await clock.until(before);
  await clock.advance(1000);
  network.kill(b.host, 'machine');

  const { openNode } = await import('../../src/index.js');
  const runtime = network.runtime({ wallClockStartUs: 1_700_000_000_000_000 - HOUR_MS * 1000 });
  const again = await openNode({ address: B }, runtime);
  const to = { address: A, port: 4000 };
  await clock.until(again.bind(4000).sendmsg(new Uint8Array([2]), to, { until: 'delivered' }));
  expect(received).toEqual([1, 2]);
});
