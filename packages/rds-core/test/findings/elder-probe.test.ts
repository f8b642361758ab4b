/**
 * A simulated seed: what one of our own dialled first was accepted last, and said there that it is
 * there, with a number from before. What came since must be recognised when it comes again.
 */

import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

test('a lower number of one of our own makes nothing new that was heard', async () => {
  const { clock, network, open } = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const node = await open(B);
  const heard: (number | undefined)[] = [];
  node.bind(5000).on('message', ({ data }) => heard.push(data[0]));
  const peer = network.runtime();
  const ext = { npaths: 1, generation: 7, own: { features: 1, tcpPort: 16_385 } };
  const hello = frame({ ext });
  const said = (seq: number, flags = 0) =>
    frame({ seq, flags, sport: 4000, dport: 5000, data: Uint8Array.of(seq) });
  const connect = async (...frames: Uint8Array[]) => {
    const local = { address: A, tcpPort: 16_385 };
    const stream = peer.transport.connect(local, { address: B, tcpPort: 16_385 });
    attach(stream, { opened: () => stream.write([map(), ...frames], () => {}) });
    await clock.advance(20);
  };
  await connect(hello, said(11), said(12), said(13));
  await connect(frame({ seq: 5, sport: 1, ext }));
  await connect(hello, said(12, 0x04), said(13, 0x04), said(14));
  expect(heard).toEqual([11, 12, 13, 14]);
});
