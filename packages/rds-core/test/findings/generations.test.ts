/** A kernel that boots again and again, and says so behind its first words, loses none of them. */

import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

test.each([
  ['ends, and generations alternate', true, [7, 8, 7, 8]],
  ['breaks, and generations alternate', false, [7, 8, 7, 8]],
  ['breaks, and no generation is told', false, [0, 0, 0, 0]],
])('each connection %s', async (_, endsWell, generations) => {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const node = await w.open(C);
  const heard: string[] = [];
  node.bind(9000).on('message', ({ data }) => heard.push(new TextDecoder().decode(data)));
  const kernel = w.network.runtime();
  await kernel.transport.listen({ address: A, tcpPort: 16385 }, () => {});
  const expected: string[] = [];
  for (const [life, generation] of generations.entries()) {
    const local = { address: A, tcpPort: 0 };
    const stream = kernel.transport.connect(local, { address: C, tcpPort: 16385 });
    attach(stream, { ended: () => (endsWell ? stream.end() : stream.destroy()) });
    const ext = generation === 0 ? { npaths: 8 } : { npaths: 8, generation };
    const words = [1, 2, 3, 4, 5].map((seq) => {
      if (seq === 3) return frame({ seq, sport: 1, ext });
      expected.push(`${life}.${seq}`);
      const data = new TextEncoder().encode(`${life}.${seq}`);
      return frame({ seq, sport: 5000, dport: 9000, data });
    });
    stream.write([map(), ...words], () => {});
    await w.clock.advance(50);
  }
  await w.clock.advance(30_000);
  expect(heard).toEqual(expected);
});
