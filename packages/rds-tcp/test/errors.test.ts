/**
 * Every row of the table of errors, through the public API: the code, what the error says of the
 * call, a message that says what to do, and that what was sent before and after it arrives.
 */

import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  type Address,
  type BindOptions,
  createNode,
  type MessageData,
  type NodeOptions,
  RDS_CANCEL_SENT_TO,
  RDS_GET_MR,
  type RdsError,
  type RdsNode,
  type RdsSocket,
  type SendOptions,
  SOL_RDS,
} from 'rds-tcp';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  errorOf,
  eventually,
  LIMIT_MS,
  loopback,
  nameOf,
  openNode,
  openNodes,
  receiveTexts,
  settled,
  textOf,
} from './nodes.js';

/** Long enough to be a wait, short enough not to matter. */
const SHORT_MS = 20;
const KIB = 1024;
const MIB = 1024 * KIB;

let a: RdsNode;
let b: RdsNode;
let alice: RdsSocket;
let bob: RdsSocket;
let toBob: Address;

beforeEach(async () => {
  // The kernel's delays: a peer that appears late is found within a second.
  [a, b] = await openNodes(2, { reconnect: 'kernel' });
  alice = a.bind(4000);
  bob = b.bind(5000);
  toBob = nameOf(b, bob);
});

/** The error of a call, between two messages that must arrive all the same. */
async function failing(call: () => unknown): Promise<RdsError> {
  await alice.sendmsg('before', toBob);
  const error = await errorOf(call);
  await alice.sendmsg('after', toBob);
  expect(await receiveTexts(bob, 2)).toEqual(['before', 'after']);
  expect(bob.recvmmsg()).toEqual([]);
  expect(error.name).toBe('RdsError');
  expect(error.message.startsWith(`${error.code}: `)).toBe(true);
  return error;
}

/** A peer that does not exist. */
function nobody(): Address {
  return { address: loopback(77), port: 5000 };
}

/** A socket whose send buffer to `nobody` is full. What it was made of: messages 0, 1, 2, … */
function fullSocket(): { socket: RdsSocket; accepted: number } {
  const socket = a.bind({ sendBufferBytes: 10 * KIB });
  let accepted = 0;
  while (accepted < 10) {
    socket.trySendmsg(numbered(accepted), nobody());
    accepted++;
  }
  return { socket, accepted };
}

/** A 1 KiB message that says which one it is. */
function numbered(n: number): Uint8Array {
  return Buffer.alloc(KIB, `${n} `);
}

function numbersOf(texts: string[]): number[] {
  return texts.map((text) => Number.parseInt(text, 10));
}

/** Makes `nobody` somebody, and gives what has been sent to it. */
async function arrivedAtNobody(count: number): Promise<number[]> {
  const node = await openNode({ address: nobody().address, tcpPort: a.tcpPort });
  return numbersOf(await receiveTexts(node.bind(nobody().port), count));
}

