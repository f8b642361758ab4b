/** Sender: what can be sent now, what waits, and what the caller is told of either. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { RdsNode, RdsSocket } from '../src/index.js';
import { socketInfo } from '../src/info.js';
import { A, B, world } from './findings/world.js';

const TO = { address: B, port: 5000 };
const NOBODY = { address: '10.0.0.77', port: 5000 };
const KIB = 1024;

let w: ReturnType<typeof world>;
let a: RdsNode;
let b: RdsNode;
let alice: RdsSocket;
let bob: RdsSocket;

beforeEach(async () => {
  w = world();
  a = await w.open(A, { maxMessageBytes: 8 * KIB });
  b = await w.open(B, { receiveBufferBytes: 4 * KIB });
  alice = a.bind({ port: 4000, sendBufferBytes: 10 * KIB });
  bob = b.bind(5000);
});

const kilobyte = new Uint8Array(KIB);
const until = <T>(call: Promise<T>): Promise<T> => w.clock.until(call);
const code = (call: Promise<unknown>): Promise<string> =>
  until(
    call.then(
      () => 'none',
      (error) => error.code,
    ),
  );
const count = (name: string): number => Number(a.info().counters[name as never]);

/** Fills the send buffer to a peer that does not exist. */
function fill(): void {
  for (let sent = 0; sent < 10; sent++) alice.trySendmsg(kilobyte, NOBODY);
}

/** Makes the port of `bob` congested, and lets `alice` hear of it. */
async function congest(): Promise<void> {
  for (let sent = 0; sent < 5; sent++) await alice.sendmsg(kilobyte, TO);
  await until(alice.flush());
  await w.clock.advance(100);
  expect(socketInfo(bob).congested).toBe(true);
}

describe('a message', () => {
  test('as large as the limit goes, and one byte more does not', async () => {
    await alice.sendmsg(new Uint8Array(8 * KIB), TO);
    const large = new Uint8Array(8 * KIB + 1);
    await expect(alice.sendmsg(large, TO)).rejects.toMatchObject({
      code: 'EMSGSIZE',
      syscall: 'sendmsg',
    });
    expect(() => alice.trySendmsg(large, TO)).toThrow('EMSGSIZE: a message of 8193 bytes');
    await until(alice.flush());
    expect(bob.recvmmsg()).toHaveLength(1);
  });

  test('is never larger than the send buffer', async () => {
    const small = a.bind({ sendBufferBytes: 100 });
    await small.sendmsg(new Uint8Array(100), TO);
    expect(await code(small.sendmsg(new Uint8Array(101), TO))).toBe('EMSGSIZE');
  });

  test('goes where connect() said, if it names no destination', async () => {
    expect(await code(alice.sendmsg('x'))).toBe('ENOTCONN');
    expect(() => alice.trySendmsg('x')).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    const to = { ...TO };
    alice.connect(to);
    to.port = 6000;
    await until(alice.sendmsg('x', undefined, { until: 'delivered' }));
    alice.trySendmsg('y');
    await until(alice.flush());
    expect(bob.recvmmsg()).toHaveLength(2);
  });

  test('is sent until queued or delivered, and nothing else', async () => {
    await expect(alice.sendmsg('x', TO, { until: 'read' as 'queued' })).rejects.toMatchObject({
      code: 'EINVAL',
      address: B,
    });
    await until(alice.sendmsg('x', TO, { until: 'queued' }));
    await until(alice.sendmsg('x', TO, { until: 'delivered' }));
    expect(bob.recvmmsg()).toHaveLength(2);
  });

  test.each(['queued', 'delivered'] as const)(
    'of which the caller wants no more is not sent (%s)',
    async (when) => {
      const call = alice.sendmsg('x', TO, { until: when, signal: AbortSignal.abort() });
      expect(await code(call)).toBe('ABORT_ERR');
      await w.clock.advance(100);
      expect(bob.recvmmsg()).toEqual([]);
    },
  );
});

describe('a full send buffer', () => {
  test('is said at once to who does not wait, and counted', async () => {
    fill();
    const error = { code: 'EAGAIN', syscall: 'sendmsg', address: NOBODY.address, port: 5000 };
    expect(() => alice.trySendmsg('x', NOBODY)).toThrow(expect.objectContaining(error));
    expect(count('send_queue_full')).toBe(1);
    await expect(alice.sendmsg('x', NOBODY, { dontWait: true })).rejects.toMatchObject(error);
    const receipt = alice.sendmsg('x', NOBODY, { dontWait: true, until: 'delivered' });
    await expect(receipt).rejects.toMatchObject({ ...error, outcome: 'not-delivered' });
    expect(count('send_queue_full')).toBe(3);
    expect(count('cong_send_error')).toBe(0);
  });

  test('is waited for, and not longer than the caller wants', async () => {
    fill();
    expect(await code(alice.sendmsg('x', NOBODY, { timeoutMs: 20 }))).toBe('ETIMEDOUT');
    expect(count('send_queue_full')).toBe(1);
    const waits = alice.sendmsg('x', NOBODY);
    expect(alice.cancelSentTo(NOBODY)).toEqual({ messages: 10, bytes: 10 * KIB });
    await until(waits);
    expect(alice.cancelSentTo()).toEqual({ messages: 1, bytes: 1 });
  });

  test('is one of its own for each peer', async () => {
    fill();
    await until(alice.sendmsg('x', TO, { until: 'delivered' }));
  });

  test('with a receipt asked for ends as not delivered if the socket closes', async () => {
    fill();
    const waits = alice.sendmsg('x', NOBODY, { until: 'delivered' });
    const sent = alice.sendmsg('x', TO, { until: 'delivered' });
    alice.destroy();
    await expect(waits).rejects.toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
    expect(await code(sent)).toBe('ECANCELED');
  });
});

