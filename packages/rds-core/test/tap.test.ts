/** Watching frames, and listing messages: each frame that passes is seen once, as it was. */

import { LinuxPeer, SeededRandom } from '@rds-tcp/core/testing';
import { beforeEach, expect, test } from 'vitest';
import type { RdsNode } from '../src/index.js';
import { listMessages, type TappedFrame, tapFrames } from '../src/inspect.js';
import { A, B, world } from './findings/world.js';

const TO = { address: B, port: 5000 };

let w: ReturnType<typeof world>;
let a: RdsNode;
let b: RdsNode;

beforeEach(async () => {
  w = world();
  a = await w.open(A);
  b = await w.open(B);
});

/** Copies of what passes, since the bytes are only lent. */
function watch(node: RdsNode): { frames: TappedFrame[]; stop: () => void } {
  const frames: TappedFrame[] = [];
  const stop = tapFrames(node, (frame) => {
    frames.push({ ...frame, header: frame.header.slice(), payload: frame.payload.slice() });
  });
  return { frames, stop };
}

const messages = (frames: TappedFrame[]) =>
  frames.filter(({ sport, dport }) => sport * dport !== 0);

test('both ends see the same frames, in the same order', async () => {
  const here = watch(a);
  const there = watch(b);
  b.bind(5000).on('message', () => {});
  const socket = a.bind(4000);
  for (const text of ['one', '', 'x'.repeat(70_000)]) await socket.sendmsg(text, TO);
  await w.clock.until(socket.flush());
  for (const [from, to, peer] of [
    [here, there, B],
    [there, here, A],
  ] as const) {
    const sent = from.frames.filter(({ direction }) => direction === 'sent');
    const received = to.frames.filter(({ direction }) => direction === 'received');
    expect(sent.length).toBeGreaterThan(2);
    const same = sent.map((frame, index) => {
      const { direction, address, connection } = received[index] as TappedFrame;
      expect(frame.address).toBe(peer);
      return { ...frame, direction, address, connection };
    });
    expect(same).toEqual(received);
  }
  const [first, empty, large] = messages(here.frames) as [TappedFrame, TappedFrame, TappedFrame];
  expect(first).toMatchObject({ direction: 'sent', sport: 4000, dport: 5000, connection: 1 });
  expect(new TextDecoder().decode(first.payload)).toBe('one');
  expect(empty.sequence).toBe(first.sequence + 1);
  expect([empty.payload.length, large.payload.length, large.header.length]).toEqual([
    0, 70_000, 48,
  ]);
});

test('hellos say who speaks, and maps which ports are congested', async () => {
  const { frames } = watch(a);
  const full = b.bind({ port: 5000, receiveBufferBytes: 100 });
  await w.clock.until(a.bind(4000).sendmsg('x'.repeat(200), TO, { until: 'delivered' }));
  await w.clock.advance(100);
  const hello = frames.find(({ extensions }) => extensions?.own !== undefined);
  expect(hello?.extensions).toMatchObject({ npaths: 1, own: { tcpPort: b.tcpPort } });
  const maps = frames.filter(({ direction, flags }) => direction === 'received' && flags === 1);
  expect(maps.map(({ congestedPorts }) => congestedPorts)).toEqual([[], [5000]]);
  full.destroy();
});

test('a new connection has another number, and what is sent again is seen again', async () => {
  const { frames } = watch(a);
  b.bind(5000);
  const socket = a.bind(4000);
  await w.clock.until(socket.sendmsg('one', TO, { until: 'delivered' }));
  w.network.cut(A, B);
  await socket.sendmsg('two', TO);
  await w.clock.until(socket.flush());
  const numbers = messages(frames).map(({ connection }) => connection);
  expect(numbers[0]).toBe(1);
  expect(numbers.at(-1)).toBeGreaterThan(1);
});

