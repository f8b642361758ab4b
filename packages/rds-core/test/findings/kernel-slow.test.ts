import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

/** A kernel that answers every ping, behind a slow network (100 KB/s). */
test.each([
  [4096, 20],
  [16384, 20],
])(
  'a kernel that answers pings, slowly reached (window %i): nothing is given up',
  async (windowBytes, latency) => {
    const w = world(1, { windowBytes, latencyMs: { min: latency, max: latency } });
    let seq = 1;
    let next = 0;
    const got: number[] = [];
    await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
      attach(stream, {
        frame: (h, p) => {
          if (h.flags === 1) return;
          if (h.sequence < next && (h.flags & 4) !== 0) return;
          next = h.sequence + 1;
          if (h.dport === 0 && h.sport !== 0)
            stream.write([frame({ seq: seq++, dport: h.sport })], () => {});
          else if (h.sport !== 0) got.push(new DataView(p.buffer, p.byteOffset).getUint32(0));
        },
        ended: () => stream.end(),
      });
      stream.write([map()], () => {});
    });
    const a = await w.open(A);
    const socket = a.bind(4000);
    let unknown = 0;
    a.on('uncertain', ({ messages }) => {
      unknown += messages.length;
    });
    const total = 40;
    for (let n = 0; n < total; n++) {
      const data = new Uint8Array(60_000);
      new DataView(data.buffer).setUint32(0, n);
      void socket.sendmsg(data, { address: C, port: 5000 });
    }
    await w.clock.advance(600_000);
    const _c = a.info().counters;
    expect(got).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(unknown).toBe(0);
  },
);
