/** A simulated seed: connections identified in one turn were heard in another order than made. */
import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

const said = (seq: number) => frame({ seq, sport: 4000, dport: 5000, data: Uint8Array.of(seq) });

test('who lets the eldest go first does not fall behind the youngest', async () => {
  const { clock, network, open } = world(1, {
    latencyMs: { min: 0.1, max: 0.1 },
    splitChance: 0,
    mergeChance: 0,
  });
  const node = await open(B);
  const heard: (number | undefined)[] = [];
  node.bind(5000).on('message', ({ data }) => heard.push(data[0]));
  const kernel = network.runtime();
  const connect = async (...frames: Uint8Array[]) => {
    const local = { address: A, tcpPort: 0 };
    const stream = kernel.transport.connect(local, { address: B, tcpPort: 16_385 });
    attach(stream, { opened: () => stream.write(frames, () => {}) });
    await clock.advance(10);
    return stream;
  };
  node.host.stall(1000);
  // The second says who it is before the eldest does, and the youngest after that.
  const eldest = await connect();
  const second = await connect(map(), said(1));
  eldest.write([map()], () => {});
  eldest.end();
  second.end();
  await clock.advance(10);
  await connect(map(), said(2));
  await clock.advance(10_000);
  expect(heard).toEqual([1, 2]);
});
