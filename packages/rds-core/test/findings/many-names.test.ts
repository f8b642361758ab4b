/** A socket that knows as many destinations as it remembers, and is given one more. */

import { expect, test } from 'vitest';
import { A, C, world } from './world.js';

/** MAX_NAMES of flow-table.ts. */
const NAMES = 65_536;

test('the destination at which all names are forgotten is not forgotten with them', async () => {
  const { clock, open } = world();
  const node = await open(A);
  const socket = node.bind({ port: 4000, sendBufferBytes: 6 });
  // Nothing is said to them: to look a destination up is enough.
  for (let name = 0; name < NAMES; name++) {
    socket.connect({ address: name < 60_000 ? A : '10.0.0.2', port: 2 + (name % 60_000) });
  }
  const away = { address: C, port: 5000 };
  const sends = ['first', 'second'].map((text) => socket.sendmsg(text, away));
  const settled = Promise.allSettled(sends);
  await clock.advance(10);
  await clock.until(socket.close({ deadlineMs: 0 }));
  const outcomes = (await clock.until(settled)).map(({ status }) => status);
  expect(outcomes).toEqual(['fulfilled', 'rejected']);
});