describe('EINVAL', () => {
  test.each([
    ['0.0.0.0', /wildcard/],
    ['::', /wildcard/],
    ['255.255.255.255', /broadcast/],
    ['224.0.0.1', /multicast/],
    ['ff02::1', /multicast/],
    ['localhost', /is not an IP address/],
    ['10.0.0.01', /is not an IP address/],
    ['', /is not an IP address/],
  ])('a node at %j', async (address, text) => {
    const error = await failing(() => createNode({ address }));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode', address });
    expect(error.message).toMatch(text);
    expect(error.message).toMatch(/RDS needs one like 10\.0\.0\.1/);
  });

  test('a node without options, or without an address', async () => {
    const none = await failing(() => createNode(undefined as unknown as NodeOptions));
    expect(none).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
    expect(none.message).toMatch(/address/);
    const empty = await failing(() => createNode({} as NodeOptions));
    expect(empty).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
  });

  test.each<[string, object]>([
    ['tcpPort', { tcpPort: 65536 }],
    ['tcpPort', { tcpPort: -1 }],
    ['tcpPort', { tcpPort: '16385' }],
    ['sendBufferBytes', { sendBufferBytes: 0 }],
    ['receiveBufferBytes', { receiveBufferBytes: 1.5 }],
    ['maxMessageBytes', { maxMessageBytes: 65 * MIB }],
    ['maxQueuedBytes', { maxQueuedBytes: Number.NaN }],
    ['maxPeers', { maxPeers: 0 }],
    ['livenessMs', { livenessMs: 999 }],
    ['connectTimeoutMs', { connectTimeoutMs: 0 }],
    ['handshakeTimeoutMs', { handshakeTimeoutMs: Number.POSITIVE_INFINITY }],
    ['minDelayMs', { reconnect: { minDelayMs: 0 } }],
    ['maxDelayMs', { reconnect: { minDelayMs: 10, maxDelayMs: 5 } }],
    ['reconnect', { reconnect: 'fast' }],
  ])('a node with a bad %s: %j', async (name, options) => {
    const error = await failing(() => createNode({ address: loopback(3), tcpPort: 0, ...options }));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
    expect(error.message).toMatch(name);
  });

  test.each([1, -1, 65536, 1.5, Number.NaN, '4001'])('bind to port %j', async (port) => {
    const error = await failing(() => a.bind(port as number));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'bind' });
    if (typeof port === 'number') expect(error.port).toBe(port);
    expect(error.message).toMatch(/2–65535/);
  });

  test.each<[string, BindOptions]>([
    ['2–65535', { port: 1 }],
    ['tos', { tos: 256 }],
    ['sendBufferBytes', { sendBufferBytes: 0 }],
    ['receiveBufferBytes', { receiveBufferBytes: 2 ** 31 }],
  ])('bind with a bad option: %s', async (text, options) => {
    const error = await failing(() => a.bind(options));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'bind' });
    expect(error.message).toMatch(text);
  });

  test.each<[string, unknown]>([
    ['port 0', { address: loopback(2), port: 0 }],
    ['port 1', { address: loopback(2), port: 1 }],
    ['port 65536', { address: loopback(2), port: 65536 }],
    ['no port', { address: loopback(2) }],
    ['wildcard', { address: '0.0.0.0', port: 5000 }],
    ['broadcast', { address: '255.255.255.255', port: 5000 }],
    ['multicast', { address: '239.1.2.3', port: 5000 }],
    ['a name', { address: 'localhost', port: 5000 }],
    ['no address', { port: 5000 }],
    ['tcpPort 0', { address: loopback(2), port: 5000, tcpPort: 0 }],
    ['tcpPort 65536', { address: loopback(2), port: 5000, tcpPort: 65536 }],
    ['a string', 'bob'],
  ])('a destination with %s', async (_, bad) => {
    const to = bad as Address;
    expect(await failing(() => alice.sendmsg('', to))).toMatchObject({
      code: 'EINVAL',
      syscall: 'sendmsg',
    });
    expect(await failing(() => alice.trySendmsg('', to))).toMatchObject({ code: 'EINVAL' });
    expect(await failing(() => alice.connect(to))).toMatchObject({
      code: 'EINVAL',
      syscall: 'connect',
    });
    expect(await failing(() => alice.waitWritable(to))).toMatchObject({
      code: 'EINVAL',
      syscall: 'waitWritable',
    });
    expect(await failing(() => alice.flush(to))).toMatchObject({
      code: 'EINVAL',
      syscall: 'flush',
    });
    expect(await failing(() => alice.cancelSentTo(to))).toMatchObject({
      code: 'EINVAL',
      syscall: 'cancelSentTo',
    });
  });

  test('a failed connect() leaves the destination as it was', async () => {
    alice.connect(toBob);
    await failing(() => alice.connect({ ...toBob, port: 1 }));
    await alice.sendmsg('still there');
    expect(await receiveTexts(bob, 1)).toEqual(['still there']);
  });

  test.each([['0.0.0.0'], ['localhost'], ['224.0.0.1']])(
    'ping and reset of %j',
    async (address) => {
      const ping = await failing(() => a.ping(address));
      expect(ping).toMatchObject({ code: 'EINVAL', syscall: 'ping', address });
      const reset = await failing(() => a.resetConnection(address));
      expect(reset).toMatchObject({ code: 'EINVAL', syscall: 'resetConnection', address });
    },
  );

  test.each<[string, unknown]>([
    ['a number', 5],
    ['nothing', undefined],
    ['an object', {}],
    ['an array of numbers', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(4)],
  ])('data that is %s', async (_, data) => {
    const error = await failing(() => alice.sendmsg(data as MessageData, toBob));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'sendmsg' });
    expect(error.message).toMatch(/string, a Uint8Array or an array/);
  });

  test("an until that is neither 'queued' nor 'delivered'", async () => {
    const options = { until: 'sent' } as unknown as SendOptions;
    const error = await failing(() => alice.sendmsg('not sent', toBob, options));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'sendmsg' });
    expect(error.message).toMatch(/'queued' or 'delivered'/);
  });

  test.each([-1, Number.NaN])('timeoutMs %d in every call that waits', async (timeoutMs) => {
    const { socket } = fullSocket();
    const calls = [
      () => socket.sendmsg(numbered(10), nobody(), { timeoutMs }),
      () => socket.sendmsg(numbered(10), nobody(), { timeoutMs, until: 'delivered' }),
      () => socket.waitWritable(nobody(), { timeoutMs }),
      () => socket.flush(nobody(), { timeoutMs }),
      () => socket.recvmsg({ timeoutMs }),
      () => a.ping(nobody().address, { timeoutMs }),
    ];
    for (const call of calls) {
      const error = await failing(call);
      expect(error.code).toBe('EINVAL');
      expect(error.message).toMatch(/timeoutMs/);
    }
  });

  test('a deadlineMs that is none closes nothing', async () => {
    const { socket, accepted } = fullSocket();
    const error = await failing(() => socket.close({ deadlineMs: Number.NaN }));
    expect(error.code).toBe('EINVAL');
    expect(error.message).toMatch(/deadlineMs/);
    expect(await arrivedAtNobody(accepted)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('EADDRINUSE', () => {
  test('a port that has a socket', async () => {
    const error = await failing(() => a.bind(4000));
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', port: 4000 });
    expect(error.address).toBe(a.address);
    expect(error.message).toMatch(/port 4000 has a socket already/);
  });

  test('no free port is left', async () => {
    const node = await openNode({ address: loopback(3) });
    for (let port = 2; port <= 65535; port++) node.bind(port);
    const error = await failing(() => node.bind());
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    expect(error.message).toMatch(/every port has a socket/);
  });

  test('a TCP port that another node has', async () => {
    const { address, tcpPort } = a;
    const error = await failing(() => createNode({ address, tcpPort }));
    const syscall = 'createNode';
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall, address, port: tcpPort });
    expect(error.message).toMatch(/another tcpPort/);
    expect(error.cause).toMatchObject({ code: 'EADDRINUSE' });
  });

  test('a TCP port that another program has', async () => {
    const server = createServer().listen(0, loopback(3));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port: tcpPort } = server.address() as { port: number };
    const error = await failing(() => createNode({ address: loopback(3), tcpPort }));
    expect(error).toMatchObject({ code: 'EADDRINUSE', port: tcpPort });
  });
});

