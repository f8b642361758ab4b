/**
 * Seed 90006593: a kernel heard of our restart and counted from 1, but what it had numbered before
 * it still had to repeat, ahead of the low numbers and on each connection.
 */
import { expect, test } from 'vitest';
import { FLAG_RETRANSMITTED } from '../../src/wire/header.js';
import { attach, frame, map } from './raw.js';
import { C, world } from './world.js';

const KERNEL = '10.0.0.1';
const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

async function meet() {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const node = await w.open(C);
  const heard: string[] = [];
  node.bind(5000).on('message', ({ data }) => heard.push(textOf(data)));
  const runtime = w.network.runtime();
  /** A connection of the kernel, which says this and breaks: `7` is new, `7r` is resent. */
  const says = async (...words: string[]): Promise<void> => {
    const stream = runtime.transport.connect({ address: KERNEL }, { address: C, tcpPort: 16385 });
    const messages = words.map((word) => {
      const [, number, flag, text] = /^(\d+)(r?) (.*)$/.exec(word) as RegExpExecArray;
      const flags = flag === 'r' ? FLAG_RETRANSMITTED : 0;
      const data = new TextEncoder().encode(text);
      return frame({ seq: Number(number), sport: 4000, dport: 5000, flags, data });
    });
    attach(stream, { opened: () => stream.write([map(), ...messages], () => {}) });
    await w.clock.advance(100);
    stream.destroy();
    await w.clock.advance(1000);
  };
  return { heard, says };
}

test('what was heard of them is not heard again, and does not hide what has the low numbers', async () => {
  const { heard, says } = await meet();
  await says('7r a', '8 b', '1 c');
  await says('8r b', '1r c');
  await says('8r b', '1r c', '2r d');
  await says('2r d', '3r e');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('what was not heard of them is new', async () => {
  const { heard, says } = await meet();
  await says('7r a');
  await says('8r b', '1r c', '2 d');
  await says('8r b', '1r c', '2r d', '3r e');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('when it has none left, a number above the next is new, though it was heard before', async () => {
  const { heard, says } = await meet();
  await says('7r a', '8 b', '9 b', '1 c');
  await says('1r c', '2 d');
  await says('9r b', '10r e');
  expect(heard).toEqual(['a', 'b', 'b', 'c', 'd', 'b', 'e']);
});
