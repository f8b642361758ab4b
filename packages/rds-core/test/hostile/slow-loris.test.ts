/** Slow loris: who says what all say, a byte at a time, and so has time. */

import { describe, expect, test } from 'vitest';
import { frame, map } from '../findings/raw.js';
import { type Attacker, besiege, LARGER, type Siege, SMALLER } from './siege.js';

const HANDSHAKE_TIMEOUT_MS = 5000;
/** A round trip and more. */
const SOON_MS = 10;
const ext = { npaths: 1, generation: 77, own: { features: 1, tcpPort: 16385 } };

/** One byte in so many milliseconds, until nobody takes them. */
async function drip({ clock }: Siege, to: Attacker, bytes: Uint8Array, everyMs: number) {
  for (const byte of bytes) {
    if (to.overAtMs !== null) return;
    to.write(Uint8Array.of(byte));
    await clock.advance(everyMs);
  }
}

describe.each([SMALLER, LARGER])('a slow loris at %s', (address) => {
  test('does not get to the end of its first header', async () => {
    const siege = await besiege();
    const startMs = siege.clock.now();
    const loris = siege.dial(address);
    await drip(siege, loris, map([], ext), 200);
    expect(loris.overAtMs).toBeLessThan(startMs + HANDSHAKE_TIMEOUT_MS + SOON_MS);
    expect(siege.events).toMatchObject([{ type: 'refused', address, reason: 'handshake-timeout' }]);
    expect(siege.victim.info().connections).toHaveLength(1);
  });
});

test('one with a header does not get to the end of its map', async () => {
  const siege = await besiege();
  const startMs = siege.clock.now();
  const loris = siege.dial(SMALLER);
  loris.write(map().subarray(0, 48));
  await drip(siege, loris, map().subarray(48), 10);
  expect(loris.overAtMs).toBeLessThan(startMs + HANDSHAKE_TIMEOUT_MS + SOON_MS);
  // What it may still say is read to the end first.
  await siege.clock.advance(5000);
  expect(siege.victim.info().connections).toHaveLength(1);
});

test('one with a map does not get to the end of its hello', async () => {
  const siege = await besiege();
  const startMs = siege.clock.now();
  const loris = siege.dial(SMALLER);
  // As one of our nodes says it, once it is known as one.
  loris.write(map(), frame({ ext }));
  await siege.clock.advance(SOON_MS);
  loris.stream.destroy();
  const again = siege.dial(SMALLER);
  again.write(map());
  await drip(siege, again, frame({ ext }), 200);
  expect(again.overAtMs).toBeLessThan(startMs + HANDSHAKE_TIMEOUT_MS + 2 * SOON_MS);
});

test('a peer that trickles a message of a MiB for an hour is borne, and bothers nobody', async () => {
  const siege = await besiege();
  const { clock, victim, events } = siege;
  const loris = siege.dial(SMALLER);
  const message = frame({ seq: 1, sport: 4000, dport: 5000, data: new Uint8Array(1 << 20) });
  loris.write(map(), frame({ ext }));
  await drip(siege, loris, message.subarray(0, 3600), 1000);
  expect(loris.overAtMs).toBeNull();
  expect(events).toMatchObject([{ type: 'up', address: SMALLER }]);
  expect(victim.info()).toMatchObject({ queuedBytes: 0 });
  loris.stream.destroy();
  await clock.advance(SOON_MS);
  expect(events).toMatchObject([{ type: 'up' }, { type: 'down', address: SMALLER }]);
});

test('two thousand of them at once are all gone in time', async () => {
  const siege = await besiege();
  const lorises = Array.from({ length: 2000 }, (_, n) => siege.dial(`10.1.${n >> 8}.${n & 255}`));
  for (let second = 0; second < 6; second++) {
    for (const loris of lorises) if (loris.overAtMs === null) loris.write(Uint8Array.of(0));
    await siege.clock.advance(1000);
  }
  expect(lorises.filter(({ overAtMs }) => overAtMs === null)).toEqual([]);
  expect(siege.victim.info().counters.tcp_closed_handshake_timeout).toBe(2000);
  expect(siege.victim.info().connections).toHaveLength(1);
});
