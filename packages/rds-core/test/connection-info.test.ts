/** What info says of a connection: when it tried, came up and broke, why, and what it carried. */

import { beforeEach, expect, test } from 'vitest';
import type { ConnectionInfo, EventWatcher, NodeEvents, RdsNode, RdsSocket } from '../src/index.js';
import { openNode } from '../src/index.js';
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
});

const infoOf = (node: RdsNode, peer: string): ConnectionInfo =>
  node.info().connections.find(({ address }) => address === peer) as ConnectionInfo;
const meet = () => w.clock.until(alice.sendmsg('first', TO, { until: 'delivered' }));

test('the times of its life, by the clock that info has too', async () => {
  await w.clock.advance(1000);
  const startMs = a.info().nowMs;
  expect(startMs).toBe(w.clock.now());
  await meet();
  const upMs = Number(infoOf(a, B).connectAtMs);
  expect(infoOf(a, B)).toMatchObject({
    attempts: 0,
    connects: 1,
    attemptAtMs: startMs,
    resetAtMs: null,
    lastCloseReason: null,
    silentMs: 0,
  });
  expect(upMs).toBeGreaterThan(startMs);
  // Who was called has not tried.
  expect(infoOf(b, A)).toMatchObject({ attemptAtMs: null, connects: 1 });

  await w.clock.advance(1000);
  const cutMs = w.clock.now();
  w.network.link(A, B).dialRule = 'refuse';
  w.network.cut(A, B, { noticeMs: { min: 5, max: 5 } });
  await w.clock.advance(10_000);
  const broken = infoOf(a, B);
  expect(broken).toMatchObject({
    state: 'down',
    connects: 1,
    connectAtMs: upMs,
    resetAtMs: cutMs + 5,
    lastCloseReason: 'connect-failed',
    silentMs: null,
  });
  expect(broken.attempts).toBeGreaterThan(3);
  expect(infoOf(b, A)).toMatchObject({ lastCloseReason: 'broken', state: 'down' });

  w.network.link(A, B).restore();
  await w.clock.advance(60_000);
  expect(infoOf(a, B)).toMatchObject({ state: 'up', attempts: 0, connects: 2 });
});

test('tries to a peer that is not there, as who calls and as who knocks', async () => {
  const c = await w.open(C);
  const nobody = '10.0.0.25';
  a.bind(4445).trySendmsg('x', { address: nobody, port: 5000 });
  await w.clock.advance(2000);
  expect(infoOf(a, nobody)).toMatchObject({
    connects: 0,
    connectAtMs: null,
    lastCloseReason: 'connect-failed',
  });
  expect(infoOf(a, nobody).attempts).toBeGreaterThan(3);
  const lower = '10.0.0.0';
  c.bind(4445).trySendmsg('x', { address: lower, port: 5000 });
  await w.clock.advance(2000);
  expect(infoOf(c, lower)).toMatchObject({ connects: 0, lastCloseReason: null });
  expect(infoOf(c, lower).attempts).toBeGreaterThan(3);
});

test('what it has carried: messages once each, bytes as TCP saw them', async () => {
  await meet();
  const before = { a: infoOf(a, B), b: infoOf(b, A) };
  for (const text of ['1', '22', '333']) await alice.sendmsg(text, TO);
  await w.clock.until(a.ping(B));
  await w.clock.until(alice.flush());
  await w.clock.advance(100);
  const [here, there] = [infoOf(a, B), infoOf(b, A)];
  expect(here.txMessages - before.a.txMessages).toBe(3);
  expect(there.rxMessages - before.b.rxMessages).toBe(3);
  expect([here.rxMessages, there.txMessages]).toEqual([0, 0]);
  const bytes = here.txBytes - before.a.txBytes;
  // Three messages and a ping, each with a header of 48 bytes.
  expect(bytes).toBe(1 + 2 + 3 + 4 * 48);
  expect(there.rxBytes - before.b.rxBytes).toBe(bytes);
  expect(here.rxBytes - before.a.rxBytes).toBe(there.txBytes - before.b.txBytes);
});

test('what is sent again counts as that, and not as traffic', async () => {
  await meet();
  w.network.partition(A, B);
  for (const text of ['1', '2']) await alice.sendmsg(text, TO);
  await w.clock.advance(20);
  w.network.cut(A, B);
  w.network.heal(A, B);
  await w.clock.until(alice.flush());
  expect(infoOf(a, B)).toMatchObject({ txMessages: 3, retransmitted: 2 });
  expect(infoOf(b, A)).toMatchObject({ rxMessages: 3, retransmitted: 0 });
});

test('a refusal told to the sender is no message', async () => {
  await meet();
  const nobody = alice.sendmsg('x', { address: B, port: 6000 }, { until: 'delivered' });
  await expect(w.clock.until(nobody)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await w.clock.advance(100);
  expect(infoOf(b, A)).toMatchObject({ txMessages: 0, rxMessages: 2 });
  expect(infoOf(a, B)).toMatchObject({ txMessages: 2, rxMessages: 0 });
});

test('for how long nothing was heard', async () => {
  await meet();
  w.network.partition(A, B);
  await w.clock.advance(7000);
  const { silentMs, state } = infoOf(a, B);
  expect(state).toBe('up');
  expect(silentMs).toBeGreaterThanOrEqual(2000);
  expect(silentMs).toBeLessThanOrEqual(7000);
});

test('a watcher hears of every node, of what it wants and of nothing else', async () => {
  const wanted = new Set<keyof NodeEvents>(['congestion', 'uncertain']);
  const heard: [address: string, event: string, type: string][] = [];
  const watcher: EventWatcher = {
    wants: (event) => wanted.has(event),
    told: ({ address }, event, { type }) => heard.push([address, event, type]),
  };
  const c = await openNode({ address: C }, Object.assign(w.network.runtime(), { watcher }));
  c.bind({ port: 5000, receiveBufferBytes: 100 });
  await alice.sendmsg(new Uint8Array(200), { address: C, port: 5000 });
  await w.clock.advance(100);
  expect(heard).toEqual([[C, 'congestion', 'local']]);
  wanted.clear();
  wanted.add('connection');
  c.resetConnection(A);
  await w.clock.advance(1000);
  expect(heard.slice(1)).toEqual([
    [C, 'connection', 'down'],
    [C, 'connection', 'up'],
  ]);
});
