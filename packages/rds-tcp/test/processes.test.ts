/**
 * Nodes in processes of their own, on the built packages: many sockets on few connections, a
 * receiver that stands still, connections that are cut all the time, and processes that end by
 * themselves. RDS_TEST_FULL=1 runs the cuts at full length.
 */

import { describe, expect, test } from 'vitest';
import { Child, type ChildMessage } from './child.js';
import { hasManyLoopbacks, loopback } from './nodes.js';

const isFull = process.env.RDS_TEST_FULL === '1';
const SLOW_MS = 120_000;
const MIB = 2 ** 20;
const RDS_TCP_PORT = 16_385;

/** What a process says of a connection. */
interface Known {
  readonly address: string;
  readonly tcpPort: number;
  readonly state: string;
}

/** Starts one process per set of options, with one TCP port for all. */
async function startAll(starts: [program: string, options: object][]): Promise<Child[]> {
  const children: Child[] = [];
  let tcpPort = 0;
  for (const [index, [program, { node = {}, ...options }]] of starts.entries() as Iterable<
    [number, [string, { node?: object }]]
  >) {
    const address = loopback(21 + index);
    const child = new Child(program, { ...options, node: { address, tcpPort, ...node } });
    children.push(child);
    tcpPort = (await child.hear('ready')).tcpPort;
  }
  return children;
}

/** Lets them close, which has to leave nothing unacknowledged and end the processes. */
async function closeAll(children: Child[]): Promise<void> {
  for (const child of children) child.tell('close');
  for (const child of children) {
    expect(await child.hear('closed')).toEqual({ type: 'closed', messages: 0, bytes: 0 });
    expect(await child.ended(5000)).toEqual({ code: 0, signal: null });
  }
}