test('EADDRNOTAVAIL: an address of another machine', async () => {
  const error = await failing(() => createNode({ address: '192.0.2.1' }));
  expect(error).toMatchObject({
    code: 'EADDRNOTAVAIL',
    syscall: 'createNode',
    address: '192.0.2.1',
    port: 16385,
  });
  expect(error.message).toMatch(/192\.0\.2\.1 is no address of this machine/);
});

test('ENOTCONN: no destination', async () => {
  const calls: [string, () => unknown][] = [
    ['sendmsg', () => alice.sendmsg('lost?')],
    ['sendmsg', () => alice.trySendmsg('lost?')],
    ['waitWritable', () => alice.waitWritable()],
  ];
  for (const [syscall, call] of calls) {
    const error = await failing(call);
    expect(error).toMatchObject({ code: 'ENOTCONN', syscall });
    expect(error.message).toMatch(/connect\(\)/);
  }
});

test('ENOTCONN: no connection that could be reset', async () => {
  const error = await failing(() => a.resetConnection(nobody().address));
  expect(error).toMatchObject({ code: 'ENOTCONN', syscall: 'resetConnection' });
  expect(error.message).toMatch(nobody().address);
  expect(a.info().connections).toHaveLength(1);
});

describe('EMSGSIZE', () => {
  test('2 MiB', async () => {
    const error = await failing(() => alice.sendmsg(new Uint8Array(2 * MIB), toBob));
    expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'sendmsg' });
    expect(error.message).toMatch(/2097152 bytes is larger than 1048576/);
    expect(error.message).toMatch(/split it,? or raise the limit/);
    const parts = [new Uint8Array(MIB), 'one byte too many'];
    expect(await failing(() => alice.trySendmsg(parts, toBob))).toMatchObject({
      code: 'EMSGSIZE',
    });
  });

  test('1 MiB is not too large', async () => {
    await alice.sendmsg(Buffer.alloc(MIB, 'x'), toBob, { until: 'delivered' });
    const { data } = await bob.recvmsg({ timeoutMs: LIMIT_MS });
    expect(Buffer.alloc(MIB, 'x').equals(data)).toBe(true);
  });

  test('larger than the send buffer', async () => {
    const socket = a.bind({ sendBufferBytes: 1000 });
    const error = await failing(() => socket.sendmsg(new Uint8Array(1001), toBob));
    expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'sendmsg' });
    expect(error.message).toMatch(/1001 bytes is larger than 1000/);
    await socket.sendmsg('x'.repeat(1000), toBob);
    expect(await receiveTexts(bob, 1)).toEqual(['x'.repeat(1000)]);
  });
});

