/**
 * Paths that were given up because a predecessor's words were heard late are made anew. To the peer,
 * which has lived all the time, their numbers must not be old.
 */
import { expect, test } from 'vitest';
import { ownFeatures } from '../../src/wire/extension.js';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

const DELIVERED = { until: 'delivered' } as const;

test('what is sent after a stale word of a predecessor arrives', async () => {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const alice = await w.open(C, { paths: 4 });
  const bob = await w.open(A, { paths: 4 });
  const heard: string[] = [];
  bob.bind(9000).on('message', ({ data }) => heard.push(new TextDecoder().decode(data)));
  await w.clock.until(alice.ping(A));
  await w.clock.advance(2000);
  const sockets = Array.from({ length: 8 }, (_, at) => alice.bind(4000 + at));
  const outcomes: string[] = [];
  const round = async (n: number) => {
    for (let k = 0; k < 5 * n * sockets.length; k++) {
      const socket = sockets[k % sockets.length];
      const receipt = socket?.sendmsg(`${n}.${k}`, { address: A, port: 9000 }, DELIVERED);
      receipt?.then(
        () => outcomes.push('delivered'),
        () => outcomes.push('unknown'),
      );
    }
    await w.clock.advance(5000);
  };
  await round(1);
  expect(heard.length).toBe(40);
  // A connection that bob's predecessor made is heard late (or: somebody else speaks at his address).
  const { transport } = w.network.runtime();
  const late = transport.connect({ address: A, tcpPort: 0 }, { address: C, tcpPort: 16385 }, 0);
  attach(late, { ended: () => late.end() });
  const ext = { npaths: 1, generation: 77, own: { features: ownFeatures(4), tcpPort: 16385 } };
  late.write([map([], ext), frame({ ext })], () => {});
  await w.clock.advance(3);
  await round(2);
  late.destroy();
  await w.clock.advance(60_000);
  const { recv_drop_old_seq } = bob.info().counters;
  // Twenty were under way on the first path: those are told as unknown.
  const delivered = outcomes.filter((each) => each === 'delivered').length;
  expect({ heard: heard.length, old: recv_drop_old_seq }).toEqual({ heard: delivered, old: 0 });
});
