/**
 * Seed 7022563: a kernel remembers the numbers of a predecessor of ours. If a clock was set back,
 * ours are lower, and what we have to send twice is old to it until it has heard who we are.
 */

import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

/** A kernel that answers from its n-th connection on, and loses those before; and what it heard. */
async function kernel(w: ReturnType<typeof world>, answersFrom: number, breaks = true) {
  const said: string[][] = [];
  await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    const words: string[] = [];
    const number = said.push(words);
    attach(stream, {
      frame: ({ flags, sport, dport }) => {
        if (flags === 1) return;
        words.push(sport !== 0 && dport !== 0 ? 'message' : 'word');
        if (dport !== 0 || sport === 0 || number < answersFrom) return;
        stream.write([frame({ seq: words.length, dport: sport })], () => {});
      },
      ended: () => stream.end(),
    });
    stream.write([map()], () => {});
    // Long enough to hear much, too short to wait for an answer that does not come.
    if (breaks && number < answersFrom) w.clock.setTimer(500, () => stream.destroy());
  });
  return said;
}

test('a kernel is sent no message before it has answered', async () => {
  const w = world();
  const said = await kernel(w, 3);
  const socket = (await w.open(A)).bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.advance(60_000);
  expect(said.slice(0, 2).flat()).not.toContain('message');
  expect(said[2]?.filter((what) => what === 'message')).toEqual(['message']);
});

test('one that answers is sent it when it has', async () => {
  const w = world();
  const said = await kernel(w, 1);
  const socket = (await w.open(A)).bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.advance(200);
  expect(said.flat()).toContain('message');
});

test('one that answers nothing is sent it all the same, half a second later', async () => {
  const w = world();
  const said = await kernel(w, Infinity, false);
  const socket = (await w.open(A)).bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.advance(400);
  expect(said.flat()).not.toContain('message');
  // It is taken for a kernel when it has not introduced itself as one of ours for 250 ms.
  await w.clock.advance(400);
  expect(said.flat()).toContain('message');
});

test.each([
  ['resent', 4],
  ['sent late', 0],
])('the pong of a probe that is %s may be for a predecessor', async (_, flags) => {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const said: string[] = [];
  await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    attach(stream, {
      frame: ({ sport, dport }) => said.push(sport !== 0 && dport !== 0 ? 'message' : 'word'),
      ended: () => stream.end(),
    });
    stream.write([map(), frame({ seq: 77, dport: 1, flags, ext: { npaths: 8 } })], () => {});
  });
  const socket = (await w.open(A)).bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.advance(400);
  expect(said).not.toContain('message');
});

test('one whose connections are all too short to answer is sent it in the end', async () => {
  const w = world();
  const heard = new Set<number>();
  await w.network.runtime().transport.listen({ address: C, tcpPort: 16385 }, (stream) => {
    attach(stream, {
      frame: ({ sport, dport, sequence }) => {
        if (sport !== 0 && dport !== 0) heard.add(sequence);
      },
      ended: () => stream.end(),
    });
    stream.write([map()], () => {});
    w.clock.setTimer(450, () => stream.destroy());
  });
  const socket = (await w.open(A)).bind(4000);
  await socket.sendmsg('x', { address: C, port: 5000 });
  await w.clock.advance(60_000);
  expect(heard.size).toBe(1);
});