describe('EAGAIN', () => {
  test('a send buffer that is full, for a peer that does not exist', async () => {
    const { socket, accepted } = fullSocket();
    const to = nobody();
    for (const call of [
      () => socket.trySendmsg(numbered(accepted), to),
      () => socket.sendmsg(numbered(accepted), to, { dontWait: true }),
      () => socket.sendmsg(numbered(accepted), to, { dontWait: true, until: 'delivered' }),
    ]) {
      const error = await failing(call);
      expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'sendmsg', ...to });
      expect(error.message).toMatch(/send buffer .* full/);
    }
    expect(a.info().counters.send_queue_full).toBe(3);
    // All that was accepted arrives once there is somebody, then what waited, and nothing else.
    const waiting = socket.sendmsg(numbered(accepted), to);
    expect(await arrivedAtNobody(11)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await waiting;
  });

  test('an error of a send with a receipt says that it was not delivered', async () => {
    const { socket } = fullSocket();
    const options: SendOptions = { dontWait: true, until: 'delivered' };
    const error = await failing(() => socket.sendmsg('x', nobody(), options));
    expect(error).toMatchObject({ code: 'EAGAIN', outcome: 'not-delivered' });
  });

  test('a receive queue that is empty', async () => {
    const error = await failing(() => alice.recvmsg({ dontWait: true }));
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'recvmsg', port: 4000 });
    expect(error.message).toMatch(/no message is queued/);
    const peek = await failing(() => alice.recvmsg({ dontWait: true, peek: true }));
    expect(peek.code).toBe('EAGAIN');
  });
});

describe('ENOBUFS', () => {
  test('a receiver that does not read', async () => {
    const lazy = b.bind({ port: 6000, receiveBufferBytes: 10 * KIB });
    const to = nameOf(b, lazy);
    const sent = await congest(to);
    for (const call of [
      () => alice.trySendmsg('no', to),
      () => alice.sendmsg('no', to, { dontWait: true }),
      () => alice.sendmsg('no', to, { dontWait: true, until: 'delivered' }),
    ]) {
      const error = await failing(call);
      expect(error).toMatchObject({ code: 'ENOBUFS', syscall: 'sendmsg', port: to.port });
      expect(error.address).toBe(to.address);
      expect(error.message).toMatch(/congested/);
    }
    const waiting = alice.sendmsg(numbered(sent), to);
    const expected = Array.from({ length: sent + 1 }, (_, n) => n);
    expect(numbersOf(await receiveTexts(lazy, sent + 1))).toEqual(expected);
    await waiting;
    expect(lazy.recvmmsg()).toEqual([]);
  });

  /** Sends to a socket that does not read until it is marked. Returns how many messages. */
  async function congest(to: Address): Promise<number> {
    let sent = 0;
    for (; sent < 1000; sent++) {
      try {
        await alice.sendmsg(numbered(sent), to, { dontWait: true, until: 'delivered' });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOBUFS' });
        return sent;
      }
    }
    throw new Error('1,000 messages fit into 10 KiB.');
  }

  test('more peers than maxPeers', async () => {
    const node = await openNode({ address: loopback(3), maxPeers: 1 });
    const socket = node.bind();
    await socket.sendmsg('the first', toBob, { until: 'delivered' });
    const error = await errorOf(() => socket.sendmsg('the second', nobody()));
    expect(error).toMatchObject({ code: 'ENOBUFS', syscall: 'sendmsg' });
    expect(error.message).toMatch(/maxPeers \(1\)/);
    await socket.sendmsg('still the first', toBob, { until: 'delivered' });
    expect(await receiveTexts(bob, 2)).toEqual(['the first', 'still the first']);
  });
});

