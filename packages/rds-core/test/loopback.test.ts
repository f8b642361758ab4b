/** Loopback: a node's sockets send to each other by the rules that hold between nodes. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Incoming, RdsNode, RdsSocket } from '../src/index.js';
import { socketInfo } from '../src/info.js';
import { A, world } from './findings/world.js';

const TO = { address: A, port: 5000 };
const KIB = 1024;

let clock: ReturnType<typeof world>['clock'];
let node: RdsNode;
let alice: RdsSocket;
let bob: RdsSocket;

beforeEach(async () => {
  const w = world();
  clock = w.clock;
  node = await w.open(A);
  alice = node.bind({ port: 4000, sendBufferBytes: 8 * KIB });
  bob = node.bind({ port: 5000, receiveBufferBytes: 4 * KIB });
});

const textOf = ({ data }: Incoming): string => String.fromCharCode(...data);
const bytes = (length: number): Uint8Array => new Uint8Array(length);

test('a message arrives as it was when it was sent, without TCP', async () => {
  const data = Uint8Array.from([104, 105]);
  const sent = alice.sendmsg(data, TO, { until: 'delivered' });
  data.fill(0);
  await clock.until(sent);
  const [message] = bob.recvmmsg() as [Incoming];
  expect(textOf(message)).toBe('hi');
  expect(message.from).toEqual({ address: A, port: 4000 });
  expect(node.info().connections).toEqual([]);
  expect(node.info().counters).toMatchObject({ recv_delivered: 1, recv_queued: 1 });
});

test('a port without a socket refuses', async () => {
  const call = alice.sendmsg('x', { address: A, port: 6000 }, { until: 'delivered' });
  await expect(clock.until(call)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    outcome: 'not-delivered',
  });
  expect(node.info().counters).toMatchObject({ recv_drop_no_sock: 1, recv_delivered: 0 });
});

describe('congestion', () => {
  test('holds senders back until the other socket has read', async () => {
    for (let sent = 0; sent < 5; sent++) await alice.sendmsg(bytes(KIB), TO);
    await clock.until(alice.flush());
    expect(socketInfo(bob).congested).toBe(true);
    expect(() => alice.trySendmsg('x', TO)).toThrow(expect.objectContaining({ code: 'ENOBUFS' }));
    const waits = alice.sendmsg('last', TO, { until: 'delivered' });
    await clock.advance(1000);
    expect(bob.recvmmsg()).toHaveLength(5);
    await clock.until(waits);
    expect(bob.recvmmsg().map(textOf)).toEqual(['last']);
    alice.trySendmsg('x', TO);
  });

  test('ends when the other socket closes', async () => {
    for (let sent = 0; sent < 5; sent++) await alice.sendmsg(bytes(KIB), TO);
    await clock.until(alice.flush());
    const waits = alice.sendmsg('x', TO, { until: 'delivered' });
    bob.destroy();
    await expect(clock.until(waits)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('what is sent fills the send buffer until it is delivered', async () => {
  for (let sent = 0; sent < 8; sent++) alice.trySendmsg(bytes(KIB), { address: A, port: 6000 });
  const more = () => alice.trySendmsg('x', { address: A, port: 6000 });
  expect(more).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  await clock.until(alice.flush());
  more();
});

test('what is canceled before its turn does not arrive', async () => {
  const other = node.bind(4001);
  void alice.sendmsg('12', TO);
  void other.sendmsg('mine', TO);
  const receipt = alice.sendmsg('345', TO, { until: 'delivered' });
  expect(alice.cancelSentTo(TO)).toEqual({ messages: 2, bytes: 5 });
  await expect(receipt).rejects.toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
  await clock.until(other.flush());
  expect(bob.recvmmsg().map(textOf)).toEqual(['mine']);
});

test('what waits for room is not canceled with what it waits for', async () => {
  const fill = () => {
    for (;;) alice.trySendmsg(bytes(64), TO);
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  const waits = alice.sendmsg('afterwards', TO);
  alice.cancelSentTo(TO);
  await waits;
  await clock.advance(1);
  expect(bob.recvmmsg().map(textOf)).toEqual(['afterwards']);
});

test('thousands in a row arrive in order, and leave others their turn', async () => {
  const heard: string[] = [];
  bob.on('message', (message) => heard.push(textOf(message)));
  const texts = Array.from({ length: 3000 }, (_, index) => `${index}`);
  const sender = node.bind();
  for (const text of texts) sender.trySendmsg(text, TO);
  clock.step();
  expect(heard).toHaveLength(1024);
  await clock.until(sender.flush());
  expect(heard).toEqual(texts);
  sender.trySendmsg('more', TO);
  await clock.until(sender.flush());
  expect(heard.at(-1)).toBe('more');
});

describe('of many messages on their way at once', () => {
  const SENT = 3000;
  let heard: Incoming[];
  let sender: RdsSocket;
  beforeEach(() => {
    heard = [];
    sender = node.bind();
    // Several lengths and several thousands: more than one turn, and memory that is used again.
    for (let number = 0; number < SENT; number++) sender.trySendmsg(textOfNumber(number), TO);
  });

  function textOfNumber(number: number): string {
    return `${number}`.padEnd(number % 300, '.');
  }

  test('each is for its receiver to keep', async () => {
    bob.on('message', (message) => heard.push(message));
    await clock.until(sender.flush());
    for (let number = 0; number < SENT; number++) sender.trySendmsg('overwritten', TO);
    await clock.until(sender.flush());
    const texts = Array.from({ length: SENT }, (_, number) => textOfNumber(number));
    expect(heard.slice(0, SENT).map(textOf)).toEqual(texts);
  });

  test('whoever transfers one takes along none that is still to come', async () => {
    const texts: string[] = [];
    bob.on('message', (message) => {
      texts.push(textOf(message));
      const buffer = message.data.buffer as ArrayBuffer;
      if (texts.length % 100 === 0) structuredClone(null, { transfer: [buffer] });
    });
    await clock.until(sender.flush());
    expect(texts).toEqual(Array.from({ length: SENT }, (_, number) => textOfNumber(number)));
  });

  test('they share little memory, in which whole numbers can be read', async () => {
    bob.on('message', (message) => heard.push(message));
    await clock.until(sender.flush());
    const buffers = new Set(heard.map(({ data }) => data.buffer));
    expect(Math.max(...[...buffers].map(({ byteLength }) => byteLength))).toBe(16 * KIB);
    const shared = heard.filter(({ data }) => data.length > 64);
    const blocks = new Set(shared.map(({ data }) => data.buffer));
    expect(blocks.size).toBeLessThan(shared.length / 50);
    expect(heard.filter(({ data }) => data.byteOffset % 8 !== 0)).toEqual([]);
  });

  test.each([1, 7, 1024, 1025, 2999])(
    'the rest is canceled when %i have arrived',
    async (count) => {
      let canceled = { messages: 0, bytes: 0 };
      bob.on('message', (message) => {
        if (heard.push(message) === count) canceled = sender.cancelSentTo(TO);
      });
      const flushed = clock.until(sender.flush());
      const outcome = { code: 'ECANCELED', outcome: 'not-delivered' };
      await expect(flushed).rejects.toMatchObject(outcome);
      await clock.advance(10);
      expect([heard.length, canceled.messages]).toEqual([count, SENT - count]);
      expect(node.info().counters).toMatchObject({
        send_acked: count,
        send_canceled: SENT - count,
      });
      sender.trySendmsg('afterwards', TO);
      await clock.until(sender.flush());
      expect(textOf(heard.at(-1) as Incoming)).toBe('afterwards');
    },
  );

  test('the rest is canceled when their sender closes', async () => {
    bob.on('message', (message) => {
      if (heard.push(message) === 10) sender.destroy();
    });
    await clock.advance(10);
    expect(heard).toHaveLength(10);
  });

  test('the rest is dropped when their receiver closes', async () => {
    bob.on('message', (message) => {
      if (heard.push(message) === 10) bob.destroy();
    });
    await clock.until(sender.flush());
    expect(heard).toHaveLength(10);
    expect(node.info().counters).toMatchObject({ recv_drop_no_sock: SENT - 10, send_refused: 0 });
  });
});

test('a large message waits in the memory that its receiver gets', async () => {
  const sender = node.bind();
  const heard: Incoming[] = [];
  bob.on('message', (message) => heard.push(message));
  for (const fill of [1, 2]) sender.trySendmsg(bytes(100 * KIB).fill(fill), TO);
  await clock.until(sender.flush());
  expect(heard.map(({ data }) => new Set(data))).toEqual([new Set([1]), new Set([2])]);
  const kept = heard.map(({ data }) => data.buffer.byteLength - data.length);
  expect(kept).toEqual([48, 48]);
});
