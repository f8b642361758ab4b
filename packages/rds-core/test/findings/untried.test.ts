/**
 * Seed 90005472: one of our own was taken for a kernel, because the network lost its first word. It
 * was gone, and the connection known to us alone: what its map had held back waited for ever.
 */
import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

const to = { address: C, port: 5000 };

/** A peer whose map says that the port is congested, and which then says what it is given to. */
async function mute(w: ReturnType<typeof world>, answersFrom: number) {
  let calls = 0;
  await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    const call = ++calls;
    attach(stream, {
      frame: ({ flags, sport, dport }) => {
        if (flags === 1 || sport === 0 || dport !== 0 || call < answersFrom) return;
        stream.write([frame({ seq: call, dport: sport })], () => {});
      },
      ended: () => stream.end(),
    });
    stream.write([map(call < answersFrom ? [to.port] : [])], () => {});
  });
  return () => calls;
}

test('what never spoke is asked on another connection, even if nothing may be sent to it', async () => {
  const w = world();
  const calls = await mute(w, 2);
  const node = await w.open(A, { livenessMs: 2000 });
  node.ping(to).catch(() => {});
  await w.clock.advance(1000);
  await w.clock.until(node.bind(4000).sendmsg('x', to), 10_000);
  expect(calls()).toBe(2);
});

test('one that never speaks is believed to have nothing to say after a few connections', async () => {
  const w = world();
  const calls = await mute(w, Infinity);
  const node = await w.open(A, { livenessMs: 2000 });
  node.ping(to).catch(() => {});
  await w.clock.advance(600_000);
  expect(calls()).toBe(4);
  expect(node.info().connections[0]?.state).toBe('up');
});

test('it is read to the end before it is given up, whatever our event loop does', async () => {
  // Some of these stalls end when the last silent tick is due, which then runs before the reading.
  for (let stallsAtMs = 1000; stallsAtMs < 2500; stallsAtMs += 20) {
    const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
    let say = (): void => {};
    await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
      attach(stream, { ended: () => stream.end() });
      stream.write([map()], () => {});
      const message = frame({ seq: 1, sport: 5000, dport: 4000, data: Uint8Array.of(7) });
      say = () => stream.write([message], () => {});
    });
    const node = await w.open(A, { livenessMs: 2000 });
    const heard: number[] = [];
    node.bind(4000).on('message', ({ data }) => heard.push(data[0] as number));
    node.ping(to).catch(() => {});
    await w.clock.advance(stallsAtMs);
    node.host.stall(60);
    await w.clock.advance(20);
    say();
    await w.clock.advance(10_000);
    expect({ stallsAtMs, heard }).toEqual({ stallsAtMs, heard: [7] });
  }
});