describe('ETIMEDOUT', () => {
  test('every call that waits', async () => {
    const { socket } = fullSocket();
    const to = nobody();
    const timeoutMs = SHORT_MS;
    const calls: [string, () => unknown][] = [
      ['sendmsg', () => socket.sendmsg(numbered(10), to, { timeoutMs })],
      ['waitWritable', () => socket.waitWritable(to, { timeoutMs })],
      ['flush', () => socket.flush(to, { timeoutMs })],
      ['flush', () => socket.flush(undefined, { timeoutMs })],
      ['recvmsg', () => socket.recvmsg({ timeoutMs })],
      ['ping', () => a.ping(to.address, { timeoutMs })],
    ];
    for (const [syscall, call] of calls) {
      const error = await failing(call);
      expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall });
      expect(error.message).toMatch(/within 20 ms/);
    }
    // What was accepted arrives; what timed out was never accepted and does not.
    const arriving = arrivedAtNobody(11);
    await socket.sendmsg(numbered(11), to);
    expect(await arriving).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
  });

  test('a time limit of 0', async () => {
    const error = await failing(() => alice.recvmsg({ timeoutMs: 0 }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'recvmsg' });
  });

  test('a receipt that does not come leaves the message under way', async () => {
    const options: SendOptions = { timeoutMs: SHORT_MS, until: 'delivered' };
    const error = await failing(() => alice.sendmsg('0', nobody(), options));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', outcome: 'unknown', ...nobody() });
    expect(await arrivedAtNobody(1)).toEqual([0]);
  });

  test('a send with a receipt that was never accepted', async () => {
    const { socket } = fullSocket();
    const options: SendOptions = { timeoutMs: SHORT_MS, until: 'delivered' };
    const error = await failing(() => socket.sendmsg(numbered(10), nobody(), options));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', outcome: 'not-delivered' });
  });

  test('a read that timed out takes no message', async () => {
    await failing(() => alice.recvmsg({ timeoutMs: SHORT_MS }));
    await bob.sendmsg('for the next reader', nameOf(a, alice), { until: 'delivered' });
    expect(await receiveTexts(alice, 1)).toEqual(['for the next reader']);
  });

  test('close at its deadline says what was not acknowledged', async () => {
    const { socket } = fullSocket();
    expect(await socket.close({ deadlineMs: SHORT_MS })).toEqual({ messages: 10, bytes: 10 * KIB });
  });
});

describe('ABORT_ERR', () => {
  const reason = new Error('enough');

  test.each([['before'], ['while']])('every call that waits, aborted %s it waits', async (when) => {
    const { socket } = fullSocket();
    const to = nobody();
    const calls: [string, (signal: AbortSignal) => unknown][] = [
      ['sendmsg', (signal) => socket.sendmsg(numbered(10), to, { signal })],
      ['waitWritable', (signal) => socket.waitWritable(to, { signal })],
      ['flush', (signal) => socket.flush(to, { signal })],
      ['recvmsg', (signal) => socket.recvmsg({ signal })],
      ['ping', (signal) => a.ping(to.address, { signal })],
    ];
    for (const [syscall, call] of calls) {
      const controller = new AbortController();
      if (when === 'before') controller.abort(reason);
      const error = await failing(() => {
        const result = call(controller.signal);
        controller.abort(reason);
        return result;
      });
      expect(error).toMatchObject({ code: 'ABORT_ERR', syscall, cause: reason });
    }
    const arriving = arrivedAtNobody(11);
    await socket.sendmsg(numbered(11), to);
    expect(await arriving).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
  });

  test('a signal that is aborted already sends nothing, though there is room', async () => {
    const signal = AbortSignal.abort(reason);
    const queued = await failing(() => alice.sendmsg('no', toBob, { signal }));
    expect(queued).toMatchObject({ code: 'ABORT_ERR', cause: reason });
    const receipt = await failing(() => alice.sendmsg('no', toBob, { signal, until: 'delivered' }));
    expect(receipt).toMatchObject({ code: 'ABORT_ERR', outcome: 'not-delivered' });
  });

  test('a read with a signal that is aborted already takes no message', async () => {
    await bob.sendmsg('kept', nameOf(a, alice), { until: 'delivered' });
    const error = await failing(() => alice.recvmsg({ signal: AbortSignal.abort(reason) }));
    expect(error.code).toBe('ABORT_ERR');
    expect(await receiveTexts(alice, 1)).toEqual(['kept']);
  });

  test('a receipt given up leaves the message under way', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const error = await failing(() => {
      const sent = alice.sendmsg('0', nobody(), { signal, until: 'delivered' });
      controller.abort(reason);
      return sent;
    });
    expect(error).toMatchObject({ code: 'ABORT_ERR', outcome: 'unknown', cause: reason });
    expect(await arrivedAtNobody(1)).toEqual([0]);
  });
});

