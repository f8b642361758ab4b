/** Options under their names in C: what each does, and what is said of those that can not be. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Address, RdsNode, RdsSocket } from '../src/index.js';
import * as rds from '../src/index.js';
import { A, B, world } from './findings/world.js';

const { SOL_RDS, SOL_SOCKET } = rds;
const TO = { address: B, port: 5000 };
const KIB = 1024;

let w: ReturnType<typeof world>;
let a: RdsNode;
let alice: RdsSocket;
let bob: RdsSocket;

beforeEach(async () => {
  w = world();
  a = await w.open(A);
  const b = await w.open(B);
  alice = a.bind(4000);
  bob = b.bind({ port: 5000, receiveBufferBytes: 4 * KIB });
  await w.clock.until(alice.sendmsg('first', TO, { until: 'delivered' }));
  bob.recvmmsg();
});

const codeOf = (call: () => unknown): unknown => {
  try {
    return call();
  } catch (error) {
    return (error as rds.RdsError).code;
  }
};
const bytes = (length: number): Uint8Array => new Uint8Array(length);
/** Fills the receive buffer there. */
const congest = async () => {
  alice.trySendmsg(bytes(4 * KIB + 1), TO);
  await w.clock.advance(100);
};

describe('buffers', () => {
  test('SO_SNDBUF is what is accepted towards a peer, as it was set', () => {
    expect(alice.getsockopt(SOL_SOCKET, rds.SO_SNDBUF)).toBe(4096 * KIB);
    w.network.partition(A, B);
    alice.setsockopt(SOL_SOCKET, rds.SO_SNDBUF, 10 * KIB);
    expect(alice.getsockopt(SOL_SOCKET, rds.SO_SNDBUF)).toBe(10 * KIB);
    expect(alice.sendBufferBytes).toBe(10 * KIB);
    alice.trySendmsg(bytes(10 * KIB), TO);
    expect(codeOf(() => alice.trySendmsg('x', TO))).toBe('EAGAIN');
    expect(codeOf(() => alice.trySendmsg(bytes(10 * KIB + 1), TO))).toBe('EMSGSIZE');
  });

  test('a larger SO_SNDBUF lets those through that wait, and holds for new peers', async () => {
    w.network.partition(A, B);
    alice.setsockopt(SOL_SOCKET, rds.SO_SNDBUF, 10 * KIB);
    alice.trySendmsg(bytes(10 * KIB), TO);
    const waits = alice.sendmsg('x', TO);
    alice.setsockopt(SOL_SOCKET, rds.SO_SNDBUF, 20 * KIB);
    await w.clock.until(waits, 1);
    alice.trySendmsg(bytes(20 * KIB), { address: '10.0.0.3', port: 5000 });
  });

  test('SO_RCVBUF marks the port at once if more is queued, and frees it again', async () => {
    alice.trySendmsg(bytes(2 * KIB), TO);
    await w.clock.advance(100);
    bob.setsockopt(SOL_SOCKET, rds.SO_RCVBUF, KIB);
    await w.clock.advance(100);
    expect(bob.getsockopt(SOL_SOCKET, rds.SO_RCVBUF)).toBe(KIB);
    expect(codeOf(() => alice.trySendmsg('x', TO))).toBe('ENOBUFS');
    bob.setsockopt(SOL_SOCKET, rds.SO_RCVBUF, 8 * KIB);
    await w.clock.advance(100);
    expect(bob.receiveBufferBytes).toBe(8 * KIB);
    alice.trySendmsg('x', TO);
  });
});

