/**
 * A Linux kernel as the other end, played by the test byte for byte: who calls whom, what we send
 * first, how we learn that it has our messages, what we send again, and what we take for a repeat.
 */

import type { Address, ConnectionEvent, RdsNode, RdsSocket } from 'rds-tcp';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeMap,
  FLAG_MAP,
  FLAG_RETRANSMITTED,
  type Frame,
  generation,
  HEADER_BYTES,
  MAP_BYTES,
  npaths,
} from './frames.js';
import {
  connectionEvents,
  errorOf,
  eventually,
  hasManyLoopbacks,
  LIMIT_MS,
  loopback,
  openNode,
  receiveTexts,
  settled,
  textOf,
} from './nodes.js';
import { RawConnection, RawListener } from './raw-connection.js';

const NODE = loopback(5);
const SMALLER = loopback(3);
const LARGER = loopback(9);
/** Where Linux peers are. */
const tcpPort = 16385;

const MAP_HEADER =
  '0000000000000000 0000000000000000 00002000 0000 0000 01 00 00000000 0000'.replaceAll(' ', '') +
  '0'.repeat(32);

let node: RdsNode;
let socket: RdsSocket;
let events: ConnectionEvent[];

const isMap = ({ flags }: Frame): boolean => flags === FLAG_MAP;
const isData = ({ sport, dport }: Frame): boolean => sport !== 0 && dport !== 0;
const isProbe = ({ sport, dport }: Frame): boolean => sport === 1 && dport === 0;
const isPong = ({ sport, dport }: Frame): boolean => sport === 0 && dport !== 0;
/** A ping that is no probe: one follows our probe, and the one behind messages is an ack barrier. */
const isPing = ({ sport, dport }: Frame): boolean => sport > 1 && dport === 0;

/** The sending half of a kernel: it counts data, pings and pongs from 1. */
class Kernel {
  readonly #connection: RawConnection;
  sequence = 1;

  constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  send(sport: number, dport: number, payload = '', extensions = ''): void {
    this.#connection.write({ sequence: this.sequence++, sport, dport, payload, extensions });
  }

  pong(ping: Frame): void {
    this.send(0, ping.sport);
  }
}

/** Reads our first words, which are the same on every connection. */
async function readMap(connection: RawConnection): Promise<Buffer> {
  const map = await connection.nextFrame();
  expect(map.header.toString('hex')).toBe(MAP_HEADER);
  expect(map.payload).toHaveLength(MAP_BYTES);
  return map.payload;
}

/** The header of a message as a kernel writes it. */
function dataHeader(sequence: number, length: number, sport: number, dport: number, flags = 0) {
  const hex = (value: number, bytes: number) => value.toString(16).padStart(bytes * 2, '0');
  const ports = hex(sport, 2) + hex(dport, 2);
  return `${hex(sequence, 8)}${hex(0, 8)}${hex(length, 4)}${ports}${hex(flags, 1)}`.padEnd(96, '0');
}

async function expectData(connection: RawConnection, text: string, flags = 0): Promise<Frame> {
  const frame = await connection.frameWhere(isData);
  expect(textOf(frame.payload)).toBe(text);
  const expected = dataHeader(frame.sequence, text.length, socket.port, 5000, flags);
  expect(frame.header.toString('hex')).toBe(expected);
  return frame;
}

