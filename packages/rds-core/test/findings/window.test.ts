/**
 * What waits for the in-flight window leaves as soon as an acknowledgement opens it. Signs of life
 * would push it out, too, only seconds later, which hides the mistake from the simulator.
 */

import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

const MIB = 1 << 20;
/** Several windows. */
const MESSAGES = 20;

test('messages beyond the window follow as it opens', async () => {
  const { clock, open } = world(1, { windowBytes: MESSAGES * MIB, latencyMs: { min: 1, max: 1 } });
  const a = await open(A);
  const b = await open(B, { receiveBufferBytes: MESSAGES * MIB });
  const receiver = b.bind(5000);
  const sender = a.bind({ port: 4000, sendBufferBytes: MESSAGES * MIB });
  const to = { address: B, port: 5000 };
  await clock.until(sender.sendmsg('first', to, { until: 'delivered' }));
  receiver.recvmmsg();
  for (let count = 0; count < MESSAGES; count++) sender.trySendmsg(new Uint8Array(MIB), to);
  // Round trips take two milliseconds here; a sign of life comes after seconds.
  await clock.advance(500);
  expect(receiver.recvmmsg().length).toBe(MESSAGES);
});