describe('timeouts', () => {
  test('SO_RCVTIMEO ends a receive that has none of its own', async () => {
    bob.setsockopt(SOL_SOCKET, rds.SO_RCVTIMEO, 500);
    expect(bob.getsockopt(SOL_SOCKET, rds.SO_RCVTIMEO)).toBe(500);
    const start = w.clock.now();
    await expect(w.clock.until(bob.recvmsg())).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(w.clock.now() - start).toBe(500);
    const own = bob.recvmsg({ timeoutMs: 900 });
    await expect(w.clock.until(own)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(w.clock.now() - start).toBe(1400);
    bob.setsockopt(SOL_SOCKET, rds.SO_RCVTIMEO, 0);
    const forEver = bob.recvmsg();
    await w.clock.advance(60_000);
    alice.trySendmsg('x', TO);
    await w.clock.until(forEver);
  });

  test.each([
    ['without options', undefined],
    ['with others', { until: 'queued' } as const],
    ['for a receipt', { until: 'delivered' } as const],
  ])('SO_SNDTIMEO ends a send that has to wait, %s', async (_, options) => {
    await congest();
    alice.setsockopt(SOL_SOCKET, rds.SO_SNDTIMEO, 500);
    expect(alice.getsockopt(SOL_SOCKET, rds.SO_SNDTIMEO)).toBe(500);
    const start = w.clock.now();
    const waits = w.clock.until(alice.sendmsg('x', TO, options));
    await expect(waits).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(w.clock.now() - start).toBe(500);
  });
});

describe('RDS_CONG_MONITOR', () => {
  test('tells of a destination that refused, once, when it no longer would', async () => {
    const heard: Address[] = [];
    alice.on('uncongested', (to) => heard.push(to));
    alice.setsockopt(SOL_RDS, rds.RDS_CONG_MONITOR, 1);
    expect(alice.getsockopt(SOL_RDS, rds.RDS_CONG_MONITOR)).toBe(1);
    await congest();
    for (let n = 0; n < 3; n++) expect(codeOf(() => alice.trySendmsg('x', TO))).toBe('ENOBUFS');
    await w.clock.advance(1000);
    expect(heard).toEqual([]);
    bob.recvmmsg();
    await w.clock.advance(1000);
    expect(heard).toEqual([TO]);
    alice.trySendmsg('x', TO);
  });

  test('tells nothing without being asked, nor of a socket that has closed', async () => {
    const heard: Address[] = [];
    alice.on('uncongested', (to) => heard.push(to));
    await congest();
    expect(codeOf(() => alice.trySendmsg('x', TO))).toBe('ENOBUFS');
    alice.setsockopt(SOL_RDS, rds.RDS_CONG_MONITOR, 1);
    expect(codeOf(() => alice.trySendmsg('x', TO))).toBe('ENOBUFS');
    alice.destroy();
    bob.recvmmsg();
    await w.clock.advance(1000);
    expect(heard).toEqual([]);
  });
});

test('RDS_CANCEL_SENT_TO drops what is under way, there or everywhere', () => {
  w.network.partition(A, B);
  const canceled = () => Number(a.info().counters.send_canceled);
  for (const port of [5000, 6000, 7000]) alice.trySendmsg('x', { address: B, port });
  alice.setsockopt(SOL_RDS, rds.RDS_CANCEL_SENT_TO, TO);
  expect(canceled()).toBe(1);
  alice.setsockopt(SOL_RDS, rds.RDS_CANCEL_SENT_TO);
  expect(canceled()).toBe(3);
  expect(codeOf(() => alice.setsockopt(SOL_RDS, rds.RDS_CANCEL_SENT_TO, 1))).toBe('EINVAL');
  expect(codeOf(() => alice.getsockopt(SOL_RDS, rds.RDS_CANCEL_SENT_TO))).toBe('ENOPROTOOPT');
});

test('SO_TIMESTAMP says when a message came, read soon or late, small or large', async () => {
  bob.setsockopt(SOL_RDS, rds.SO_TIMESTAMP, 1);
  expect(bob.getsockopt(SOL_RDS, rds.SO_TIMESTAMP)).toBe(1);
  const waits = bob.recvmsg();
  const sentAtMs = w.clock.now();
  for (const size of [1, 1, 3 * KIB]) alice.trySendmsg(bytes(size), TO);
  await w.clock.advance(1000);
  const times = [await waits, ...bob.recvmmsg()].map(({ receivedAtMs = 0 }) => receivedAtMs);
  expect(times).toHaveLength(3);
  for (const atMs of times) {
    expect(atMs).toBeGreaterThanOrEqual(sentAtMs);
    expect(atMs).toBeLessThan(sentAtMs + 100);
  }
  bob.setsockopt(SOL_RDS, rds.SO_TIMESTAMP, 0);
  alice.trySendmsg('x', TO);
  await w.clock.advance(100);
  expect(bob.recvmmsg()[0]).not.toHaveProperty('receivedAtMs');
});

test('SO_RDS_TRANSPORT is TCP and stays it; RDS_RECVERR is taken and has nothing to report', () => {
  expect(alice.getsockopt(SOL_RDS, rds.SO_RDS_TRANSPORT)).toBe(rds.RDS_TRANS_TCP);
  alice.setsockopt(SOL_RDS, rds.SO_RDS_TRANSPORT, rds.RDS_TRANS_TCP);
  expect(codeOf(() => alice.setsockopt(SOL_RDS, rds.SO_RDS_TRANSPORT, 0))).toBe('EOPNOTSUPP');
  expect(alice.getsockopt(SOL_RDS, rds.RDS_RECVERR)).toBe(0);
  alice.setsockopt(SOL_RDS, rds.RDS_RECVERR, 1);
  expect(alice.getsockopt(SOL_RDS, rds.RDS_RECVERR)).toBe(1);
});

test('SIOCRDSSETTOS sets tos once, before anything is sent', () => {
  const fresh = a.bind();
  expect(fresh.ioctl(rds.SIOCRDSGETTOS)).toBe(0);
  expect(fresh.ioctl(rds.SIOCRDSSETTOS, 7)).toBe(7);
  expect([fresh.tos, fresh.ioctl(rds.SIOCRDSGETTOS)]).toEqual([7, 7]);
  expect(codeOf(() => fresh.ioctl(rds.SIOCRDSSETTOS, 8))).toBe('EINVAL');
  expect(codeOf(() => alice.ioctl(rds.SIOCRDSSETTOS, 7))).toBe('EINVAL');
  expect(codeOf(() => a.bind().ioctl(rds.SIOCRDSSETTOS, 256))).toBe('EINVAL');
  expect(codeOf(() => fresh.ioctl(1))).toBe('EOPNOTSUPP');
});

describe('what can not be', () => {
  test.each([
    ['RDS_GET_MR', SOL_RDS, rds.RDS_GET_MR, 'EOPNOTSUPP'],
    ['RDS_FREE_MR', SOL_RDS, rds.RDS_FREE_MR, 'EOPNOTSUPP'],
    ['RDS_GET_MR_FOR_DEST', SOL_RDS, rds.RDS_GET_MR_FOR_DEST, 'EOPNOTSUPP'],
    ['SO_RDS_MSG_RXPATH_LATENCY', SOL_RDS, rds.SO_RDS_MSG_RXPATH_LATENCY, 'EOPNOTSUPP'],
    ['an unknown name', SOL_RDS, 99, 'ENOPROTOOPT'],
    ['an unknown name', SOL_SOCKET, 99, 'ENOPROTOOPT'],
    ['another level', 6, rds.SO_SNDBUF, 'ENOPROTOOPT'],
  ])('%s', (_, level, name, code) => {
    expect(codeOf(() => alice.setsockopt(level, name, 1))).toBe(code);
    expect(codeOf(() => alice.getsockopt(level, name))).toBe(code);
  });

  test.each([
    [SOL_SOCKET, rds.SO_SNDBUF, 0],
    [SOL_SOCKET, rds.SO_RCVBUF, 2 ** 31],
    [SOL_SOCKET, rds.SO_SNDTIMEO, -1],
    [SOL_SOCKET, rds.SO_RCVTIMEO, 0.5],
    [SOL_RDS, rds.RDS_CONG_MONITOR, 2],
    [SOL_RDS, rds.SO_TIMESTAMP, undefined],
    [SOL_RDS, rds.RDS_RECVERR, TO],
  ])('a value that is none: level %d, name %d, %o', (level, name, value) => {
    expect(codeOf(() => alice.setsockopt(level, name, value))).toBe('EINVAL');
  });

  test('options of a closed socket', () => {
    alice.destroy();
    expect(codeOf(() => alice.setsockopt(SOL_SOCKET, rds.SO_SNDBUF, 1))).toBe('EBADF');
    expect(codeOf(() => alice.getsockopt(SOL_SOCKET, rds.SO_SNDBUF))).toBe('EBADF');
    expect(codeOf(() => alice.ioctl(rds.SIOCRDSGETTOS))).toBe('EBADF');
  });
});

test('a call without a time limit of its own has the socket’s, also if it says so', async () => {
  bob.setsockopt(SOL_SOCKET, rds.SO_RCVTIMEO, 50);
  const waiting = bob.recvmsg({ timeoutMs: undefined });
  waiting.catch(() => {});
  await w.clock.advance(60);
  await expect(waiting).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});

test('time stamps can be asked for at either level, as programs do', () => {
  bob.setsockopt(SOL_SOCKET, rds.SO_TIMESTAMP, 1);
  expect(bob.getsockopt(SOL_RDS, rds.SO_TIMESTAMP)).toBe(1);
});
