/** Ten thousand connections that say nothing. */

import { expect, test } from 'vitest';
import { collectGarbage } from '../garbage.js';
import { besiege, SMALLER } from './siege.js';

const CONNECTIONS = 10_000;
/** As many as are heard at a time. */
const MAX_STRANGERS = 2048;
const HANDSHAKE_TIMEOUT_MS = 5000;
const MIB = 1 << 20;
/** In the simulation both ends of a connection are on our heap. */
const BYTES_PER_CONNECTION = 8192 + 4096;

test('ten thousand connections that say nothing are turned away in time, and forgotten', async () => {
  const { clock, victim, dial, open } = await besiege();
  await collectGarbage();
  const before = process.memoryUsage();
  // Larger than the victim, so that it greets nobody; and smaller, so that it says its map.
  let silent = Array.from({ length: CONNECTIONS }, (_, n) =>
    dial(`10.${n % 2}.${n >> 8}.${(n & 255) === 0 ? 1 : n & 255}`),
  );
  await clock.advance(100);
  expect(silent.filter(({ overAtMs }) => overAtMs === null)).toHaveLength(MAX_STRANGERS);
  expect(victim.info().counters.tcp_closed_too_many_strangers).toBe(CONNECTIONS - MAX_STRANGERS);
  await collectGarbage();
  const used = process.memoryUsage();
  const grown = used.heapUsed + used.arrayBuffers - before.heapUsed - before.arrayBuffers;
  expect(grown).toBeLessThan(CONNECTIONS * BYTES_PER_CONNECTION);

  await clock.advance(HANDSHAKE_TIMEOUT_MS);
  expect(silent.filter(({ overAtMs }) => overAtMs === null)).toEqual([]);
  expect(victim.info().counters.tcp_closed_handshake_timeout).toBe(MAX_STRANGERS);
  expect(victim.info().connections).toHaveLength(1);

  const newcomer = await open(SMALLER);
  const roundTripMs = newcomer.ping(victim.address);
  expect(await clock.until(roundTripMs)).toBeLessThan(10);
  await newcomer.destroy();
  silent = [];
  // What they were told is no longer held by anyone.
  await clock.advance(HANDSHAKE_TIMEOUT_MS);
  await collectGarbage();
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(MIB);
});

test('who wants in while they stand at the door gets in when they are gone', async () => {
  const { clock, victim, dial, open } = await besiege();
  for (let n = 0; n < CONNECTIONS; n++) dial(`10.1.${n >> 8}.${(n & 255) === 0 ? 1 : n & 255}`);
  await clock.advance(10);
  const newcomer = await open(SMALLER);
  const ping = newcomer.ping(victim.address, { timeoutMs: 60_000 });
  await clock.until(ping, 4 * HANDSHAKE_TIMEOUT_MS);
  await newcomer.destroy();
});
