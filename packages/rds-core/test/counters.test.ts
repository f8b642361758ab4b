/** Counters and info: the numbers of a known story, each of them exactly. */

import { beforeEach, expect, test } from 'vitest';
import type { RdsNode, RdsSocket } from '../src/index.js';
import { A, B, C, world } from './findings/world.js';

const TO = { address: B, port: 5000 };

let w: ReturnType<typeof world>;
let a: RdsNode;
let b: RdsNode;
let alice: RdsSocket;

beforeEach(async () => {
  w = world();
  a = await w.open(A);
  b = await w.open(B);
  alice = a.bind(4000);
  b.bind(5000);
  await w.clock.until(alice.sendmsg('first', TO, { until: 'delivered' }));
  await w.clock.advance(100);
});

/** By how much the counters of a node have grown over `story`; those that have not are left out. */
async function growth(node: RdsNode, story: () => Promise<unknown>) {
  const before = node.info().counters;
  await w.clock.until(story());
  await w.clock.advance(100);
  const all = Object.entries(node.info().counters);
  const grown = all.map(([name, value]) => [name, value - Number(before[name])] as const);
  return Object.fromEntries(grown.filter(([, by]) => by !== 0));
}

/** Everything that a socket of `a` can say, each so many times. */
async function sendThree(to = TO): Promise<void> {
  for (const text of ['1', '22', '333']) await alice.sendmsg(text, to);
  await alice.flush().catch(() => {});
}

test('of messages that are delivered, here and there', async () => {
  const [here, there] = [await growth(a, sendThree), await growth(b, sendThree)];
  expect(here).toMatchObject({ send_queued: 3, send_acked: 3 });
  expect(here).not.toHaveProperty('send_refused');
  expect(there).toMatchObject({
    recv_queued: 3,
    recv_bytes_added_to_sock: 3 * 64,
  });
  expect(there).not.toHaveProperty('recv_drop_no_sock');
  expect(there).not.toHaveProperty('recv_delivered');
});

test('of messages that nobody takes', async () => {
  const nobody = { address: B, port: 6000 };
  const refused = () =>
    Promise.allSettled(
      ['1', '2', '3'].map((text) => alice.sendmsg(text, nobody, { until: 'delivered' })),
    );
  expect(await growth(a, refused)).toMatchObject({ send_refused: 3, send_queued: 3 });
  expect(await growth(b, refused)).toMatchObject({ recv_drop_no_sock: 3 });
});

test('of messages that are sent again, and come once', async () => {
  const before = { a: a.info().counters, b: b.info().counters };
  w.network.partition(A, B);
  const sent = sendThree();
  await w.clock.advance(20);
  w.network.cut(A, B);
  await w.clock.advance(20);
  w.network.heal(A, B);
  await w.clock.until(sent);
  const grown = (node: RdsNode, name: string, from: Readonly<Record<string, number>>) =>
    Number(node.info().counters[name]) - Number(from[name]);
  expect(grown(a, 'send_retransmitted', before.a)).toBe(3);
  expect(grown(a, 'conn_reset', before.a)).toBe(1);
  expect(grown(b, 'conn_reset', before.b)).toBe(1);
  expect(grown(b, 'recv_queued', before.b)).toBe(3);
});

test('of numbers: the next to send there is the next expected here', async () => {
  const numbers = () => {
    const [there] = a.info().connections;
    const [here] = b.info().connections;
    return { tx: Number(there?.nextTxSequence), rx: Number(here?.nextRxSequence) };
  };
  const before = numbers();
  expect(before.tx).toBe(before.rx);
  await w.clock.until(sendThree());
  expect(numbers()).toEqual({ tx: before.tx + 3, rx: before.rx + 3 });
});

test('of what waits for a peer that does not answer', async () => {
  w.network.partition(A, C);
  for (const text of ['1', '22']) await alice.sendmsg(text, { address: C, port: 5000 });
  const connection = a.info().connections.find(({ address }) => address === C);
  expect(connection).toMatchObject({
    peer: 'unknown',
    sendQueueMessages: 2,
    retransmitQueueMessages: 0,
    congestedPorts: [],
  });
  w.network.partition(A, B);
  await alice.sendmsg(new Uint8Array(100), TO);
  await w.clock.advance(1);
  expect(a.info().connections.find(({ address }) => address === B)).toMatchObject({
    peer: 'rds-tcp',
    state: 'up',
    sendQueueMessages: 0,
    retransmitQueueMessages: 1,
    retransmitQueueBytes: 100,
  });
});

test('of the ways that a socket looks up its destinations', async () => {
  const socket = a.bind();
  const story = async () => {
    for (const to of [TO, TO, { ...TO }, { address: B, port: 6000 }, TO]) {
      socket.trySendmsg('x', to);
    }
    await socket.flush().catch(() => {});
  };
  const { flow_miss_first, flow_miss_other_destination, flow_miss_epoch } = await growth(a, story);
  expect([flow_miss_first, flow_miss_other_destination, flow_miss_epoch]).toEqual([
    1,
    2,
    undefined,
  ]);
});

test('of congestion maps: one to each peer for each change', async () => {
  const small = b.bind({ port: 7000, receiveBufferBytes: 100 });
  const to = { address: B, port: 7000 };
  const congest = async () => {
    await alice.sendmsg(new Uint8Array(101), to);
    await alice.flush();
  };
  expect(await growth(b, congest)).toMatchObject({ cong_update_queued: 1 });
  const relieve = async () => small.recvmmsg();
  expect(await growth(a, relieve)).toMatchObject({ cong_update_received: 1 });
});