describe.skipIf(!hasManyLoopbacks)('processes', () => {
  test('64 sockets in each of three, all to all, on one TCP connection per pair', async () => {
    const sockets = 64;
    const children = await startAll(Array.from({ length: 3 }, () => ['mesh', { sockets }]));
    const addresses = children.map((_, index) => loopback(21 + index));
    for (const [index, child] of children.entries()) {
      child.tell('go', { peers: addresses.filter((_, other) => other !== index) });
    }
    for (const child of children) {
      expect((await child.hear('delivered')).count).toBe(sockets * 2 * sockets);
    }
    for (const [index, child] of children.entries()) {
      const { received, events, connections } = await child.ask('result');
      expect(received).toBe(sockets * 2 * sockets);
      // Each was connected once, and never lost.
      expect(events.filter((type: string) => type !== 'refused')).toEqual(['up', 'up']);
      const expected = addresses.filter((_, other) => other !== index);
      // A knock whose card a busy machine lost is looked into at a kernel's port, for a while.
      const theirs = connections.filter(
        ({ tcpPort, state }: Known) => tcpPort !== RDS_TCP_PORT || state === 'up',
      );
      const states = theirs.map(({ address, state }: Known) => [address, state]);
      expect(states.sort()).toEqual(expected.map((address) => [address, 'up']));
    }
    await closeAll(children);
  });

  test.skipIf(process.platform === 'win32')(
    'a receiver that is stopped, and goes on',
    async () => {
      const messageBytes = 8192;
      const sendBufferBytes = 4 * MIB;
      const node = {
        livenessMs: 1000,
        handshakeTimeoutMs: 500,
        reconnect: 'kernel',
        sendBufferBytes,
      };
      const children = await startAll([
        ['source', { node, messageBytes }],
        ['sink', { node }],
        ['sink', { node }],
      ]);
      const [source, stopped, other] = children as [Child, Child, Child];
      const [, stoppedAddress, otherAddress] = children.map((_, n) => loopback(21 + n)) as string[];
      const accepted = (status: ChildMessage, address = ''): number => status.accepted[address];
      source.tell('go', { peers: [stoppedAddress, otherAddress] });
      const before = await statusWhere(source, (status) => {
        return accepted(status, stoppedAddress) > 5000 && accepted(status, otherAddress) > 5000;
      });

      stopped.process.kill('SIGSTOP');
      let peakBytes = 0;
      const during = await statusWhere(source, (status) => {
        peakBytes = Math.max(peakBytes, status.arrayBuffers);
        const isSilent = status.events.some(
          ({ address, reason }: { address: string; reason?: string }) =>
            address === stoppedAddress && reason === 'silent',
        );
        const progress = accepted(status, otherAddress) - accepted(before, otherAddress);
        return isSilent && progress > 20_000;
      });
      const queue = during.connections.find(
        ({ address }: { address: string }) => address === stoppedAddress,
      );
      const queuedMessages = queue.sendQueueMessages + queue.retransmitQueueMessages;
      expect(queuedMessages).toBeGreaterThan(0);
      expect(queuedMessages * messageBytes).toBeLessThanOrEqual(sendBufferBytes);
      // Two send buffers, what is being written, and what garbage collection has not yet found.
      expect(peakBytes).toBeLessThan(2 * sendBufferBytes + 32 * MIB);
      expect(during.rss - before.rss).toBeLessThan(64 * MIB);
      const still = await source.ask('status');
      expect(accepted(still, stoppedAddress)).toBe(accepted(during, stoppedAddress));

      stopped.process.kill('SIGCONT');
      await statusWhere(source, (status) => {
        return accepted(status, stoppedAddress) > accepted(during, stoppedAddress) + 5000;
      });
      source.tell('finish');
      const flushed = await source.hear('flushed');
      expect(await stopped.ask('count')).toMatchObject({
        received: accepted(flushed, stoppedAddress),
        wrong: 0,
      });
      expect(await other.ask('count')).toMatchObject({
        received: accepted(flushed, otherAddress),
        wrong: 0,
      });
      const disturbed = during.events.filter(
        ({ address, type }: { address: string; type: string }) =>
          address === otherAddress && type === 'down',
      );
      expect(disturbed).toEqual([]);
      await closeAll(children);
    },
    SLOW_MS,
  );

  test(
    'cuts at random byte offsets lose, double, reorder and alter nothing',
    async () => {
      const seed = Number(process.env.RDS_TEST_SEED ?? 20);
      const messages = isFull ? 50_000 : 2500;
      const cuts = isFull ? 250 : 30;
      const options = { seed, messages, cuts };
      const children = await startAll([
        ['cut', { ...options, side: 0 }],
        ['cut', { ...options, side: 1 }],
      ]);
      const limitMs = isFull ? 600_000 : SLOW_MS;
      for (const [index, child] of children.entries()) {
        child.tell('go', { peer: loopback(22 - index) });
      }
      for (const child of children) {
        const result = await child.hear('delivered', limitMs);
        expect(result).toEqual({ type: 'delivered', delivered: messages, errors: [] });
      }
      let downs = 0;
      for (const child of children) {
        const result = await child.ask('result');
        const text = `seed ${seed}: ${JSON.stringify(result)}`;
        expect(result, text).toMatchObject({ received: messages, wrong: 0, cuts });
        expect(result.counters.send_retransmitted, text).toBeGreaterThan(0);
        downs = Math.max(downs, sum(Object.values(result.reasons)));
      }
      // Some cuts meet a connection that is only just being made.
      expect(downs).toBeGreaterThan(cuts);
      await closeAll(children);
    },
    isFull ? 900_000 : SLOW_MS,
  );

  const states = ['talked', 'unreachable', 'unread', 'waiting', 'pinging', 'stranger', 'reset'];

  describe.each(['close', 'destroy'])('after %s the process ends by itself', (how) => {
    test.each(states)('%s', async (state) => {
      const addresses = { first: loopback(31), second: loopback(32), nobody: loopback(77) };
      const child = new Child('exit', { state, how, ...addresses });
      await child.hear('over');
      expect(await child.ended(5000)).toEqual({ code: 0, signal: null });
    });
  });
});

/** Asks until the status is as wanted. */
async function statusWhere(
  source: Child,
  wanted: (status: ChildMessage) => boolean,
): Promise<ChildMessage> {
  const until = performance.now() + SLOW_MS / 2;
  for (;;) {
    const status = await source.ask('status');
    if (wanted(status)) return status;
    if (performance.now() > until) throw new Error(`It stays so: ${JSON.stringify(status)}`);
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