describe('ECANCELED', () => {
  const delivered: SendOptions = { until: 'delivered' };

  test('cancelSentTo', async () => {
    const receipt = alice.sendmsg('12345', nobody(), delivered);
    const flushed = errorOf(() => alice.flush(nobody()));
    const error = await failing(() => {
      expect(alice.cancelSentTo(nobody())).toEqual({ messages: 1, bytes: 5 });
      return receipt;
    });
    const expected = { code: 'ECANCELED', syscall: 'sendmsg', ...nobody() };
    expect(error).toMatchObject({ ...expected, outcome: 'not-delivered' });
    expect(await flushed).toMatchObject({ code: 'ECANCELED', syscall: 'flush' });
  });

  test('destroy of the socket', async () => {
    const socket = a.bind();
    const receipt = socket.sendmsg('x', nobody(), delivered);
    const error = await failing(() => {
      expect(socket.destroy()).toEqual({ messages: 1, bytes: 1 });
      return receipt;
    });
    expect(error).toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
    expect(error.message).toMatch(/closed/);
  });

  test('destroy of the socket while a send waits', async () => {
    const { socket } = fullSocket();
    const calls = [
      socket.sendmsg(numbered(10), nobody()),
      socket.waitWritable(nobody()),
      socket.sendmsg(numbered(10), nobody(), delivered),
    ];
    const errors = Promise.all(calls.map((call) => errorOf(() => call)));
    socket.destroy();
    for (const error of await errors) expect(error.code).toBe('ECANCELED');
    expect((await errors)[2]?.outcome).toBe('not-delivered');
  });

  test('close of the socket at its deadline, and of the node', async () => {
    const socket = a.bind();
    const receipt = errorOf(() => socket.sendmsg('x', nobody(), delivered));
    await failing(async () => {
      await socket.close({ deadlineMs: SHORT_MS });
      throw await receipt;
    });
    expect(await receipt).toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
    const late = errorOf(() => alice.sendmsg('x', nobody(), delivered));
    await a.close({ deadlineMs: SHORT_MS });
    expect(await late).toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
  });

  test('destroy of the node', async () => {
    const receipt = errorOf(() => alice.sendmsg('x', nobody(), delivered));
    expect(await a.destroy()).toEqual({ messages: 1, bytes: 1 });
    expect(await receipt).toMatchObject({ code: 'ECANCELED', outcome: 'not-delivered' });
  });

  test('what may be there already has an unknown outcome', async () => {
    const { receipt } = await sentAndNotProcessed();
    const error = errorOf(() => receipt);
    expect(alice.cancelSentTo().messages).toBe(1);
    expect(await error).toMatchObject({ code: 'ECANCELED', outcome: 'unknown' });
  });
});

/**
 * Brings alice to have one message, with a receipt, that has left her and that the other node has
 * not read: it is over its hard limit and has stopped reading.
 */
async function sentAndNotProcessed(): Promise<{
  node: RdsNode;
  to: Address;
  receipt: Promise<void>;
}> {
  const options = { address: loopback(4), tcpPort: a.tcpPort, maxQueuedBytes: 100 };
  const node = await openNode(options);
  // Nobody is bound there: a port that is would be marked as congested by now.
  const to = nameOf(node, 7000);
  const glutton = nameOf(node, node.bind(7001));
  await alice.sendmsg('x'.repeat(200), glutton, { until: 'delivered' });
  expect(node.info().counters.tcp_read_paused).toBe(1);
  const receipt = alice.sendmsg('unread', to, { until: 'delivered' });
  await eventually(() => {
    const peer = a.info().connections.find(({ address }) => address === node.address);
    expect(peer).toMatchObject({ sendQueueMessages: 0, retransmitQueueMessages: 1 });
  });
  return { node, to, receipt };
}

