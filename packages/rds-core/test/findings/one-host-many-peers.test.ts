import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

async function flood(count: number, options: object, partial: boolean) {
  const { clock, network, open } = world();
  const c = await open(C, options);
  const runtime = network.runtime();
  const streams = [];
  for (let n = 1; n <= count; n++) {
    const ext = { npaths: 1, generation: n, own: { features: 1, tcpPort: 1000 + n } };
    const stream = runtime.transport.connect(
      { address: A, tcpPort: 1 },
      { address: C, tcpPort: 16385 },
    );
    const begun = frame({ seq: 1, sport: 9, dport: 9, data: new Uint8Array(1 << 20) }).slice(0, 49);
    attach(stream, {
      opened: () =>
        stream.write(
          [map([], { own: ext.own }), frame({ ext }), ...(partial ? [begun] : [])],
          () => {},
        ),
    });
    streams.push(stream);
  }
  await clock.advance(1000);
  return { clock, open, c, streams };
}

test('frames begun by one host stay within the budgets', async () => {
  const before = process.memoryUsage().arrayBuffers;
  await flood(300, { maxQueuedBytes: 1 << 20 }, true);
  const grownMiB = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
  expect(grownMiB).toBeLessThan(100);
});