describe('a congested destination', () => {
  test('is said at once to who does not wait, and counted', async () => {
    await congest();
    const error = { code: 'ENOBUFS', syscall: 'sendmsg', address: B, port: 5000 };
    expect(() => alice.trySendmsg('x', TO)).toThrow(expect.objectContaining(error));
    await expect(alice.sendmsg('x', TO, { dontWait: true })).rejects.toMatchObject(error);
    expect(count('cong_send_error')).toBe(2);
    expect(count('send_queue_full')).toBe(0);
  });

  test('holds senders back until its program has read', async () => {
    await congest();
    const waits = alice.sendmsg('x', TO);
    await w.clock.advance(1000);
    expect(count('cong_send_blocked')).toBe(1);
    bob.recvmmsg();
    await until(waits);
    await until(alice.flush());
    expect(bob.recvmmsg()).toHaveLength(1);
  });

  test('holds back nobody who sends to another port', async () => {
    await congest();
    const other = b.bind(6000);
    await until(alice.sendmsg('x', { address: B, port: 6000 }, { until: 'delivered' }));
    expect(other.recvmmsg()).toHaveLength(1);
  });
});

describe('waitWritable', () => {
  test('resolves at once while there is room for what is asked for', async () => {
    await alice.waitWritable(NOBODY, { bytes: 10 * KIB });
    for (let sent = 0; sent < 5; sent++) alice.trySendmsg(kilobyte, NOBODY);
    await alice.waitWritable(NOBODY);
    expect(await code(alice.waitWritable(NOBODY, { bytes: 5 * KIB + 1, timeoutMs: 9 }))).toBe(
      'ETIMEDOUT',
    );
  });

  test('waits for half of the buffer, or for what was last refused', async () => {
    fill();
    const half = alice.waitWritable(NOBODY).then(() => 'half');
    await w.clock.advance(10);
    alice.cancelSentTo(NOBODY);
    expect(await until(half)).toBe('half');
    for (let sent = 0; sent < 4; sent++) alice.trySendmsg(kilobyte, NOBODY);
    expect(() => alice.trySendmsg(new Uint8Array(7 * KIB), NOBODY)).toThrow('EAGAIN');
    expect(await code(alice.waitWritable(NOBODY, { timeoutMs: 9 }))).toBe('ETIMEDOUT');
  });

  test.each([-1, 10 * KIB + 1, 1.5, '1'])('refuses %s bytes', async (bytes) => {
    await expect(alice.waitWritable(TO, { bytes: bytes as number })).rejects.toMatchObject({
      code: 'EINVAL',
      syscall: 'waitWritable',
    });
  });

  test('that is aborted does not resolve, though there is room', async () => {
    const signal = AbortSignal.abort();
    await expect(alice.waitWritable(TO, { signal })).rejects.toMatchObject({
      code: 'ABORT_ERR',
      syscall: 'waitWritable',
    });
  });
});

describe('flush', () => {
  test('waits for one destination, or for all', async () => {
    await alice.sendmsg('x', TO);
    await alice.sendmsg('y', NOBODY);
    await until(alice.flush(TO));
    expect(bob.recvmmsg()).toHaveLength(1);
    await expect(until(alice.flush(undefined, { timeoutMs: 30 }))).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'flush',
      address: NOBODY.address,
    });
  });

  test('with nothing outstanding resolves at once', async () => {
    await alice.flush();
    await alice.flush(TO);
  });

  test('rejects if something was dropped, and once only', async () => {
    await alice.sendmsg('y', NOBODY);
    const flushed = alice.flush();
    alice.cancelSentTo(NOBODY);
    expect(await code(flushed)).toBe('ECANCELED');
    await alice.flush();
  });

  test('that its caller does not wait for changes nothing', async () => {
    await alice.sendmsg('x', TO);
    expect(await code(alice.flush(TO, { signal: AbortSignal.abort() }))).toBe('ABORT_ERR');
    await until(alice.flush());
    expect(bob.recvmmsg()).toHaveLength(1);
  });
});

test('cancelSentTo leaves what is for others', async () => {
  await alice.sendmsg('y', NOBODY);
  await alice.sendmsg('yy', { ...NOBODY, port: 6000 });
  const other = a.bind();
  await other.sendmsg('z', NOBODY);
  expect(alice.cancelSentTo(NOBODY)).toEqual({ messages: 1, bytes: 1 });
  expect(alice.cancelSentTo()).toEqual({ messages: 1, bytes: 2 });
  expect(other.cancelSentTo()).toEqual({ messages: 1, bytes: 1 });
  expect(count('send_canceled')).toBe(3);
});
