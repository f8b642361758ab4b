/** Listeners may do anything, at any time: what they are told of must be true and finished. */

import { expect, test } from 'vitest';
import { openNode, type RdsNode } from '../src/index.js';
import { SeededRandom, SimulatedClock, SimulatedNetwork } from '../src/testing/index.js';

const TO = { address: '10.0.0.2', port: 4000 };

async function twoNodes() {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork(clock, new SeededRandom(7), { poison: true });
  const open = (address: string): Promise<RdsNode> => openNode({ address }, network.runtime());
  return { clock, network, a: await open('10.0.0.1'), b: await open('10.0.0.2') };
}

test.each(['up', 'down'] as const)('a node destroyed when its peer is %s is gone', async (type) => {
  for (const victim of ['a', 'b'] as const) {
    const { clock, network, ...nodes } = await twoNodes();
    nodes.b.bind(4000);
    nodes[victim].on('connection', (event) => {
      if (event.type === type) void nodes[victim].destroy();
    });
    const socket = nodes.a.bind(4000);
    socket.sendmsg('hello', TO, { until: 'delivered' }).catch(() => {});
    await clock.advance(1000);
    network.cut('10.0.0.1', '10.0.0.2');
    await clock.advance(1000);
    const left = [nodes.a.close({ deadlineMs: 10 }), nodes.b.close({ deadlineMs: 10 })];
    await clock.until(Promise.all(left));
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  }
});

test('a connection reset whenever it is up or down still carries everything', async () => {
  const { clock, a, b } = await twoNodes();
  let resets = 0;
  for (const [node, peer] of [
    [a, b.address],
    [b, a.address],
  ] as const) {
    node.on('connection', ({ type }) => {
      if ((type === 'up' || type === 'down') && resets++ < 20) node.resetConnection(peer);
    });
  }
  const received: string[] = [];
  const receiver = b.bind(4000);
  receiver.on('message', ({ data }) => {
    received.push(String.fromCharCode(...data));
    if (received.length % 10 === 0) b.resetConnection(a.address);
  });
  const socket = a.bind(4000);
  const texts = Array.from({ length: 100 }, (_, index) => `${index}`);
  for (const text of texts) void socket.sendmsg(text, TO);
  await clock.until(socket.flush());
  expect(received).toEqual(texts);
  await clock.until(Promise.all([a.close(), b.close()]));
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});

test('a socket closed by its own listener hears no more', async () => {
  const { clock, a, b } = await twoNodes();
  const receiver = b.bind(4000);
  const received: string[] = [];
  receiver.on('message', ({ data }) => {
    received.push(String.fromCharCode(...data));
    void receiver.close();
  });
  const socket = a.bind(4000);
  const codes = ['1', '2', '3'].map((text) =>
    socket.sendmsg(text, TO, { until: 'delivered' }).then(
      () => 'delivered',
      ({ code }) => code,
    ),
  );
  expect(await clock.until(Promise.all(codes))).toEqual([
    'delivered',
    'ECONNREFUSED',
    'ECONNREFUSED',
  ]);
  expect(received).toEqual(['1']);
});
