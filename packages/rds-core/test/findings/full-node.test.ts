/** A node over its hard limit, while connections of others are replaced, reset and closed. */
import { expect, test } from 'vitest';
import { coreOf } from '../../src/node.js';
import { attach, frame, map } from './raw.js';
import { A, B, world } from './world.js';

const MIB = 1 << 20;
const NODE = '10.0.0.5';
const DATA = new Uint8Array(16_000);

/** A node that is full of what a kernel has sent, as far as its words go. */
async function fullNode() {
  const { clock, network, open } = world();
  const node = await open(NODE, { maxQueuedBytes: MIB });
  node.bind(4000);
  const host = network.runtime();
  const connect = (from: string) => {
    const remote = { address: NODE, tcpPort: 16385 };
    const stream = host.transport.connect({ address: from, tcpPort: 1 }, remote);
    attach(stream, {});
    return (...frames: Uint8Array[]) => stream.write(frames, () => {});
  };
  const filler = connect(A);
  filler(map(), frame({ seq: 1, sport: 1, ext: { npaths: 1 } }));
  await clock.advance(50);
  for (let seq = 2; seq < 200; seq++) filler(frame({ seq, sport: 4000, dport: 4000, data: DATA }));
  await clock.advance(1000);
  expect(coreOf(node).isPaused).toBe(true);
  return { clock, node, connect, filler };
}

test('a connection that is replaced while it greets is not read past the limit', async () => {
  const { clock, node, connect } = await fullNode();
  const before = node.info().queuedBytes;
  const first = connect(B);
  first(map());
  await clock.advance(50);
  connect(B)(map());
  await clock.advance(20);
  for (let seq = 1; seq < 1000; seq++) first(frame({ seq, sport: 4000, dport: 4000, data: DATA }));
  await clock.advance(20_000);
  expect(node.info().queuedBytes).toBeLessThanOrEqual(before + MIB);
});

test.each(['close', 'destroy'] as const)('%s leaves nothing of one held back', async (how) => {
  const { clock, node, connect, filler } = await fullNode();
  filler(new Uint8Array(5000).fill(0xff));
  connect(A)(map());
  await clock.advance(1000);
  await clock.until(how === 'close' ? node.close({ deadlineMs: 0 }) : node.destroy());
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
});

test('one of our own that is reset meanwhile is not taken for a kernel', async () => {
  const { clock, network, open } = world();
  const low = await open(A);
  const filler = await open(B);
  const full = await open('10.0.0.9', { maxQueuedBytes: MIB });
  const reader = full.bind(4000);
  full.bind(4001).on('message', () => {});
  let uncertain = 0;
  low.on('uncertain', () => uncertain++);
  const sender = low.bind(4000);
  const send = () =>
    sender.sendmsg(DATA, { address: '10.0.0.9', port: 4001 }, { until: 'delivered' });
  await clock.until(send());
  // What the full node says is slow to arrive: its sender does not know that it is congested.
  network.partition('10.0.0.9', A, 'one-way');
  const flood = filler.bind();
  for (let n = 0; n < 100; n++) void flood.sendmsg(DATA, { address: '10.0.0.9', port: 4000 });
  await clock.runUntil(() => coreOf(full).isPaused);
  const receipts = [send(), send(), send()];
  await clock.advance(100);
  network.heal('10.0.0.9', A);
  await clock.advance(50);
  full.resetConnection(A);
  await clock.advance(180_000);
  expect(low.info().connections).toMatchObject([{ peer: 'rds-tcp', state: 'up' }]);
  reader.on('message', () => {});
  await clock.until(Promise.all(receipts));
  expect(uncertain).toBe(0);
});