test('ECONNRESET: the peer restarted, and whether it had the message is unknown', async () => {
  const { node, to, receipt } = await sentAndNotProcessed();
  const uncertain: unknown[] = [];
  a.on('uncertain', (event) => uncertain.push(event));
  const error = errorOf(() => receipt);
  const down = once(a as never, 'connection');
  await node.destroy();
  await down;
  // What is accepted while the peer is away is for its next incarnation.
  await alice.sendmsg('for the next', to);
  const next = await openNode({ address: node.address, tcpPort: node.tcpPort });
  const socket = next.bind(to.port);
  expect(await error).toMatchObject({
    code: 'ECONNRESET',
    outcome: 'unknown',
    syscall: 'sendmsg',
    address: to.address,
    port: to.port,
  });
  expect((await error).message).toMatch(/restarted/);
  expect(await receiveTexts(socket, 1)).toEqual(['for the next']);
  const { address, tcpPort } = next;
  const data = new Uint8Array(Buffer.from('unread'));
  expect(uncertain).toEqual([
    { type: 'messages', address, tcpPort, messages: [{ sport: 4000, to, data }] },
  ]);
});

describe('ECONNREFUSED', () => {
  const delivered: SendOptions = { until: 'delivered' };

  test('no socket is bound there', async () => {
    const to = nameOf(b, 5999);
    const error = await failing(() => alice.sendmsg('anyone?', to, delivered));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', outcome: 'not-delivered' });
    expect(error).toMatchObject({ syscall: 'sendmsg', address: b.address, port: 5999 });
    expect(error.message).toMatch(/no socket is bound there/);
    expect(b.info().counters.recv_drop_no_sock).toBe(1);
  });

  test('each message of many gets its own truth', async () => {
    const nowhere = nameOf(b, 5999);
    const results = Array.from({ length: 300 }, (_, n) =>
      settled(alice.sendmsg(`${n}`, n % 3 === 0 ? nowhere : toBob, delivered)),
    );
    const texts = await receiveTexts(bob, 200);
    expect(texts).toEqual(results.flatMap((_, n) => (n % 3 === 0 ? [] : [`${n}`])));
    await eventually(() => {
      for (const [n, { state, error }] of results.entries()) {
        expect(state).toBe(n % 3 === 0 ? 'rejected' : 'resolved');
        if (n % 3 === 0) expect(error).toMatchObject({ outcome: 'not-delivered' });
      }
    });
  });

  test('inside a node', async () => {
    const error = await failing(() => alice.sendmsg('x', nameOf(a, 4999), delivered));
    expect(error).toMatchObject({ code: 'ECONNREFUSED', outcome: 'not-delivered', port: 4999 });
  });

  test('a datagram without receipt is dropped, as RDS does', async () => {
    await alice.sendmsg('x', nameOf(b, 5999));
    await alice.flush();
    expect(b.info().counters.recv_drop_no_sock).toBe(1);
  });
});

test('ENOPROTOOPT: an option that there is not, and one that can only be set', async () => {
  const calls: [string, () => unknown][] = [
    ['setsockopt', () => alice.setsockopt(SOL_RDS, 99, 1)],
    ['getsockopt', () => alice.getsockopt(SOL_RDS, RDS_CANCEL_SENT_TO)],
  ];
  for (const [syscall, call] of calls) {
    const error = await failing(call);
    expect(error).toMatchObject({ code: 'ENOPROTOOPT', syscall, port: 4000 });
  }
});

