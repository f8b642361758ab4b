/** Who a peer is: what shows it, what does not, and what a node tells of it. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionEvent, RdsNode, Stream } from '../src/index.js';
import { SeededRandom } from '../src/testing/index.js';
import { LinuxPeer } from '../src/testing/linux-peer.js';
import { attach, frame, map } from './findings/raw.js';
import { B, world } from './findings/world.js';

/** Smaller than the node, so that it calls; and larger, so that it is called. */
const CALLER = '10.0.0.1';
const CALLED = '10.0.0.9';
const RDS = 16_385;
const ours = (generation: number, tcpPort = RDS) => ({
  npaths: 1,
  generation,
  own: { features: 1, tcpPort },
});

let w: ReturnType<typeof world>;
let node: RdsNode;
let events: ConnectionEvent[];

beforeEach(async () => {
  w = world(1, { latencyMs: { min: 0.1, max: 0.1 }, splitChance: 0 });
  node = await w.open(B);
  events = [];
  node.on('connection', (event) => events.push(event));
});

const told = (type: string) => events.filter((event) => event.type === type);

/** A program that is no node calls, and says so much. */
function call(...frames: Uint8Array[]): { stream: Stream; closed: () => boolean } {
  let isClosed = false;
  const over = () => {
    isClosed = true;
  };
  const host = w.network.runtime();
  const stream = host.transport.connect(
    { address: CALLER, tcpPort: 1 },
    { address: B, tcpPort: RDS },
  );
  const opened = () => frames.length > 0 && stream.write(frames, () => {});
  attach(stream, { opened: () => void opened(), ended: over, closed: over });
  return { stream, closed: () => isClosed };
}

describe('one of our own', () => {
  test('is known by its hello, and by its map if that says so', async () => {
    call(map(), frame({ ext: ours(7) }));
    await w.clock.advance(10);
    expect(node.info().connections).toMatchObject([{ address: CALLER, peer: 'rds-tcp' }]);
    const other = await w.open('10.0.0.77', { tcpPort: 4000 });
    await w.clock.until(other.ping({ address: B, tcpPort: RDS }));
    expect(node.info().connections[1]).toMatchObject({ peer: 'rds-tcp', tcpPort: 4000 });
    expect(told('up')).toHaveLength(2);
  });

  test('is another one if its generation is, and not before', async () => {
    const uncertain: unknown[] = [];
    node.on('uncertain', (event) => uncertain.push(event));
    for (const generation of [7, 7, 8]) {
      const { stream } = call(map(), frame({ ext: ours(generation) }));
      await w.clock.advance(10);
      stream.destroy();
      await w.clock.advance(1000);
    }
    expect(told('restarted')).toHaveLength(1);
    // Nothing had been sent to it, so nothing is uncertain.
    expect(uncertain).toEqual([]);
  });
});

describe('a kernel', () => {
  const meet = async (address: string) => {
    const kernel = new LinuxPeer(w.network, new SeededRandom(1), { address });
    await kernel.start();
    const linux = kernel.bind(5000);
    const socket = node.bind(4000);
    const heard: number[] = [];
    socket.on('message', ({ data }) => heard.push(data[0] as number));
    const send = async (number: number) => {
      linux.sendmsg(Uint8Array.of(number), { address: B, port: 4000 });
      await w.clock.runUntil(() => heard.includes(number));
    };
    return { kernel, linux, heard, send };
  };

  test.each([CALLER, CALLED])('is known by what it says first (%s)', async (address) => {
    const { send } = await meet(address);
    await send(1);
    await w.clock.advance(500);
    expect(told('up')).toMatchObject([{ address, peer: 'linux', tcpPort: RDS }]);
    expect(node.info().connections).toMatchObject([{ peer: 'linux', state: 'up' }]);
    expect(told('restarted')).toEqual([]);
  });

  test('that booted is another one: its numbers begin anew, and are taken', async () => {
    const { kernel, send, heard } = await meet(CALLER);
    for (const number of [1, 2, 3, 4]) await send(number);
    await kernel.reboot();
    const again = kernel.bind(5000);
    for (const number of [5, 6]) {
      again.sendmsg(Uint8Array.of(number), { address: B, port: 4000 });
    }
    await w.clock.runUntil(() => heard.length === 6);
    await w.clock.advance(1000);
    expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told('restarted')).toMatchObject([{ address: CALLER, tcpPort: RDS }]);
  });

  test('that begins its numbers anew because we are new has not booted', async () => {
    const { linux, send } = await meet(CALLER);
    for (const number of [1, 2, 3]) await send(number);
    await w.clock.until(node.destroy());
    linux.sendmsg(Uint8Array.of(4), { address: B, port: 4000 });
    const successor = await w.open(B);
    const heard: number[] = [];
    successor.bind(4000).on('message', ({ data }) => heard.push(data[0] as number));
    successor.on('connection', (event) => events.push(event));
    await w.clock.runUntil(() => heard.length === 1);
    await w.clock.advance(1000);
    linux.sendmsg(Uint8Array.of(5), { address: B, port: 4000 });
    await w.clock.runUntil(() => heard.length === 2);
    expect(heard).toEqual([4, 5]);
    expect(told('restarted')).toEqual([]);
  });

  test('that is known is up as soon as its map has come', async () => {
    const { kernel, send } = await meet(CALLED);
    await send(1);
    await node.bind().sendmsg('x', { address: CALLED, port: 5000 });
    await w.clock.advance(1000);
    const upAtMs: number[] = [];
    node.on('connection', ({ type }) => type === 'up' && upAtMs.push(w.clock.now()));
    const droppedAtMs = w.clock.now();
    kernel.dropConnections();
    await send(2);
    await w.clock.advance(1000);
    expect(upAtMs).toHaveLength(1);
    expect(Number(upAtMs[0]) - droppedAtMs).toBeLessThan(100);
  });

  test('is who sends our extension in a frame that is no introduction', async () => {
    const socket = node.bind(6000);
    call(map(), frame({ seq: 1, sport: 5, dport: 6000, ext: ours(7) }));
    await w.clock.advance(300);
    expect(node.info().connections).toMatchObject([{ address: CALLER, peer: 'linux' }]);
    expect(socket.recvmmsg()).toHaveLength(1);
  });
});

