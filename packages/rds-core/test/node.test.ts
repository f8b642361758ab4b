/** RdsNode: what it refuses and how it says so, what it tells of, and what closing leaves. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { CongestionEvent, ConnectionEvent, RdsNode, UncertainMessage } from '../src/index.js';
import { A, B, C, world } from './findings/world.js';

const TO = { address: B, port: 5000 };
const KIB = 1024;

let w: ReturnType<typeof world>;
let a: Awaited<ReturnType<typeof w.open>>;
let b: typeof a;

beforeEach(async () => {
  w = world();
  a = await w.open(A);
  b = await w.open(B);
});

const until = <T>(call: Promise<T>): Promise<T> => w.clock.until(call);
const failing = (code: string, syscall: string, more: object = {}) =>
  expect.objectContaining({ code, syscall, ...more });
const count = (node: RdsNode, name: string): number => Number(node.info().counters[name]);
const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe('bind', () => {
  test('gives each port once, and again when it is free', () => {
    const socket = a.bind(4000);
    const taken = failing('EADDRINUSE', 'bind', { address: A, port: 4000 });
    expect(() => a.bind(4000)).toThrow(taken);
    expect(() => a.bind(4000)).toThrow('port 4000 has a socket already');
    socket.destroy();
    expect(a.bind(4000).port).toBe(4000);
  });

  test('without a port finds one that is free, the high ones first, until there is none', () => {
    expect(a.bind().port).toBeGreaterThanOrEqual(32_768);
    for (const { port } of a.info().sockets) expect(() => a.bind(port)).toThrow('EADDRINUSE');
    const [taken] = a.info().sockets;
    for (let port = 32_768; port <= 65_535; port++) if (port !== taken?.port) a.bind(port);
    expect(a.bind().port).toBe(2);
    for (let port = 3; port < 32_768; port++) a.bind(port);
    expect(() => a.bind()).toThrow(failing('EADDRINUSE', 'bind', { port: undefined }));
    expect(() => a.bind()).toThrow('every port has a socket');
  });

  test('makes a socket that info knows', () => {
    a.bind({ port: 4000, tos: 3, sendBufferBytes: 10, receiveBufferBytes: 20 });
    expect(a.info().sockets).toEqual([
      {
        address: A,
        port: 4000,
        tos: 3,
        sendBufferBytes: 10,
        receiveBufferBytes: 20,
        destination: null,
        queuedMessages: 0,
        queuedBytes: 0,
        congested: false,
      },
    ]);
  });
});

describe('a peer is refused', () => {
  test.each([0, 65_536, 1.5, '16385'])('that would listen on TCP port %s', async (tcpPort) => {
    const peer = { address: B, tcpPort: tcpPort as number };
    await expect(a.ping(peer)).rejects.toThrow(failing('EINVAL', 'ping', { address: A }));
    expect(() => a.resetConnection(peer)).toThrow(failing('EINVAL', 'resetConnection'));
  });

  test.each([undefined, null, 5])('that is %s', async (peer) => {
    await expect(a.ping(peer as never)).rejects.toThrow(failing('EINVAL', 'ping'));
  });

  test('of the other family of addresses', async () => {
    const error = failing('EOPNOTSUPP', 'sendmsg', { address: A });
    await expect(a.bind().sendmsg('x', { address: 'fd00::1', port: 5 })).rejects.toThrow(error);
  });

  test('to reset that there never was', async () => {
    expect(() => a.resetConnection(B)).toThrow(failing('ENOTCONN', 'resetConnection'));
    await until(a.ping(B));
    a.resetConnection(B);
    a.resetConnection({ address: B, tcpPort: 16_385 });
    await until(a.ping(B));
    expect(count(a, 'tcp_closed_reset')).toBe(1);
  });

  test('beyond maxPeers, whoever calls', async () => {
    const few = await w.open('10.0.0.9', { maxPeers: 1 });
    const refused: ConnectionEvent[] = [];
    few.on('connection', (event) => refused.push(event));
    await until(few.ping(A));
    const full = failing('ENOBUFS', 'ping', { address: B });
    await expect(few.ping(B)).rejects.toThrow(full);
    await until(few.ping(A));
    const larger = await w.open('10.0.0.99');
    for (const node of [b, larger]) node.ping('10.0.0.9', { timeoutMs: 900 }).catch(() => {});
    await w.clock.advance(1000);
    expect(few.info().connections).toHaveLength(1);
    expect(refused).toContainEqual({ type: 'refused', address: B, reason: 'too-many-peers' });
    expect(refused).toContainEqual({
      type: 'refused',
      address: '10.0.0.99',
      reason: 'too-many-peers',
    });
    expect(count(few, 'tcp_closed_too_many_peers')).toBe(
      refused.filter((event) => 'reason' in event && event.reason === 'too-many-peers').length,
    );
  });
});

describe('ping', () => {
  test('takes a round trip', async () => {
    await until(a.ping(B));
    const names = ['send_ping', 'recv_pong', 'recv_ping', 'send_pong'];
    const counts = () => [a, a, b, b].map((node, index) => count(node, String(names[index])));
    const before = counts();
    expect(await until(a.ping(B))).toBeGreaterThan(0);
    expect(counts()).toEqual(before.map((number) => number + 1));
  });

  test('of ourselves takes no time and no connection', async () => {
    expect(await until(a.ping(A))).toBe(0);
    expect(a.info().connections).toEqual([]);
  });

  test('of nobody ends after 5 s, or when it was told to', async () => {
    for (const [timeoutMs, expectedMs] of [
      [undefined, 5000],
      [300, 300],
    ]) {
      const startedAtMs = w.clock.now();
      await expect(until(a.ping(C, { timeoutMs }))).rejects.toThrow(
        failing('ETIMEDOUT', 'ping', { address: C }),
      );
      expect(w.clock.now() - startedAtMs).toBe(expectedMs);
    }
  });

  test('ends with EBADF if the node closes', async () => {
    const ping = a.ping(C);
    const closing = a.close();
    await expect(until(ping)).rejects.toThrow(failing('EBADF', 'ping'));
    await until(closing);
  });
});

describe('events', () => {
  test('tell of a connection that comes up, goes down and is made anew', async () => {
    const events: ConnectionEvent[] = [];
    a.on('connection', (event) => events.push(event));
    await until(a.ping(B));
    w.network.cut(A, B);
    await w.clock.advance(1000);
    expect(events).toMatchObject([
      { type: 'up', address: B, tcpPort: 16_385, peer: 'rds-tcp' },
      { type: 'down', address: B, tcpPort: 16_385, reason: 'broken' },
      { type: 'up', address: B, peer: 'rds-tcp' },
    ]);
    expect((events[1] as { error: unknown }).error).toBeInstanceOf(Error);
  });

  test('tell of a port that is congested, here and there', async () => {
    const heard: CongestionEvent[][] = [[], []];
    for (const [index, node] of [a, b].entries()) {
      node.on('congestion', (event) => heard[index]?.push(event));
    }
    const bob = b.bind({ port: 5000, receiveBufferBytes: 2 * KIB });
    const alice = a.bind(4000);
    for (let sent = 0; sent < 3; sent++) void alice.sendmsg(bytes(KIB), TO);
    await until(alice.flush());
    await w.clock.advance(100);
    bob.recvmmsg();
    await w.clock.advance(100);
    expect(heard[1]).toEqual([
      { type: 'local', port: 5000, congested: true },
      { type: 'local', port: 5000, congested: false },
    ]);
    expect(heard[0]).toEqual([
      { type: 'remote', address: B, tcpPort: 16_385, ports: [5000] },
      { type: 'remote', address: B, tcpPort: 16_385, ports: [] },
    ]);
  });

  test('tell of messages whose fate a restart of the peer left unknown', async () => {
    const uncertain: UncertainMessage[] = [];
    const events: string[] = [];
    a.on('uncertain', ({ messages }) => uncertain.push(...messages));
    a.on('connection', ({ type }) => events.push(type));
    const alice = a.bind(4000);
    await until(a.ping(B));
    const receipt = alice.sendmsg('fate?', TO, { until: 'delivered' });
    // It leaves, and the peer dies before it can acknowledge it.
    await w.clock.advance(0);
    w.network.kill(b.host);
    await w.open(B);
    await expect(until(receipt)).rejects.toMatchObject({ code: 'ECONNRESET', outcome: 'unknown' });
    await w.clock.advance(0);
    expect(events).toContain('restarted');
    expect(uncertain).toEqual([
      {
        sport: 4000,
        to: { address: B, tcpPort: 16_385, port: 5000 },
        data: expect.any(Uint8Array),
      },
    ]);
    expect(String.fromCharCode(...(uncertain[0]?.data ?? []))).toBe('fate?');
    expect(count(a, 'send_uncertain')).toBe(1);
  });
});

describe('above maxQueuedBytes', () => {
  test('a node reads nothing until a quarter of that is free again', async () => {
    const small = await w.open(C, { maxQueuedBytes: 8 * KIB });
    const carol = small.bind(5000);
    const alice = a.bind(4000);
    const to = { address: C, port: 5000 };
    for (let sent = 0; sent < 20; sent++) void alice.sendmsg(bytes(KIB), to);
    await w.clock.advance(1000);
    expect(count(small, 'tcp_read_paused')).toBe(1);
    const { queuedBytes } = small.info();
    expect(queuedBytes).toBeLessThan(9 * KIB);
    expect(count(small, 'recv_bytes_added_to_sock')).toBe(queuedBytes);
    // Another peer that connects now is not read either.
    const ping = b.ping(C, { timeoutMs: 500 });
    await expect(until(ping)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    let read = carol.recvmmsg(1).length;
    await w.clock.advance(1000);
    expect(small.info().queuedBytes).toBe(queuedBytes - KIB);
    expect(count(small, 'recv_bytes_freed_fromsock')).toBe(KIB);
    while (read < 20) {
      read += carol.recvmmsg().length;
      await w.clock.advance(100);
    }
    await until(alice.flush());
    await until(b.ping(C));
    expect(small.info().queuedBytes).toBe(0);
  });
});

describe('a closed node', () => {
  test('refuses every call with EBADF', async () => {
    const alice = a.bind(4000);
    expect(a.isClosed).toBe(false);
    await until(a.close());
    expect([a.isClosed, alice.isClosed]).toEqual([true, true]);
    expect(() => a.bind(4001)).toThrow(failing('EBADF', 'bind'));
    await expect(a.ping(B)).rejects.toThrow(failing('EBADF', 'ping'));
    expect(() => a.resetConnection(B)).toThrow(failing('EBADF', 'resetConnection'));
    expect(await until(a.close())).toEqual({ messages: 0, bytes: 0 });
  });

  test('says what all of its sockets have left, closed or destroyed', async () => {
    for (const end of [() => a.close({ deadlineMs: 50 }), () => b.destroy()]) {
      const node = b.isClosed || a.isClosed ? b : a;
      await node.bind().sendmsg('12', { address: C, port: 5 });
      await node.bind().sendmsg('345', { address: C, port: 6 });
      expect(await until(end())).toEqual({ messages: 2, bytes: 5 });
      expect(await until(node.destroy())).toEqual({ messages: 0, bytes: 0 });
    }
    await w.clock.advance(10_000);
    expect(w.clock.pending).toBe(0);
  });

  test('is not closed by a deadline that is none', async () => {
    await expect(a.close({ deadlineMs: -1 })).rejects.toThrow(failing('EINVAL', 'close'));
    expect(a.isClosed).toBe(false);
  });

  test('is one that `await using` has left', async () => {
    await until(a[Symbol.asyncDispose]());
    expect(a.isClosed).toBe(true);
  });
});
