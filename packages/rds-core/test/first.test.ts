import { expect, test } from 'vitest';
import { openNode } from '../src/index.js';
import { SeededRandom, SimulatedClock, SimulatedNetwork } from '../src/testing/index.js';

test.each([1,2,3,4,5])('messages survive cuts, seed %i', async (seed) => {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock, new SeededRandom(seed), { poison: true });
  const a = await openNode({ address: '10.0.0.1' }, network.runtime());
  const b = await openNode({ address: '10.0.0.2' }, network.runtime());
  a.on('connection', (e) => console.log(clock.now(), 'a', JSON.stringify(e)));
  b.on('connection', (e) => console.log(clock.now(), 'b', JSON.stringify(e)));
  const from = a.bind(4000);
  const to = b.bind(4000);
  const got: number[] = [];
  to.on('message', ({ data }) => got.push(new DataView(data.buffer, data.byteOffset).getUint32(0)));
  let delivered = 0;
  const size = new SeededRandom(seed);
  for (let i = 0; i < 500; i++) {
    const data = new Uint8Array(size.integer(4, 20000));
    new DataView(data.buffer).setUint32(0, i);
    void from.sendmsg(data, { address: '10.0.0.2', port: 4000 }, { until: 'delivered' }).then(() => delivered++);
    if (i % 20 === 0) await clock.advance(1);
    if (i % 100 === 0) network.cut('10.0.0.1', '10.0.0.2');
  }
  await clock.advance(20000);
  expect(got).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(delivered).toBe(500);
  console.log(JSON.stringify(a.info(), null, 1), clock.pending);
  const closing = Promise.all([a.close(), b.close()]);
  await clock.advance(3000);
  console.log(await closing, clock.pending);
});
