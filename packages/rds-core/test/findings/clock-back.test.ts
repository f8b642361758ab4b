/** A simulated seed with a wall clock that was set back between two meetings of the same lives. */
import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test('numbers do not go back with the clock when a forgotten peer is met again', async () => {
  const { clock, network, open } = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const a = await open(A);
  const b = await open(B);
  // B hears our first words and remembers us. We hear nothing, and forget B.
  const ping = a.ping(B, { timeoutMs: 100 }).catch(() => {});
  await clock.runUntil(() => network.connections(A, B).length > 0);
  network.partition(B, A, 'one-way');
  await clock.until(ping);
  expect(b.info().connections).toMatchObject([{ peer: 'rds-tcp' }]);
  network.cut(A, B);
  network.heal(B, A);
  await clock.advance(60_000);
  expect(a.info().connections).toEqual([]);

  // B acknowledges them again whenever we meet. We must not have forgotten what they were.
  const acknowledged = Number(b.info().connections[0]?.nextRxSequence) - 1;
  expect(acknowledged).toBeGreaterThan(0);
  a.host.jumpWallClock(-86_400_000);
  await clock.until(a.ping(B));
  expect(Number(a.info().connections[0]?.nextTxSequence)).toBeGreaterThan(acknowledged);
});