test('the map to a kernel that calls is seen, before it is clear who calls', async () => {
  const w2 = world();
  const node = await w2.open(B);
  const { frames } = watch(node);
  const kernel = new LinuxPeer(w2.network, new SeededRandom(2), { address: A });
  await kernel.start();
  const socket = kernel.bind(6000);
  node.bind(5000);
  socket.send(new Uint8Array(3), TO);
  await w2.clock.advance(1000);
  const [map] = frames;
  expect(map).toMatchObject({ direction: 'sent', address: A, connection: 0, flags: 1 });
  const received = messages(frames).map(({ direction, payload }) => [direction, payload.length]);
  expect(received).toEqual([['received', 3]]);
});

test('who stops watching sees nothing more, and who still watches does', async () => {
  const one = watch(a);
  const two = watch(a);
  b.bind(5000);
  const socket = a.bind(4000);
  await w.clock.until(socket.sendmsg('one', TO, { until: 'delivered' }));
  one.stop();
  const seen = one.frames.length;
  await w.clock.until(socket.sendmsg('two', TO, { until: 'delivered' }));
  expect(one.frames.length).toBe(seen);
  expect(messages(two.frames)).toHaveLength(2);
});

test('messages in queues are listed one by one', async () => {
  const socket = a.bind(4000);
  b.bind(5000);
  w.network.partition(A, B);
  for (const text of ['1', '22']) await socket.sendmsg(text, TO);
  const row = { localPort: 4000, remoteAddress: B, remotePort: 5000 };
  expect(listMessages(a, 'send')).toEqual({
    messages: [
      { ...row, sequence: 0, bytes: 1 },
      { ...row, sequence: 0, bytes: 2 },
    ],
    total: 2,
  });
  expect(listMessages(a, 'retransmit').total).toBe(0);

  w.network.heal(A, B);
  await w.clock.until(socket.flush());
  expect(listMessages(a, 'send').total).toBe(0);
  const [first] = listMessages(b, 'receive').messages;
  expect(first).toEqual({
    localPort: 5000,
    remoteAddress: A,
    remotePort: 4000,
    sequence: 0,
    bytes: 1,
  });

  w.network.partition(A, B);
  await socket.sendmsg('333', TO);
  const { nextTxSequence } = a.info().connections[0] as { nextTxSequence: number };
  await w.clock.advance(1);
  const sent = { ...row, sequence: nextTxSequence, bytes: 3 };
  expect(listMessages(a, 'retransmit')).toEqual({ messages: [sent], total: 1 });
});

test('a list has at most 10,000 rows, and says how many there are', async () => {
  const socket = a.bind(4000);
  for (let n = 0; n < 10_001; n++) socket.trySendmsg('x', TO);
  const { messages: rows, total } = listMessages(a, 'send');
  expect([rows.length, total]).toEqual([10_000, 10_001]);
});

test('an observer that throws costs no frame its way, here or there', async () => {
  const boom = () => {
    throw new Error('not the network’s affair');
  };
  const told: unknown[] = [];
  const other = world();
  const nodes = [await other.open(A), await other.open(B)] as const;
  for (const { host } of nodes) {
    const defer = host.defer.bind(host);
    host.defer = (task) =>
      defer(() => {
        try {
          task();
        } catch (error) {
          told.push(error);
        }
      });
  }
  const [here, there] = nodes;
  tapFrames(here, boom);
  tapFrames(there, boom);
  const heard: number[] = [];
  there.bind(5000).on('message', ({ data }) => heard.push(data[0] as number));
  const socket = here.bind(4000);
  for (let n = 0; n < 5; n++) void socket.sendmsg(Uint8Array.of(n), TO);
  await other.clock.until(socket.flush());
  expect(heard).toEqual([0, 1, 2, 3, 4]);
  expect(told.length).toBeGreaterThan(5);
});

test.each([undefined, {}, { address: A, tcpPort: 16385 }])('%o is no node to look into', (none) => {
  const refusal = expect.objectContaining({ name: 'RdsError', code: 'EINVAL' });
  expect(() => tapFrames(none as never, () => {})).toThrow(refusal);
  expect(() => listMessages(none as never, 'send')).toThrow(refusal);
  expect(() => listMessages(none as never, 'receive')).toThrow(refusal);
});
