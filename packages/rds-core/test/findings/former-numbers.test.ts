/**
 * Seed 90006593: a kernel heard of our restart and counted from 1, but what it had numbered before
 * it still had to repeat, ahead of the low numbers and on each connection.
 */
import { expect, test } from 'vitest';
import { attach, frame, map, wordOf } from './raw.js';
import { C, world } from './world.js';

const KERNEL = '10.0.0.1';
const textOf = (data: Uint8Array): string => new TextDecoder().decode(data);

async function meet() {
  const w = world(1, { latencyMs: { min: 1, max: 1 }, splitChance: 0 });
  const node = await w.open(C);
  const heard: string[] = [];
  node.bind(5000).on('message', ({ data }) => heard.push(textOf(data)));
  const runtime = w.network.runtime();
  /** A connection of the kernel, which says this and breaks. */
  const says = async (...words: string[]): Promise<void> => {
    const local = { address: KERNEL, tcpPort: 16385 };
    const stream = runtime.transport.connect(local, { address: C, tcpPort: 16385 });
    const messages = words.map((word) => {
      const { text, ...numbered } = wordOf(word);
      return frame({ ...numbered, sport: 4000, dport: 5000, data: new TextEncoder().encode(text) });
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

test('what nobody has heard is new, though it comes behind a gap', async () => {
  // A kernel forgets what a socket that closed had not got acknowledged: its numbers never come.
  const { heard, says } = await meet();
  await says('107r a', '108 b', '1 c');
  await says('3r d', '4r e', '70r f');
  await says('70r f', '109r g', '71 h');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
});

test('once it has none left, a number that was known is new', async () => {
  const { heard, says } = await meet();
  await says('7r a', '8 b', '9 c', '1 d');
  await says('1r d', '2 e');
  await says('9r c', '10r f');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e', 'c', 'f']);
});

test('a kernel that was heard to begin has none, whatever it says after a boot', async () => {
  const { heard, says } = await meet();
  await says('1 a', '2 a', '3 a', '4 a', '5 a');
  await says('2 b');
  await says('4r a', '5 a');
  expect(heard).toEqual(['a', 'a', 'a', 'a', 'a', 'b', 'a', 'a']);
});

test('it counts from anew among what it resends, on the first connection that is heard', async () => {
  const { heard, says } = await meet();
  await says('108r b', '1r c');
  await says('108r b', '1r c', '2r d');
  expect(heard).toEqual(['b', 'c', 'd']);
});

test('a number above 64 that has come once more since it began is no other for what it was', async () => {
  const { heard, says } = await meet();
  await says('107r a', '108 b', '1 c', '107 d');
  await says('107r d', '108 e');
  await says('108r e', '109 f');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('behind the low numbers of a connection none is of the time before', async () => {
  const { heard, says } = await meet();
  await says('3 tick');
  await says('1r one', '3r tick', '4 end');
  expect(heard).toEqual(['tick', 'one', 'tick', 'end']);
});
