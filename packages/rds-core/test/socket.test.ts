/** RdsSocket: receiving in all its ways, listeners, and what closing leaves of a socket. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Incoming, RdsNode, RdsSocket } from '../src/index.js';
import { socketInfo } from '../src/info.js';
import { A, B, world } from './findings/world.js';

const TO = { address: B, port: 5000 };

let clock: ReturnType<typeof world>['clock'];
let nodes: RdsNode[];
let alice: RdsSocket;
let bob: RdsSocket;

beforeEach(async () => {
  const w = world();
  clock = w.clock;
  const [a, b] = [await w.open(A), await w.open(B)];
  nodes = [a, b];
  alice = a.bind(4000);
  bob = b.bind(5000);
});

const textOf = ({ data }: Incoming): string => String.fromCharCode(...data);
const code = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error) => error.code,
  );

/** Sends them, and waits until they are on the queue of the other socket. */
async function queue(...texts: string[]): Promise<void> {
  for (const text of texts) void alice.sendmsg(text, TO);
  await clock.until(alice.flush());
}

describe('recvmsg', () => {
  test('gives what is queued, the oldest first, and says of whom it is', async () => {
    await queue('1', '2');
    expect(textOf(await bob.recvmsg())).toBe('1');
    const second = await bob.recvmsg();
    expect(textOf(second)).toBe('2');
    expect(second.from).toEqual({ address: A, port: 4000 });
  });

  test('waits for what comes, and several callers are served in order', async () => {
    const both = Promise.all([bob.recvmsg(), bob.recvmsg({})]);
    await queue('1', '2');
    expect((await both).map(textOf)).toEqual(['1', '2']);
    expect(bob.recvmmsg()).toEqual([]);
  });

  test('with peek leaves the message, whether it was there or came', async () => {
    const waited = bob.recvmsg({ peek: true });
    await queue('1');
    expect(textOf(await waited)).toBe('1');
    expect(textOf(await bob.recvmsg({ peek: true }))).toBe('1');
    expect(textOf(await bob.recvmsg({ peek: false }))).toBe('1');
    expect(bob.recvmmsg()).toEqual([]);
  });

  test('with dontWait does not wait', async () => {
    await expect(bob.recvmsg({ dontWait: true })).rejects.toMatchObject({
      code: 'EAGAIN',
      syscall: 'recvmsg',
      address: B,
      port: 5000,
    });
    await queue('1');
    expect(textOf(await bob.recvmsg({ dontWait: true }))).toBe('1');
  });

  test('gives up after its time, and what comes then is for another', async () => {
    const call = bob.recvmsg({ timeoutMs: 50 });
    expect(await clock.until(code(call))).toBe('ETIMEDOUT');
    await expect(call).rejects.toMatchObject({ syscall: 'recvmsg', port: 5000 });
    const waits = bob.recvmsg();
    await queue('1');
    expect(textOf(await waits)).toBe('1');
  });

  test('takes nothing if its signal was aborted before', async () => {
    await queue('1');
    expect(await code(bob.recvmsg({ signal: AbortSignal.abort() }))).toBe('ABORT_ERR');
    expect(bob.recvmmsg().map(textOf)).toEqual(['1']);
  });

  test('ends with EBADF when the socket closes, and begins with it afterwards', async () => {
    const waiting = code(bob.recvmsg());
    bob.destroy();
    expect(await waiting).toBe('EBADF');
    expect(await code(bob.recvmsg())).toBe('EBADF');
    expect(() => bob.recvmmsg()).toThrow(expect.objectContaining({ syscall: 'recvmmsg' }));
  });
});

test('recvmmsg gives all that is queued, or so many', async () => {
  await queue('1', '2', '3', '4');
  expect(bob.recvmmsg(0)).toEqual([]);
  expect(bob.recvmmsg(3).map(textOf)).toEqual(['1', '2', '3']);
  expect(bob.recvmmsg(3).map(textOf)).toEqual(['4']);
});

describe('for await', () => {
  test('gives what was queued and what comes, until the socket closes', async () => {
    await queue('1', '2');
    const got: string[] = [];
    const loop = (async () => {
      for await (const message of bob) got.push(textOf(message));
    })();
    await queue('3');
    await clock.settle();
    expect(got).toEqual(['1', '2', '3']);
    bob.destroy();
    await loop;
  });

  test('can be left, and another one goes on', async () => {
    await queue('1', '2');
    const messages = bob[Symbol.asyncIterator]();
    for await (const message of messages) {
      expect(textOf(message)).toBe('1');
      break;
    }
    expect(bob.recvmmsg().map(textOf)).toEqual(['2']);
    const one = bob[Symbol.asyncIterator]();
    await one.return?.();
    await queue('3');
    expect(await one.next()).toEqual({ done: true, value: undefined });
    expect(bob.recvmmsg().map(textOf)).toEqual(['3']);
  });

  test('of a closed socket is over', async () => {
    await queue('1');
    const messages = bob[Symbol.asyncIterator]();
    bob.destroy();
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });
});