describe('EOPNOTSUPP', () => {
  test('what RDS over TCP has not', async () => {
    const error = await failing(() => alice.setsockopt(SOL_RDS, RDS_GET_MR, 1));
    expect(error).toMatchObject({ code: 'EOPNOTSUPP', syscall: 'setsockopt', port: 4000 });
    expect(error.message).toMatch(/there is no remote memory over TCP/);
  });

  const to = { address: '::1', port: 5000 };

  test('IPv4 to IPv6', async () => {
    const calls: [string, () => unknown][] = [
      ['sendmsg', () => alice.sendmsg('x', to)],
      ['connect', () => alice.connect(to)],
      ['waitWritable', () => alice.waitWritable(to)],
      ['flush', () => alice.flush(to)],
      ['ping', () => a.ping('::1')],
      ['resetConnection', () => a.resetConnection('::1')],
    ];
    for (const [syscall, call] of calls) {
      const error = await failing(call);
      expect(error).toMatchObject({ code: 'EOPNOTSUPP', syscall });
      expect(error.message).toMatch(/can not reach ::1: IPv4 and IPv6 do not mix/);
    }
  });

  test('IPv6 to IPv4', async (context) => {
    const node = await openNode({ address: '::1' }).catch(() => null);
    if (node === null) return context.skip('this machine has no IPv6');
    const socket = node.bind(5000);
    const error = await failing(() => socket.sendmsg('x', toBob));
    expect(error).toMatchObject({ code: 'EOPNOTSUPP', syscall: 'sendmsg' });
    const second = await openNode({ address: '::1' });
    const receiver = second.bind(5001);
    await socket.sendmsg('IPv6 to IPv6', nameOf(second, receiver));
    const { data, from } = await receiver.recvmsg({ timeoutMs: LIMIT_MS });
    expect(textOf(data)).toBe('IPv6 to IPv6');
    expect(from).toEqual({ address: '::1', port: 5000, tcpPort: node.tcpPort });
  });

  test('an IPv4 address written as IPv6 is IPv4', async () => {
    const mapped = { ...toBob, address: `::ffff:${toBob.address}` };
    await alice.sendmsg('mapped', mapped, { until: 'delivered' });
    expect(await receiveTexts(bob, 1)).toEqual(['mapped']);
    expect(a.info().connections).toHaveLength(1);
  });
});

describe('EBADF', () => {
  function callsOf(socket: RdsSocket): [string, () => unknown][] {
    return [
      ['sendmsg', () => socket.sendmsg('x', toBob)],
      ['sendmsg', () => socket.trySendmsg('x', toBob)],
      ['connect', () => socket.connect(toBob)],
      ['waitWritable', () => socket.waitWritable(toBob)],
      ['flush', () => socket.flush()],
      ['flush', () => socket.flush(toBob)],
      ['cancelSentTo', () => socket.cancelSentTo()],
      ['recvmsg', () => socket.recvmsg()],
      ['recvmsg', () => socket.recvmsg({ dontWait: true })],
      ['recvmmsg', () => socket.recvmmsg()],
    ];
  }

  test.each([['close'], ['destroy']] as const)('every call after %s of the socket', async (how) => {
    const socket = a.bind(4001);
    await socket.sendmsg('x', nameOf(a, socket));
    await socket[how]();
    for (const [syscall, call] of callsOf(socket)) {
      const error = await failing(call);
      expect(error).toMatchObject({ code: 'EBADF', syscall, address: a.address, port: 4001 });
      expect(error.message).toMatch(/the socket is closed/);
    }
    // The same as the first time, whoever asks.
    expect(socket.destroy()).toEqual(await socket.close());
  });

  test('a read that waits when the socket is closed', async () => {
    const socket = a.bind(4001);
    const readers = [socket.recvmsg(), socket.recvmsg({ peek: true })];
    const errors = Promise.all(readers.map((reader) => errorOf(() => reader)));
    await socket.close();
    for (const error of await errors) {
      expect(error).toMatchObject({ code: 'EBADF', syscall: 'recvmsg', port: 4001 });
    }
  });

  test.each([['close'], ['destroy']] as const)('every call after %s of the node', async (how) => {
    const node = await openNode({ address: loopback(3), tcpPort: b.tcpPort });
    const socket = node.bind(4001);
    await socket.sendmsg('x', nameOf(b, 5999));
    await node[how]();
    const calls: [string, () => unknown][] = [
      ...callsOf(socket),
      ['bind', () => node.bind()],
      ['ping', () => node.ping(b.address)],
      ['resetConnection', () => node.resetConnection(b.address)],
    ];
    for (const [syscall, call] of calls) {
      expect(await failing(call)).toMatchObject({ code: 'EBADF', syscall });
    }
    expect(node.info().sockets).toEqual([]);
    expect(node.isClosed).toBe(true);
  });

  test.each([['close'], ['destroy']] as const)('a ping that waits at %s', async (how) => {
    const node = await openNode({ address: loopback(3) });
    const ping = settled(node.ping(nobody().address, { timeoutMs: 600_000 }));
    await node[how]();
    await eventually(() => expect(ping.state).toBe('rejected'), 2000);
    expect(ping.error).toMatchObject({ code: 'EBADF', syscall: 'ping' });
  });
});
