/** A door that is kept busy. `fails`, until the newest is not the one that is turned away. */
import { expect, test } from 'vitest';
import { attach } from './raw.js';
import { B, world } from './world.js';

/** MAX_STRANGERS. */
const STRANGERS = 2048;
const RETRY_MS = 1000;

test('silent connections that are renewed at once must not keep an honest node out', async () => {
  const { clock, network, open } = world();
  const b = await open(B);
  const attacker = network.runtime();
  let isOver = false;
  const knock = (address: string): void => {
    if (isOver) return;
    const stream = attacker.transport.connect(
      { address, tcpPort: 1 },
      { address: B, tcpPort: 16385 },
    );
    attach(stream, {
      ended: () => stream.destroy(),
      closed: () => void clock.setTimer(RETRY_MS, () => knock(address)),
    });
  };
  for (let n = 0; n < 2 * STRANGERS; n++) knock(`10.1.${n >> 8}.${n & 255}`);
  await clock.advance(100);
  const a = await open('10.0.0.1');
  const ping = a.ping(B, { timeoutMs: 20_000 });
  const settled = ping.then(
    () => 'in',
    () => 'out',
  );
  await clock.advance(20_100);
  isOver = true;
  expect(await settled).toBe('in');
  await Promise.all([a.destroy(), b.destroy()]);
}, 60_000);