describe("'message' listeners", () => {
  test('hear what was queued before them, in order, and what comes', async () => {
    await queue('1', '2');
    const heard: string[] = [];
    bob.on('message', (message) => heard.push(textOf(message)));
    expect(heard).toEqual([]);
    await queue('3');
    expect(heard).toEqual(['1', '2', '3']);
    expect(socketInfo(bob)).toMatchObject({
      queuedMessages: 0,
      queuedBytes: 0,
      congested: false,
    });
  });

  test('of one message take one', async () => {
    await queue('1', '2');
    const heard: string[] = [];
    bob.once('message', (message) => heard.push(textOf(message)));
    await clock.advance(1);
    expect(heard).toEqual(['1']);
    expect(bob.recvmmsg().map(textOf)).toEqual(['2']);
  });

  test('that close the socket leave the rest unheard', async () => {
    await queue('1', '2');
    const heard: string[] = [];
    bob.on('message', (message) => {
      heard.push(textOf(message));
      bob.destroy();
    });
    await clock.advance(1);
    expect(heard).toEqual(['1']);
  });

  test('for something else hear nothing of it', async () => {
    await queue('1');
    bob.on('close', () => {});
    bob.once('close', () => {});
    await clock.advance(1);
    expect(bob.recvmmsg().map(textOf)).toEqual(['1']);
  });

  test('that throw do so in a turn of their own, and the message counts as delivered', async () => {
    const heard: string[] = [];
    bob.on('message', (message) => {
      heard.push(textOf(message));
      throw new Error('of the listener');
    });
    const delivered = alice.sendmsg('1', TO, { until: 'delivered' });
    const failed = clock.until(delivered).then(
      () => 'none',
      (error) => error.message,
    );
    // On the simulated clock an uncaught exception is one of who drives it.
    expect(await failed).toBe('of the listener');
    await clock.until(delivered);
    expect(heard).toEqual(['1']);
    expect(bob.recvmmsg()).toEqual([]);
  });
});

describe('a closed socket', () => {
  test('refuses every call with EBADF, and says which', async () => {
    await clock.until(alice.close());
    expect(alice.isClosed).toBe(true);
    const error = (syscall: string) => ({ code: 'EBADF', syscall, address: A, port: 4000 });
    await expect(alice.sendmsg('x', TO)).rejects.toMatchObject(error('sendmsg'));
    await expect(alice.waitWritable(TO)).rejects.toMatchObject(error('waitWritable'));
    await expect(alice.flush()).rejects.toMatchObject(error('flush'));
    const calls: [string, () => unknown][] = [
      ['sendmsg', () => alice.trySendmsg('x', TO)],
      ['connect', () => alice.connect(TO)],
      ['cancelSentTo', () => alice.cancelSentTo()],
    ];
    for (const [syscall, call] of calls) {
      expect(call).toThrow(expect.objectContaining(error(syscall)));
    }
  });

  test('frees its port at once, and says so once', async () => {
    let closes = 0;
    bob.on('close', () => closes++);
    await queue('1', '2');
    const [, b] = nodes as [RdsNode, RdsNode];
    expect(b.info().queuedBytes).toBeGreaterThan(0);
    const closing = bob.close();
    b.bind(5000).destroy();
    expect(b.info().queuedBytes).toBe(0);
    expect(closes).toBe(0);
    expect(await clock.until(closing)).toEqual({ messages: 0, bytes: 0 });
    expect(bob.destroy()).toEqual({ messages: 0, bytes: 0 });
    await clock.advance(1);
    expect(closes).toBe(1);
    expect(b.info().counters.recv_drop_dead_sock).toBe(2);
  });

  test('that was destroyed says again what it dropped', async () => {
    void alice.sendmsg('four', TO);
    expect(alice.destroy()).toEqual({ messages: 1, bytes: 4 });
    expect(alice.destroy()).toEqual({ messages: 1, bytes: 4 });
    expect(await clock.until(alice.close())).toEqual({ messages: 1, bytes: 4 });
  });

  test.each([-1, Number.NaN])('is not closed within %d ms', async (deadlineMs) => {
    expect(await code(alice.close({ deadlineMs }))).toBe('EINVAL');
    expect(alice.isClosed).toBe(false);
  });

  test('waits for its acknowledgements as long as it was told to, and by itself 5 s', async () => {
    const [a] = nodes as [RdsNode, RdsNode];
    for (const [deadlineMs, expectedMs] of [
      [0, 0],
      [700, 700],
      [undefined, 5000],
    ]) {
      const socket = a.bind();
      void socket.sendmsg('x', { address: '10.0.0.77', port: 5000 });
      const startedAtMs = clock.now();
      const left = await clock.until(socket.close({ deadlineMs }));
      expect(left).toEqual({ messages: 1, bytes: 1 });
      expect(clock.now() - startedAtMs).toBe(expectedMs);
    }
  });

  test('is one that `await using` has left', async () => {
    await clock.until(alice[Symbol.asyncDispose]());
    expect(alice.isClosed).toBe(true);
  });
});
