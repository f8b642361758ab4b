/**
 * Sockets as programs use them, between real nodes on real TCP: every way to send and to receive,
 * who gets what in which order, and what closing leaves behind.
 */

import {
  type Address,
  type Incoming,
  type Listener,
  type RdsNode,
  type RdsSocket,
  type Stream,
  type TcpAddress,
  TcpTransport,
  type Transport,
} from 'rds-tcp';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  connectionEvents,
  errorOf,
  eventually,
  hasManyLoopbacks,
  LIMIT_MS,
  loopback,
  nameOf,
  openNode,
  openNodes,
  openNodeWith,
  receiveTexts,
  settled,
  textOf,
} from './nodes.js';

const DELIVERED = { until: 'delivered', timeoutMs: LIMIT_MS } as const;

let a: RdsNode;
let b: RdsNode;
let alice: RdsSocket;
let bob: RdsSocket;
let toAlice: Address;
let toBob: Address;

beforeEach(async () => {
  [a, b] = await openNodes(2);
  alice = a.bind(4000);
  bob = b.bind(5000);
  toAlice = nameOf(a, alice);
  toBob = nameOf(b, bob);
});

/** Sends texts that are sure to be queued at the other end. */
async function deliver(texts: string[]): Promise<void> {
  await Promise.all(texts.map((text) => alice.sendmsg(text, toBob, DELIVERED)));
}

describe('data', () => {
  const bytes = Uint8Array.of(0, 1, 254, 255);

  test.each<[string, Parameters<RdsSocket['sendmsg']>[0], Uint8Array]>([
    ['a string', 'grüße ☃ 𝄞', Buffer.from('grüße ☃ 𝄞')],
    ['a Uint8Array', bytes, bytes],
    ['a Buffer', Buffer.from(bytes), bytes],
    [
      'a view inside a larger buffer',
      new Uint8Array(Uint8Array.of(9, ...bytes, 9).buffer, 1, 4),
      bytes,
    ],
    ['an array', ['ab', bytes, '', Buffer.from('c')], Uint8Array.of(97, 98, ...bytes, 99)],
    ['an empty array', [], new Uint8Array()],
    ['an empty string', '', new Uint8Array()],
    ['an empty Uint8Array', new Uint8Array(), new Uint8Array()],
  ])('%s', async (_, data, expected) => {
    await alice.sendmsg(data, toBob);
    await alice.sendmsg(data, toAlice);
    for (const socket of [bob, alice]) {
      const message = await socket.recvmsg({ timeoutMs: LIMIT_MS });
      expect(message.data).toBeInstanceOf(Uint8Array);
      expect([...message.data]).toEqual([...expected]);
      expect(message.from).toMatchObject({ address: a.address, port: 4000 });
    }
  });

  test('of every size around the edges of chunks and slabs', async () => {
    const sizes = [1, 47, 48, 49, 4047, 4048, 4049, 16_336, 16_337, 65_488, 65_489, 2 ** 20];
    for (const size of sizes) void alice.sendmsg(Buffer.alloc(size, size), toBob);
    for (const size of sizes) {
      const { data } = await bob.recvmsg({ timeoutMs: LIMIT_MS });
      expect(Buffer.alloc(size, size).equals(data)).toBe(true);
    }
  });

  test("the sender's buffer is its own again once sendmsg has returned", async () => {
    const buffer = Buffer.alloc(1000);
    for (const to of [toBob, toAlice]) {
      for (let n = 1; n <= 200; n++) void alice.sendmsg(buffer.fill(n), to);
      buffer.fill(0);
      const socket = to === toBob ? bob : alice;
      for (let n = 1; n <= 200; n++) {
        const { data } = await socket.recvmsg({ timeoutMs: LIMIT_MS });
        expect(Buffer.alloc(1000, n).equals(data)).toBe(true);
      }
    }
  });

  test('a buffer that waits for room may change until its promise resolves', async () => {
    const socket = a.bind({ sendBufferBytes: 1000 });
    const buffer = Buffer.alloc(1000, 1);
    await socket.sendmsg(buffer, toBob);
    buffer.fill(2);
    await socket.sendmsg(buffer, toBob);
    buffer.fill(3);
    await socket.sendmsg(buffer, toBob);
    buffer.fill(0);
    for (let n = 1; n <= 3; n++) {
      const { data } = await bob.recvmsg({ timeoutMs: LIMIT_MS });
      expect(data[0]).toBe(n);
      expect(data[999]).toBe(n);
    }
  });

  test("received data is the receiver's, and stays as it is", async () => {
    await deliver(['one', 'two', 'three']);
    const messages = bob.recvmmsg();
    messages[0]?.data.fill(0x58);
    void alice.sendmsg('x'.repeat(100_000), toBob);
    await bob.recvmsg({ timeoutMs: LIMIT_MS });
    expect(messages.map(({ data }) => textOf(data))).toEqual(['XXX', 'two', 'three']);
  });
});

