/** What small messages cost that nobody reads. They are charged for it. */
import { expect, test } from 'vitest';
import { collectGarbage } from '../garbage.js';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

const MIB = 1 << 20;
const MAX_QUEUED_BYTES = 8 * MIB;

async function memoryUsed(): Promise<number> {
  await collectGarbage();
  await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each([1, 64, 200, 1000])(
  'messages of %d bytes must not cost more than the hard limit and a MiB',
  async (length) => {
    const { clock, network, open } = world();
    const b = await open(B, { maxQueuedBytes: MAX_QUEUED_BYTES });
    b.bind(4000);
    const stream = network
      .runtime()
      .transport.connect({ address: A, tcpPort: 1 }, { address: B, tcpPort: 16385 });
    attach(stream, {});
    // From a kernel the same number counts as new again and again, so the same memory will do.
    const ext = { npaths: 1, generation: 77 };
    stream.write([map(), frame({ seq: 1, sport: 1, ext })], () => {});
    await clock.advance(10);
    const message = frame({ seq: 5, sport: 4000, dport: 4000, data: new Uint8Array(length) });
    const piece = new Uint8Array(Buffer.alloc(message.length * 100, message));
    const before = await memoryUsed();
    const count = (2 * MAX_QUEUED_BYTES) / (100 * Math.max(64, length));
    for (let n = 0; n < count; n++) stream.write([piece], () => {});
    await clock.advance(2000);
    expect(b.info().counters.tcp_read_paused).toBeGreaterThan(0);
    const used = (await memoryUsed()) - before;
    expect(used / MIB).toBeLessThan((MAX_QUEUED_BYTES + 1.25 * MIB) / MIB);
  },
);