describe.skipIf(!hasManyLoopbacks)('a kernel', () => {
  beforeEach(async () => {
    node = await openNode({ address: NODE, tcpPort, reconnect: 'kernel' });
    socket = node.bind(4000);
    events = connectionEvents(node);
  });

  describe('with the smaller address', () => {
    const peer: Address = { address: SMALLER, port: 5000 };

    /** The kernel calls us, as it does when it has something to send or was knocked. */
    async function call(): Promise<RawConnection> {
      const connection = await RawConnection.dial(node, SMALLER);
      connection.write(encodeMap());
      return connection;
    }

    /** Calls, and answers the probe with one path, and the ping behind it. */
    async function introduce(): Promise<{ connection: RawConnection; kernel: Kernel }> {
      const connection = await call();
      const kernel = new Kernel(connection);
      await readMap(connection);
      await connection.frameWhere(isProbe);
      kernel.send(0, 1, '', npaths(1));
      await eventually(() => expect(events.at(-1)).toMatchObject({ type: 'up', peer: 'linux' }));
      kernel.pong(await connection.frameWhere(isPing));
      return { connection, kernel };
    }

    test('is greeted with the map before it has said a word', async () => {
      const connection = await RawConnection.dial(node, SMALLER);
      await readMap(connection);
      expect(connection.bytes).toHaveLength(0);
    });

    test('is probed behind the map, with one path', async () => {
      const connection = await call();
      await readMap(connection);
      const probe = await connection.nextFrame();
      expect(probe).toMatchObject({ sport: 1, dport: 0, flags: 0, ack: 0 });
      expect(probe.payload).toHaveLength(0);
      expect(probe.sequence).toBeGreaterThan(0);
      // NPATHS first, then GEN_NUM, then our own type from 16 up, which kernels do not read.
      expect(probe.extensions).toMatch(/^05000106[0-9a-f]{8}72/);
    });

    test('is known by its pong', async () => {
      await introduce();
      expect(events).toEqual([{ type: 'up', address: SMALLER, tcpPort, peer: 'linux' }]);
      await eventually(() => {
        expect(node.info().connections).toMatchObject([
          { address: SMALLER, tcpPort, peer: 'linux', state: 'up', nextRxSequence: 3 },
        ]);
      });
    });

    test('is known by a pong without extensions', async () => {
      const connection = await call();
      await connection.frameWhere(isProbe);
      new Kernel(connection).send(0, 1);
      await eventually(() => expect(events).toMatchObject([{ type: 'up', peer: 'linux' }]));
    });

    test('is known by its silence behind the map', async () => {
      await call();
      await eventually(() => expect(events).toMatchObject([{ type: 'up', peer: 'linux' }]));
    });

    test('gets a pong with NPATHS for its probe', async () => {
      const { connection, kernel } = await introduce();
      kernel.send(1, 0, '', npaths(8));
      const pong = await connection.frameWhere(isPong);
      expect(pong).toMatchObject({ sport: 0, dport: 1, flags: 0, ack: 0 });
      expect(pong.extensions).toMatch(/^050001/);
      expect(pong.payload).toHaveLength(0);
    });

    test('gets a plain pong for a ping', async () => {
      const { connection, kernel } = await introduce();
      kernel.send(4711, 0);
      const pong = await connection.frameWhere(({ dport }) => dport === 4711);
      expect(pong).toMatchObject({ sport: 0, dport: 4711, flags: 0, extensions: '' });
    });

    test('gets data byte for byte as another kernel would send it', async () => {
      const { connection } = await introduce();
      await socket.sendmsg('hello', peer);
      await socket.sendmsg('', peer);
      const first = await expectData(connection, 'hello');
      const second = await expectData(connection, '');
      expect(second.sequence).toBe(first.sequence + 1);
    });

    test('sends data', async () => {
      const { kernel } = await introduce();
      kernel.send(5000, 4000, 'from the kernel');
      const { data, from } = await socket.recvmsg({ timeoutMs: LIMIT_MS });
      expect(textOf(data)).toBe('from the kernel');
      expect(from).toEqual(peer);
    });

    test('confirms with a pong what was sent before the ping', async () => {
      const { connection, kernel } = await introduce();
      const receipt = settled(socket.sendmsg('hello', peer, { until: 'delivered' }));
      const flushed = settled(socket.flush());
      const { sequence } = await expectData(connection, 'hello');
      const barrier = await connection.frameWhere(isPing);
      expect(barrier.sequence).toBe(sequence + 1);
      // The pong of another ping says nothing.
      kernel.send(0, barrier.sport === 2000 ? 2001 : 2000);
      expect(await node.ping(SMALLER, { timeoutMs: 0 }).catch(({ code }) => code)).toBe(
        'ETIMEDOUT',
      );
      expect(receipt.state).toBe('pending');
      kernel.pong(barrier);
      await eventually(() => expect(receipt.state).toBe('resolved'));
      await eventually(() => expect(flushed.state).toBe('resolved'));
      expect(node.info().connections).toMatchObject([{ retransmitQueueMessages: 0 }]);
    });

    test('a pong confirms nothing that was sent after its ping', async () => {
      const { connection, kernel } = await introduce();
      const first = settled(socket.sendmsg('first', peer, { until: 'delivered' }));
      const barrier = await connection.frameWhere(isPing);
      const second = settled(socket.sendmsg('second', peer, { until: 'delivered' }));
      await expectData(connection, 'second');
      kernel.pong(barrier);
      await eventually(() => expect(first.state).toBe('resolved'));
      const next = await connection.frameWhere(isPing);
      expect(next.sport).not.toBe(barrier.sport);
      expect(second.state).toBe('pending');
      kernel.pong(next);
      await eventually(() => expect(second.state).toBe('resolved'));
    });

    test('gets what it has not confirmed again after a break, before anything new', async () => {
      const { connection, kernel } = await introduce();
      const results = ['one', 'two', 'three'].map((text) =>
        settled(socket.sendmsg(text, peer, { until: 'delivered' })),
      );
      const sent = [
        await expectData(connection, 'one'),
        await expectData(connection, 'two'),
        await expectData(connection, 'three'),
      ];
      const oldBarrier = await connection.frameWhere(isPing);
      connection.reset();
      await eventually(() => expect(events.at(-1)?.type).toBe('down'));
      const fresh = settled(socket.sendmsg('fresh', peer, { until: 'delivered' }));

      const again = await call();
      await readMap(again);
      const frames: Frame[] = [];
      while (frames.length < 4) frames.push(await again.frameWhere((f) => isData(f) || isProbe(f)));
      const resent = frames.slice(0, 3);
      expect(resent.map(({ header }) => header.toString('hex'))).toEqual(
        sent.map(({ sequence, payload }) =>
          dataHeader(sequence, payload.length, 4000, 5000, FLAG_RETRANSMITTED),
        ),
      );
      expect(resent.map(({ payload }) => textOf(payload))).toEqual(['one', 'two', 'three']);
      // A probe may stand between the resends and what is new.
      const last = frames[3] as Frame;
      const next = isProbe(last) ? await again.frameWhere(isData) : last;
      expect(textOf(next.payload)).toBe('fresh');
      expect(next.flags).toBe(0);
      expect(next.sequence).toBeGreaterThan(sent[2]?.sequence as number);

      const barrier = await again.frameWhere(isPing);
      // The kernel resends its pongs too: one for the ping on the broken connection proves nothing.
      const second = new Kernel(again);
      second.sequence = kernel.sequence;
      second.pong(oldBarrier);
      second.send(5000, 4000, 'behind the late pong');
      expect(await receiveTexts(socket, 1)).toEqual(['behind the late pong']);
      expect([...results, fresh].map(({ state }) => state)).toEqual(Array(4).fill('pending'));
      second.pong(barrier);
      await eventually(() => {
        expect([...results, fresh].map(({ state }) => state)).toEqual(Array(4).fill('resolved'));
      });
    });

    test('a half message is begun again', async () => {
      const { connection, kernel } = await introduce();
      const payload = 'x'.repeat(100_000);
      const bytes = Buffer.concat([
        Buffer.from(dataHeader(kernel.sequence, payload.length, 5000, 4000), 'hex'),
        Buffer.from(payload),
      ]);
      connection.write(bytes.subarray(0, 50_000));
      connection.socket.end();
      await eventually(() => expect(events.at(-1)?.type).toBe('down'));
      const again = await call();
      bytes[24] = FLAG_RETRANSMITTED;
      again.write(bytes);
      expect(await receiveTexts(socket, 1)).toEqual([payload]);
      expect(socket.recvmmsg()).toEqual([]);
    });

    test('repeats are dropped only if they are old and say that they are', async () => {
      const { connection } = await introduce();
      const send = (sequence: number, payload: string, flags = 0): void =>
        connection.write({ sequence, sport: 5000, dport: 4000, payload, flags });
      send(10, 'ten');
      send(11, 'eleven');
      send(11, 'eleven again', FLAG_RETRANSMITTED);
      send(10, 'ten again', FLAG_RETRANSMITTED);
      send(12, 'twelve, marked and new', FLAG_RETRANSMITTED);
      // An unmarked lower number is a kernel that counts from anew.
      send(5, 'five, unmarked');
      send(6, 'six, marked and new now', FLAG_RETRANSMITTED);
      send(6, 'six again', FLAG_RETRANSMITTED);
      send(7, 'seven');
      expect(await receiveTexts(socket, 6)).toEqual([
        'ten',
        'eleven',
        'twelve, marked and new',
        'five, unmarked',
        'six, marked and new now',
        'seven',
      ]);
      expect(socket.recvmmsg()).toEqual([]);
      expect(node.info().counters.recv_drop_old_seq).toBe(3);
    });

    test('what it wrote before it called again arrives first, and whole', async () => {
      const { connection, kernel } = await introduce();
      for (let n = 0; n < 100; n++) kernel.send(5000, 4000, `${n}`);
      const again = await call();
      const next = new Kernel(again);
      next.sequence = kernel.sequence;
      for (let n = 100; n < 200; n++) next.send(5000, 4000, `${n}`);
      const expected = Array.from({ length: 200 }, (_, n) => `${n}`);
      expect(await receiveTexts(socket, 200)).toEqual(expected);
      expect(events).toMatchObject([{ type: 'up' }, { type: 'down', reason: 'replaced' }, {}]);
      await connection.over();
      expect(again.isOver).toBe(false);
    });

    test('is knocked: we come and leave without a byte, and it calls', async () => {
      const listener = await RawListener.open(SMALLER);
      const receipt = settled(socket.sendmsg('knock knock', peer, { until: 'delivered' }));
      const knock = await listener.accepted();
      expect(knock.socket.remoteAddress).toBe(NODE);
      await knock.over();
      expect(knock.bytes).toHaveLength(0);
      const connection = await call();
      const kernel = new Kernel(connection);
      await connection.frameWhere(isProbe);
      kernel.send(0, 1, '', npaths(1));
      await expectData(connection, 'knock knock');
      kernel.pong(await connection.frameWhere(isPing));
      await eventually(() => expect(receipt.state).toBe('resolved'));
    });

    test('is knocked again until it calls', async () => {
      const listener = await RawListener.open(SMALLER);
      await socket.sendmsg('knock knock', peer);
      for (let n = 0; n < 3; n++) await (await listener.accepted()).over();
      const connection = await call();
      await expectData(connection, 'knock knock');
    });

    test('is not knocked when there is nothing to send', async () => {
      const listener = await RawListener.open(SMALLER);
      const { connection, kernel } = await introduce();
      await socket.sendmsg('done', peer);
      kernel.pong(await connection.frameWhere(isPing));
      await socket.flush();
      connection.reset();
      await eventually(() => expect(events.at(-1)?.type).toBe('down'));
      await introduce();
      expect(listener.count).toBe(0);
    });

    test('marks a port as congested, and frees it', async () => {
      const { connection } = await introduce();
      connection.write(encodeMap([4999, 5000]));
      await eventually(() => {
        expect(node.info().connections[0]?.congestedPorts).toEqual([4999, 5000]);
      });
      expect(() => socket.trySendmsg('no', peer)).toThrow(/ENOBUFS/);
      const waiting = socket.sendmsg('after the map', peer);
      socket.trySendmsg('another port', { ...peer, port: 5001 });
      expect((await connection.frameWhere(isData)).dport).toBe(5001);
      connection.write(encodeMap([4999]));
      await expectData(connection, 'after the map');
      await waiting;
    });

    test('is told which of our ports are congested', async () => {
      const { connection, kernel } = await introduce();
      const lazy = node.bind({ port: 4001, receiveBufferBytes: 10_000 });
      for (let n = 0; n < 11; n++) kernel.send(5000, 4001, 'x'.repeat(1000));
      const marked = await connection.frameWhere(isMap);
      expect(marked.header.toString('hex')).toBe(MAP_HEADER);
      const expected = Buffer.alloc(MAP_BYTES);
      expected[4001 >> 3] = 1 << (4001 & 7);
      expect(marked.payload.equals(expected)).toBe(true);
      // Congestion is a request and drops nothing.
      kernel.send(5000, 4001, 'the twelfth');
      expect((await receiveTexts(lazy, 12)).at(-1)).toBe('the twelfth');
      const cleared = await connection.frameWhere(isMap);
      expect(cleared.payload.equals(Buffer.alloc(MAP_BYTES))).toBe(true);
    });

    test('hears of our congestion at once when it calls again', async () => {
      const { connection, kernel } = await introduce();
      node.bind({ port: 4001, receiveBufferBytes: 100 });
      kernel.send(5000, 4001, 'x'.repeat(200));
      await connection.frameWhere(isMap);
      connection.reset();
      await eventually(() => expect(events.at(-1)?.type).toBe('down'));
      const again = await call();
      expect((await readMap(again))[4001 >> 3]).toBe(1 << (4001 & 7));
    });

    test('whose generation changes has restarted', async () => {
      const { connection, kernel } = await introduce();
      kernel.send(1, 0, '', npaths(1) + generation(7));
      const error = errorOf(() => socket.sendmsg('which one?', peer, { until: 'delivered' }));
      await expectData(connection, 'which one?');
      connection.reset();
      await eventually(() => expect(events.at(-1)?.type).toBe('down'));
      const again = await call();
      await expectData(again, 'which one?', FLAG_RETRANSMITTED);
      const next = new Kernel(again);
      next.send(1, 0, '', npaths(1) + generation(8));
      expect(await error).toMatchObject({ code: 'ECONNRESET', outcome: 'unknown' });
      expect(events.at(-1)).toEqual({ type: 'restarted', address: SMALLER, tcpPort });
      await socket.sendmsg('for the new one', peer);
      await expectData(again, 'for the new one');
    });

    test('that never answers leaves receipts unknown, and keeps getting messages', async () => {
      const connection = await call();
      // A word of its own, so that it is not one of ours that stalls before its first.
      new Kernel(connection).send(5000, 4000, 'a word');
      const uncertain: unknown[] = [];
      node.on('uncertain', ({ messages }) => uncertain.push(...messages));
      const receipt = settled(socket.sendmsg('anyone?', peer, { until: 'delivered' }));
      const { sequence } = await expectData(connection, 'anyone?');
      // It might be the connection: the same has to happen on a second one.
      await connection.over();
      await eventually(() => {
        expect(events.at(-1)).toMatchObject({ type: 'down', reason: 'silent' });
      });
      expect(receipt.state).toBe('pending');
      const again = await call();
      const resent = await expectData(again, 'anyone?', FLAG_RETRANSMITTED);
      expect(resent.sequence).toBe(sequence);
      await eventually(() => expect(receipt.state).toBe('rejected'));
      expect(receipt.error).toMatchObject({ outcome: 'unknown', address: SMALLER, port: 5000 });
      expect(uncertain).toMatchObject([{ sport: 4000, to: { address: SMALLER, port: 5000 } }]);
      await socket.sendmsg('still there?', peer);
      await expectData(again, 'still there?');
      expect(events).toMatchObject([{ type: 'up' }, { type: 'down' }, { type: 'up' }]);
    });
  });

  describe('with the larger address', () => {
    const peer: Address = { address: LARGER, port: 5000 };

    test('is called, from our own address, and greeted with map and probe', async () => {
      const listener = await RawListener.open(LARGER);
      await socket.sendmsg('hello', peer);
      const connection = await listener.accepted();
      expect(connection.socket.remoteAddress).toBe(NODE);
      await readMap(connection);
      const probe = await connection.nextFrame();
      expect(probe).toMatchObject({ sport: 1, dport: 0, flags: 0, ack: 0 });
      expect(probe.extensions).toMatch(/^050001/);
      // Before it says a word it gets no message: it might be one of our own, restarted.
      expect(connection.bytes).toHaveLength(0);
      const kernel = new Kernel(connection);
      connection.write(encodeMap());
      kernel.send(1, 0, '', npaths(8));
      const pong = await connection.frameWhere(isPong);
      expect(pong).toMatchObject({ dport: 1, flags: 0 });
      expect(pong.extensions).toMatch(/^050001/);
      await expectData(connection, 'hello');
      kernel.pong(await connection.frameWhere(isPing));
      await socket.flush();
    });

    test('knocks, and is called back', async () => {
      const listener = await RawListener.open(LARGER);
      const knock = await RawConnection.dial(node, LARGER);
      knock.socket.end();
      await knock.over();
      expect(knock.bytes).toHaveLength(0);
      const connection = await listener.accepted();
      await readMap(connection);
      const kernel = new Kernel(connection);
      connection.write(encodeMap());
      kernel.send(1, 0, '', npaths(8));
      kernel.send(5000, 4000, 'why I knocked');
      const { data, from } = await socket.recvmsg({ timeoutMs: LIMIT_MS });
      expect(textOf(data)).toBe('why I knocked');
      expect(from).toEqual(peer);
      expect(events).toMatchObject([
        { type: 'refused', reason: 'knock', address: LARGER },
        { type: 'up', peer: 'linux', address: LARGER },
      ]);
    });

    test('is called again by itself after a break, and gets the rest', async () => {
      const listener = await RawListener.open(LARGER);
      await socket.sendmsg('first', peer);
      const connection = await listener.accepted();
      const kernel = new Kernel(connection);
      connection.write(encodeMap());
      kernel.send(1, 0, '', npaths(8));
      const first = await expectData(connection, 'first');
      connection.reset();
      const again = await listener.accepted();
      await readMap(again);
      // It is known by now, and a kernel need not speak first.
      const resent = await expectData(again, 'first', FLAG_RETRANSMITTED);
      expect(resent.sequence).toBe(first.sequence);
    });

    test('that closes at once is busy, and is called again', async () => {
      const listener = await RawListener.open(LARGER);
      await socket.sendmsg('patience', peer);
      (await listener.accepted()).socket.end();
      const connection = await listener.accepted();
      expect(node.info().counters.tcp_closed_peer_busy).toBe(1);
      connection.write(encodeMap());
      await expectData(connection, 'patience');
      expect(listener.count).toBe(2);
    });

    test('that is not there yet is found when it comes', async () => {
      const receipt = settled(socket.sendmsg('early', peer, { until: 'delivered' }));
      await eventually(() => {
        expect(node.info().counters.tcp_closed_connect_failed).toBeGreaterThan(2);
      });
      const listener = await RawListener.open(LARGER);
      const connection = await listener.accepted();
      connection.write(encodeMap());
      const kernel = new Kernel(connection);
      kernel.send(1, 0, '', npaths(8));
      await expectData(connection, 'early');
      kernel.pong(await connection.frameWhere(isPing));
      await eventually(() => expect(receipt.state).toBe('resolved'));
    });

    test('gets no second connection', async () => {
      const listener = await RawListener.open(LARGER);
      await socket.sendmsg('hello', peer);
      const connection = await listener.accepted();
      connection.write(encodeMap());
      new Kernel(connection).pong(await connection.frameWhere(isProbe));
      await expectData(connection, 'hello');
      const knock = await RawConnection.dial(node, LARGER);
      knock.socket.end();
      await knock.over();
      await socket.sendmsg('still here', peer);
      await expectData(connection, 'still here');
      expect(listener.count).toBe(1);
    });
  });

  test('everything we write is whole frames', async () => {
    const connection = await RawConnection.dial(node, SMALLER);
    connection.write(encodeMap());
    for (let n = 0; n < 50; n++) {
      await socket.sendmsg(Buffer.alloc(n * 1000, n), { address: SMALLER, port: 5000 });
    }
    for (let n = 0; n < 50; n++) {
      const { payload } = await connection.frameWhere(isData);
      expect(payload.equals(Buffer.alloc(n * 1000, n))).toBe(true);
    }
    while (connection.bytes.length > 0) {
      const frame = decodeFrame(connection.bytes);
      expect(frame).not.toBeNull();
      connection.bytes = connection.bytes.subarray(HEADER_BYTES + (frame?.payload.length ?? 0));
    }
  });
});