describe('receiving', () => {
  test('recvmsg, one message each', async () => {
    await deliver(['one', 'two']);
    expect(await receiveTexts(bob, 2)).toEqual(['one', 'two']);
  });

  test('several readers are served in the order they came', async () => {
    const readers = [bob.recvmsg(), bob.recvmsg(), bob.recvmsg()];
    await deliver(['one', 'two', 'three']);
    const messages = await Promise.all(readers);
    expect(messages.map(({ data }) => textOf(data))).toEqual(['one', 'two', 'three']);
  });

  test('a reader that gave up is passed over', async () => {
    const controller = new AbortController();
    const first = errorOf(() => bob.recvmsg({ signal: controller.signal }));
    const second = bob.recvmsg();
    controller.abort();
    expect((await first).code).toBe('ABORT_ERR');
    await deliver(['for the second']);
    expect(textOf((await second).data)).toBe('for the second');
  });

  test('peek leaves the message, also one that was waited for', async () => {
    const peeking = [bob.recvmsg({ peek: true }), bob.recvmsg({ peek: true })];
    const reading = bob.recvmsg();
    await deliver(['one', 'two']);
    for (const { data } of await Promise.all(peeking)) expect(textOf(data)).toBe('one');
    expect(textOf((await reading).data)).toBe('one');
    expect(textOf((await bob.recvmsg({ peek: true })).data)).toBe('two');
    expect(textOf((await bob.recvmsg({ peek: true, dontWait: true })).data)).toBe('two');
    expect(await receiveTexts(bob, 1)).toEqual(['two']);
    expect(bob.recvmmsg()).toEqual([]);
  });

  test('recvmmsg takes all that is queued, or so many', async () => {
    expect(bob.recvmmsg()).toEqual([]);
    await deliver(['one', 'two', 'three', 'four', 'five']);
    const texts = (messages: Incoming[]) => messages.map(({ data }) => textOf(data));
    expect(texts(bob.recvmmsg(2))).toEqual(['one', 'two']);
    expect(bob.recvmmsg(0)).toEqual([]);
    expect(texts(bob.recvmmsg())).toEqual(['three', 'four', 'five']);
    expect(b.info().queuedBytes).toBe(0);
  });

  test('for await, until the socket is closed', async () => {
    await deliver(['one', 'two']);
    const texts: string[] = [];
    const loop = (async () => {
      for await (const { data } of bob) texts.push(textOf(data));
    })();
    await deliver(['three']);
    await eventually(() => expect(texts).toEqual(['one', 'two', 'three']));
    await bob.close();
    await loop;
  });

  test('for await can be left and gone on with', async () => {
    await deliver(['one', 'two', 'three']);
    for await (const { data } of bob) if (textOf(data) === 'two') break;
    expect(await receiveTexts(bob, 1)).toEqual(['three']);
  });

  test("'message' events, beginning with what was queued before", async () => {
    await deliver(['one', 'two']);
    const texts: string[] = [];
    bob.on('message', ({ data }) => texts.push(textOf(data)));
    await deliver(['three']);
    await eventually(() => expect(texts).toEqual(['one', 'two', 'three']));
    expect(b.info().queuedBytes).toBe(0);
  });

  test("once('message') takes one and leaves the rest", async () => {
    await deliver(['one', 'two']);
    const first = await new Promise<Incoming>((resolve) => bob.once('message', resolve));
    expect(textOf(first.data)).toBe('one');
    expect(await receiveTexts(bob, 1)).toEqual(['two']);
  });

  test('a listener that throws does not stop the delivery', async () => {
    const uncaught: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    try {
      const texts: string[] = [];
      bob.on('message', ({ data }) => {
        texts.push(textOf(data));
        throw new Error(`thrown at ${textOf(data)}`);
      });
      a.once('connection', () => {
        throw new Error('thrown at a connection event');
      });
      await deliver(['one', 'two', 'three']);
      a.resetConnection(nameOf(b, 0));
      await deliver(['four']);
      expect(texts).toEqual(['one', 'two', 'three', 'four']);
      // What is thrown is not swallowed either.
      await eventually(() => {
        const thrown = uncaught.map((error) => (error as Error).message);
        expect(thrown.filter((text) => text !== 'thrown at a connection event')).toEqual(
          texts.map((text) => `thrown at ${text}`),
        );
        expect(thrown).toContain('thrown at a connection event');
      });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    }
  });
});

