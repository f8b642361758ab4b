import { expect, test } from 'vitest';
import { A, B, world } from './world.js';

test.each([1, 2, 3])(
  'refusals both ways with full windows settle (sockets per side: %i)',
  async (sockets) => {
    const { clock, open } = world();
    const a = await open(A);
    const b = await open(B);
    let settled = 0;
    let total = 0;
    // Get the connection up first.
    const up = b.bind(3000);
    await clock.until(
      a.bind(3000).sendmsg('x', { address: B, port: 3000 }, { until: 'delivered' }),
    );
    void up;
    for (const [node, address] of [
      [a, B],
      [b, A],
    ] as const) {
      for (let s = 0; s < sockets; s++) {
        const socket = node.bind();
        for (let n = 0; n < 64; n++) {
          total++;
          socket
            .sendmsg(new Uint8Array(65536), { address, port: 9999 }, { until: 'delivered' })
            .catch(() => {})
            .finally(() => settled++);
        }
      }
    }
    await clock.advance(600_000);
    expect(settled).toBe(total);
  },
);
