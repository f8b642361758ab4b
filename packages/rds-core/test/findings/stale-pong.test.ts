/**
 * Pongs that a kernel queued for an earlier connection and sends on a later one. They look like
 * answers, and say nothing of the connection that brings them. Told in raw frames by a smaller
 * peer, which makes the connections.
 */

import { expect, test } from 'vitest';
import { attach, frame, map } from './raw.js';
import { A, C, world } from './world.js';

const RESENT = 4;

/** What a kernel calls: a connection, and the ports of the pings that came on it. */
async function meet() {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const node = await w.open(C);
  const heard: number[] = [];
  node.bind(9000).on('message', ({ data }) => heard.push(data[0] as number));
  const { transport } = w.network.runtime();
  const call = async () => {
    const pings: number[] = [];
    const stream = transport.connect({ address: A, tcpPort: 0 }, { address: C, tcpPort: 16385 });
    attach(stream, {
      frame: ({ sport, dport }) => {
        if (dport === 0 && sport !== 0) pings.push(sport);
      },
      ended: () => stream.end(),
    });
    await w.clock.advance(10);
    const say = async (...frames: Uint8Array[]) => {
      stream.write(frames, () => {});
      await w.clock.advance(300);
    };
    return { stream, pings, say };
  };
  /** The first connection ends; of the next two, the younger is heard first. */
  const overtake = async () => {
    const first = await call();
    await first.say(map(), message(1, 1));
    first.stream.end();
    await w.clock.advance(300);
    const elder = await call();
    const younger = await call();
    await younger.say(map(), message(3, 3, RESENT));
    expect(heard).toEqual([1, 3]);
    return { asked: [...first.pings, ...younger.pings], elder };
  };
  return { heard, overtake };
}

const message = (seq: number, data: number, flags = 0) =>
  frame({ seq, sport: 5000, dport: 9000, data: Uint8Array.of(data), flags });
const pong = (seq: number, dport: number) => frame({ seq, dport });

test('the pong of a probe that was asked elsewhere does not make an elder new', async () => {
  const { heard, overtake } = await meet();
  const { elder } = await overtake();
  await elder.say(map(), pong(2, 1), message(3, 3));
  expect(heard).toEqual([1, 3]);
});

test('nor does the pong of any ping that was', async () => {
  const { heard, overtake } = await meet();
  const { asked, elder } = await overtake();
  expect(asked.some((port) => port > 1)).toBe(true);
  // Behind its map, and before it, when nothing has been asked yet: the last question comes first.
  const pongs = asked.reverse().map((port) => pong(2, port));
  await elder.say(...pongs, map(), ...pongs, message(3, 3));
  expect(heard).toEqual([1, 3]);
});

test('who answers there what it was asked there lives, and may count from anew', async () => {
  const { heard, overtake } = await meet();
  const { asked, elder } = await overtake();
  await elder.say(map());
  const port = elder.pings.find((each) => each > 1 && !asked.includes(each)) as number;
  await elder.say(pong(1, port), message(2, 4));
  expect(heard).toEqual([1, 3, 4]);
});