describe('sending', () => {
  test('connect() sets where to, and messages come from everyone all the same', async () => {
    const carol = a.bind(4001);
    bob.connect(toAlice);
    await bob.sendmsg('to the default');
    bob.trySendmsg('and again');
    await bob.sendmsg('elsewhere', nameOf(a, carol));
    expect(await receiveTexts(alice, 2)).toEqual(['to the default', 'and again']);
    expect(await receiveTexts(carol, 1)).toEqual(['elsewhere']);
    await carol.sendmsg('from a third', toBob);
    expect(await receiveTexts(bob, 1)).toEqual(['from a third']);
    bob.connect(nameOf(a, carol));
    await bob.sendmsg('to the new default');
    expect(await receiveTexts(carol, 1)).toEqual(['to the new default']);
  });

  test('messages of a socket to another arrive in order, those that waited too', async () => {
    const socket = a.bind({ sendBufferBytes: 5000 });
    const count = 2000;
    const sent = Array.from({ length: count }, (_, n) =>
      socket.sendmsg(`${n}`.padEnd(n % 700, ' '), toBob),
    );
    const texts = await receiveTexts(bob, count);
    expect(texts.map(Number)).toEqual(Array.from({ length: count }, (_, n) => n));
    await Promise.all(sent);
  });

  test("until 'delivered' resolves when the message is on the other socket's queue", async () => {
    await alice.sendmsg('there', toBob, DELIVERED);
    expect(bob.recvmmsg()).toHaveLength(1);
  });

  test('flush waits for what was sent there, or anywhere', async () => {
    const nowhere = nameOf(b, 5999);
    const nobody = { address: loopback(77), port: 5000 };
    for (let n = 0; n < 100; n++) await alice.sendmsg(`${n}`, toBob);
    await alice.sendmsg('a drop in the sea', nowhere);
    await alice.sendmsg('into the void', nobody);
    await alice.flush(toBob, { timeoutMs: LIMIT_MS });
    expect(bob.recvmmsg()).toHaveLength(100);
    await alice.flush(nowhere, { timeoutMs: LIMIT_MS });
    const all = settled(alice.flush());
    await alice.sendmsg('more', toBob, DELIVERED);
    expect(all.state).toBe('pending');
    alice.cancelSentTo(nobody);
    await eventually(() => expect(all.error).toMatchObject({ code: 'ECANCELED' }));
    await alice.flush();
  });

  test('waitWritable resolves when there is room', async () => {
    const socket = a.bind({ sendBufferBytes: 10_000 });
    await socket.waitWritable(toBob);
    let sent = 0;
    const payload = new Uint8Array(1000);
    for (let round = 0; round < 20; round++) {
      try {
        for (;;) {
          socket.trySendmsg(payload, toBob);
          sent++;
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
      await socket.waitWritable(toBob, { timeoutMs: LIMIT_MS });
      socket.trySendmsg(payload, toBob);
      sent++;
    }
    await socket.flush();
    expect(bob.recvmmsg()).toHaveLength(sent);
  });

  test('waitWritable resolves when the destination is no longer congested', async () => {
    const lazy = b.bind({ receiveBufferBytes: 1000 });
    const to = nameOf(b, lazy);
    await alice.sendmsg(new Uint8Array(2000), to, DELIVERED);
    await eventually(() => expect(() => alice.trySendmsg('x', to)).toThrow(/ENOBUFS/));
    const writable = settled(alice.waitWritable(to));
    await deliver(['another socket is not in the way']);
    expect(writable.state).toBe('pending');
    lazy.recvmmsg();
    await eventually(() => expect(writable.state).toBe('resolved'));
    alice.trySendmsg('x', to);
  });

  test('cancelSentTo drops what is under way to one destination, or to all', async () => {
    const nobody = { address: loopback(77), port: 5000 };
    const other = { address: loopback(77), port: 5001 };
    const another = { address: loopback(78), port: 5000 };
    for (const to of [nobody, nobody, other, another]) await alice.sendmsg('12345', to);
    expect(alice.cancelSentTo(nobody)).toEqual({ messages: 2, bytes: 10 });
    expect(alice.cancelSentTo(nobody)).toEqual({ messages: 0, bytes: 0 });
    expect(alice.cancelSentTo()).toEqual({ messages: 2, bytes: 10 });
    const node = await openNode({ address: loopback(77), tcpPort: a.tcpPort });
    const receiver = node.bind(5000);
    await alice.sendmsg('the only one', nobody);
    expect(await receiveTexts(receiver, 1)).toEqual(['the only one']);
    expect(receiver.recvmmsg()).toEqual([]);
  });
});

describe('closing', () => {
  test('waits for what was sent, and says that nothing is left', async () => {
    for (let n = 0; n < 1000; n++) void alice.sendmsg(`${n}`, toBob);
    const closing = alice.close();
    expect(alice.isClosed).toBe(true);
    expect(await closing).toEqual({ messages: 0, bytes: 0 });
    expect(bob.recvmmsg()).toHaveLength(1000);
  });

  test('lets sends that wait for room go through first', async () => {
    const socket = a.bind({ sendBufferBytes: 2000 });
    const sent = Array.from({ length: 50 }, (_, n) => socket.sendmsg(`${n}`.padEnd(1000), toBob));
    expect(await socket.close()).toEqual({ messages: 0, bytes: 0 });
    await Promise.all(sent);
    expect(bob.recvmmsg()).toHaveLength(50);
  });

  test('says what was not acknowledged at the deadline', async () => {
    const nobody = { address: loopback(77), port: 5000 };
    for (let n = 0; n < 3; n++) await alice.sendmsg('12345', nobody);
    expect(await alice.close({ deadlineMs: 10 })).toEqual({ messages: 3, bytes: 15 });
  });

  test('frees the port at once, and emits close in the end', async () => {
    const closed = new Promise<void>((resolve) => alice.once('close', resolve));
    const closing = alice.close();
    const next = a.bind(4000);
    await bob.sendmsg('for the next', toAlice, DELIVERED);
    expect(await receiveTexts(next, 1)).toEqual(['for the next']);
    await closing;
    await closed;
  });

  test('frees what was queued', async () => {
    await deliver(['one', 'two']);
    expect(b.info().queuedBytes).toBeGreaterThan(0);
    await bob.close();
    expect(b.info().queuedBytes).toBe(0);
    expect(b.info().counters.recv_drop_dead_sock).toBe(2);
  });

  test('a node closes its sockets, and says what they leave', async () => {
    const nobody = { address: loopback(77), port: 5000 };
    const carol = a.bind();
    await alice.sendmsg('12345', nobody);
    await carol.sendmsg('678', nobody);
    await alice.sendmsg('delivered', toBob);
    expect(await a.close({ deadlineMs: 50 })).toEqual({ messages: 2, bytes: 8 });
    expect(await receiveTexts(bob, 1)).toEqual(['delivered']);
    expect([alice.isClosed, carol.isClosed, a.isClosed]).toEqual([true, true, true]);
  });

  test('both nodes at once, while both send', async () => {
    for (let n = 0; n < 500; n++) {
      void alice.sendmsg(`${n}`, toBob);
      void bob.sendmsg(`${n}`, toAlice);
    }
    const left = await Promise.all([a.close(), b.close()]);
    // Each closes its sockets for receiving first, but the other node still acknowledges.
    expect(left).toEqual([
      { messages: 0, bytes: 0 },
      { messages: 0, bytes: 0 },
    ]);
  });

  test('await using closes sockets and nodes', async () => {
    const { address, tcpPort } = await openNode({ address: loopback(3) }).then(async (node) => {
      await node.close();
      return node;
    });
    {
      await using node = await openNode({ address, tcpPort });
      await using socket = node.bind(4000);
      await socket.sendmsg('x', toBob);
    }
    expect(bob.recvmmsg()).toHaveLength(1);
    // The TCP port is free again.
    await openNode({ address, tcpPort });
  });
});

describe('inside a node', () => {
  test('sockets reach each other, and themselves, without TCP', async () => {
    const carol = a.bind(4001);
    const toCarol = nameOf(a, carol);
    await alice.sendmsg('to carol', toCarol, DELIVERED);
    await alice.sendmsg('to myself', { address: a.address, port: 4000 });
    expect(await receiveTexts(carol, 1)).toEqual(['to carol']);
    const { data, from } = await alice.recvmsg({ timeoutMs: LIMIT_MS });
    expect(textOf(data)).toBe('to myself');
    expect(from).toEqual({ address: a.address, port: 4000 });
    expect(a.info().connections).toEqual([]);
    expect(await a.ping(a.address)).toBeGreaterThanOrEqual(0);
  });

  test('two that answer each other ten thousand times', async () => {
    const carol = a.bind(4001);
    let count = 0;
    const over = new Promise<void>((resolve) => {
      const answer = (socket: RdsSocket) => (message: Incoming) => {
        if (++count === 10_000) resolve();
        else void socket.sendmsg(message.data, message.from);
      };
      alice.on('message', answer(alice));
      carol.on('message', answer(carol));
    });
    await alice.sendmsg('ball', nameOf(a, carol));
    await over;
    expect(count).toBe(10_000);
  });

  test('congestion holds senders back', async () => {
    const lazy = a.bind({ receiveBufferBytes: 1000 });
    const to = nameOf(a, lazy);
    await alice.sendmsg(new Uint8Array(2000), to, DELIVERED);
    expect((await errorOf(() => alice.trySendmsg('x', to))).code).toBe('ENOBUFS');
    const waiting = alice.sendmsg('waited', to);
    lazy.recvmmsg();
    await waiting;
    expect(await receiveTexts(lazy, 1)).toEqual(['waited']);
  });
});

describe('nodes', () => {
  test('several on one IP address, each answering where a message came from', async () => {
    const nodes = [a, await openNode(), await openNode(), await openNode()];
    expect(new Set(nodes.map(({ tcpPort }) => tcpPort)).size).toBe(4);
    const sockets = nodes.map((node) => (node === a ? alice : node.bind(4000)));
    for (const [index, socket] of sockets.entries()) {
      socket.on('message', ({ data, from }) => {
        const text = textOf(data);
        if (text.startsWith('hello')) void socket.sendmsg(`answer to ${text}`, from);
        else answers.push(`${index} has the ${text}`);
      });
    }
    const answers: string[] = [];
    const expected: string[] = [];
    for (const [i, socket] of sockets.entries()) {
      for (const [j, node] of nodes.entries()) {
        const text = `hello ${i} ${j}`;
        expected.push(`${i} has the answer to ${text}`);
        await socket.sendmsg(text, nameOf(node, 4000), DELIVERED);
      }
    }
    await eventually(() => expect(answers.toSorted()).toEqual(expected.toSorted()));
    for (const node of nodes) expect(node.info().connections).toHaveLength(3);
  });

  test('the name in message.from needs no tcpPort where all have the same', async () => {
    await alice.sendmsg('hello', toBob);
    const { from } = await bob.recvmsg({ timeoutMs: LIMIT_MS });
    if (hasManyLoopbacks) expect(from).toEqual({ address: a.address, port: 4000 });
    await bob.sendmsg('answer', from);
    expect(await receiveTexts(alice, 1)).toEqual(['answer']);
  });

  test('ping', async () => {
    const target = { address: b.address, tcpPort: b.tcpPort };
    for (const node of [a, b]) {
      const { address, tcpPort } = node === a ? b : a;
      const ms = await node.ping({ address, tcpPort });
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThan(LIMIT_MS);
    }
    const many = await Promise.all(Array.from({ length: 100 }, () => a.ping(target)));
    expect(many).toHaveLength(100);
    if (hasManyLoopbacks) expect(await a.ping(b.address)).toBeGreaterThan(0);
  });

  test('resetConnection, from both sides and again and again, loses nothing', async () => {
    const count = 5000;
    const downs = connectionEvents(a);
    const texts: string[] = [];
    bob.on('message', ({ data }) => texts.push(textOf(data)));
    const sent: Promise<void>[] = [];
    for (let n = 0; n < count; n++) {
      sent.push(alice.sendmsg(`${n}`.padEnd(n % 2000), toBob, DELIVERED));
      if (n % 250 !== 249) continue;
      const [node, peer] = n % 500 === 249 ? [a, b] : [b, a];
      node.resetConnection({ address: peer.address, tcpPort: peer.tcpPort });
      await sent[n - 200];
    }
    await Promise.all(sent);
    expect(texts.map(Number)).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(downs.filter(({ type }) => type === 'down').length).toBeGreaterThan(2);
  });

  test('info is plain data that JSON carries unchanged', async () => {
    const lazy = b.bind({ receiveBufferBytes: 100 });
    await alice.sendmsg(new Uint8Array(200), nameOf(b, lazy), DELIVERED);
    await alice.sendmsg('under way', { address: loopback(77), port: 5000 });
    await eventually(() => {
      expect(a.info().connections.map(({ congestedPorts }) => congestedPorts)).toContainEqual([
        lazy.port,
      ]);
    });
    for (const info of [a.info(), b.info()]) {
      expect(JSON.parse(JSON.stringify(info))).toEqual(info);
    }
    expect(a.info()).toMatchObject({ address: a.address, tcpPort: a.tcpPort });
    expect(a.info().sockets).toMatchObject([{ port: 4000, queuedBytes: 0, congested: false }]);
    expect(b.info().sockets.find(({ port }) => port === lazy.port)).toMatchObject({
      queuedMessages: 1,
      queuedBytes: 200,
      congested: true,
    });
    const unmet = a.info().connections.find(({ address }) => address === loopback(77));
    if (hasManyLoopbacks) expect(unmet).toMatchObject({ sendQueueMessages: 1, peer: 'unknown' });
  });

  test("'congestion' events tell of both sides", async () => {
    const lazy = b.bind({ receiveBufferBytes: 100 });
    const told: unknown[] = [];
    a.on('congestion', (event) => told.push(event));
    b.on('congestion', (event) => told.push(event));
    await alice.sendmsg(new Uint8Array(200), nameOf(b, lazy), DELIVERED);
    const remote = { type: 'remote', address: b.address, tcpPort: b.tcpPort };
    await eventually(() => {
      expect(told).toContainEqual({ type: 'local', port: lazy.port, congested: true });
      expect(told).toContainEqual({ ...remote, ports: [lazy.port] });
    });
    told.length = 0;
    lazy.recvmmsg();
    await eventually(() => {
      expect(told).toContainEqual({ type: 'local', port: lazy.port, congested: false });
      expect(told).toContainEqual({ ...remote, ports: [] });
    });
  });
});

describe('TCP connections', () => {
  /** The real transport, which counts what it opens and what it accepts. */
  class CountingTransport implements Transport {
    readonly #inner = new TcpTransport();
    dialled = 0;
    accepted = 0;

    listen(local: TcpAddress, onStream: (stream: Stream) => void): Promise<Listener> {
      return this.#inner.listen(local, (stream) => {
        this.accepted++;
        onStream(stream);
      });
    }

    connect(local: TcpAddress, remote: TcpAddress): Stream {
      this.dialled++;
      return this.#inner.connect(local, remote);
    }
  }

  test('N sockets and M peers make M of them', async () => {
    const SOCKETS = 50;
    const transports = Array.from({ length: 4 }, () => new CountingTransport());
    const nodes: RdsNode[] = [];
    for (const [n, transport] of transports.entries()) {
      const tcpPort = hasManyLoopbacks ? (nodes[0]?.tcpPort ?? 0) : 0;
      nodes.push(await openNodeWith(transport, { address: loopback(11 + n), tcpPort }));
    }
    const sockets = nodes.map((node) =>
      Array.from({ length: SOCKETS }, (_, n) => node.bind(4000 + n)),
    );
    // The smaller address speaks first, so that nobody has to knock.
    for (const [from, node] of nodes.entries()) {
      for (const peer of nodes.slice(from + 1)) {
        await node.ping({ address: peer.address, tcpPort: peer.tcpPort });
      }
    }
    const sent = sockets.flatMap((own, from) =>
      own.flatMap((socket) =>
        nodes.flatMap((node, to) =>
          from === to
            ? []
            : own.map(({ port }) => socket.sendmsg('', nameOf(node, port), DELIVERED)),
        ),
      ),
    );
    await Promise.all(sent);
    for (const socket of sockets.flat()) expect(socket.recvmmsg()).toHaveLength(3 * SOCKETS);
    for (const node of nodes) expect(node.info().connections).toHaveLength(3);
    const total = (pick: (transport: CountingTransport) => number) =>
      transports.reduce((sum, transport) => sum + pick(transport), 0);
    expect(total(({ dialled }) => dialled)).toBe(6);
    expect(total(({ accepted }) => accepted)).toBe(6);
  });
});