describe('a connection is refused', () => {
  test.each([
    ['of garbage', [new Uint8Array(48).fill(0xff)], 'bad-header'],
    [
      'of a message that is too large',
      [frame({ seq: 1, sport: 5, dport: 6, data: new Uint8Array(2 ** 20 + 1) })],
      'frame-too-large',
    ],
  ])('%s, once and for all', async (_, frames, reason) => {
    const { stream, closed } = call(...frames);
    await w.clock.advance(10);
    expect(closed()).toBe(true);
    stream.destroy();
    await w.clock.advance(10_000);
    expect(events).toEqual([{ type: 'refused', address: CALLER, reason }]);
    expect(node.info().connections).toEqual([]);
    expect(w.clock.pending).toBe(0);
  });

  test('of one that says nothing, when its time is over', async () => {
    const { closed } = call();
    await w.clock.advance(4999);
    expect([closed(), events]).toEqual([false, []]);
    await w.clock.advance(2);
    expect(closed()).toBe(true);
    expect(events).toEqual([{ type: 'refused', address: CALLER, reason: 'handshake-timeout' }]);
  });

  test('of one that leaves in the middle of its first header', async () => {
    const { stream } = call(frame({ sport: 1 }).subarray(0, 47));
    await w.clock.advance(10);
    stream.end();
    await w.clock.advance(10);
    expect(events).toEqual([{ type: 'refused', address: CALLER, reason: 'not-greeted' }]);
  });

  test('of one that has our own address', async () => {
    const host = w.network.runtime();
    const stream = host.transport.connect({ address: B, tcpPort: 1 }, { address: B, tcpPort: RDS });
    attach(stream, { opened: () => stream.write([map()], () => {}) });
    await w.clock.advance(10);
    expect(events).toEqual([{ type: 'refused', address: B, reason: 'self' }]);
  });

  test('and thousands that went leave room for the next', async () => {
    for (let calls = 0; calls < 2100; calls += 100) {
      const streams = Array.from({ length: 100 }, () => call(frame({ ext: ours(7) })).stream);
      await w.clock.advance(2);
      for (const stream of streams) stream.destroy();
    }
    await w.clock.advance(1000);
    expect(told('refused')).toEqual([]);
    call(map(), frame({ ext: ours(7) }));
    await w.clock.advance(10);
    expect(node.info().connections).toMatchObject([{ address: CALLER, state: 'up' }]);
  });
});

describe('a larger peer that we call', () => {
  const answer = (words: (stream: Stream) => void) =>
    w.network.runtime().transport.listen({ address: CALLED, tcpPort: RDS }, (stream) => {
      attach(stream, {});
      words(stream);
    });

  test('and that hangs up without a word is busy; after one it has closed', async () => {
    const reasons = [];
    let isBusy = true;
    await answer((stream) => {
      if (isBusy) stream.end();
      else stream.write([map()], () => stream.end());
      isBusy = false;
    });
    await expect(w.clock.until(node.ping(CALLED, { timeoutMs: 900 }))).rejects.toThrow('ETIMEDOUT');
    reasons.push(...events.map((event) => ('reason' in event ? event.reason : event.type)));
    expect(reasons.slice(0, 2)).toEqual(['peer-busy', 'peer-closed']);
    expect(events[0]).toMatchObject({ type: 'refused', address: CALLED });
  });

  test('and that is not there is given up when nobody needs it', async () => {
    node.ping(CALLED, { timeoutMs: 4000 }).catch(() => {});
    await w.clock.advance(4000);
    expect(node.info().connections).toMatchObject([{ state: 'down', peer: 'unknown' }]);
    expect(node.info().counters.tcp_closed_connect_failed).toBeGreaterThan(1);
    await w.clock.advance(100_000);
    expect(node.info().connections).toEqual([]);
    // Nobody was told: it never was a peer.
    expect(events).toEqual([]);
    expect(w.clock.pending).toBe(0);
  });
});

test('numbers begin at the wall clock', async () => {
  const peer = await w.open(CALLED);
  await w.clock.until(node.ping(CALLED));
  const [connection] = node.info().connections;
  const now = peer.host.initialSequence();
  expect(Number(connection?.nextTxSequence)).toBeGreaterThan(now - 1_000_000);
  expect(Number(connection?.nextTxSequence)).toBeLessThan(now + 1000);
});
