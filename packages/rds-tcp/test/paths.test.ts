/** Several TCP connections per pair of nodes, on real TCP: which there are, and what if one breaks. */

import { type Stream, type TcpAddress, TcpTransport } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  eventually,
  hasManyLoopbacks,
  LIMIT_MS,
  loopback,
  nameOf,
  openNode,
  openNodeWith,
  textOf,
} from './nodes.js';

const PATHS = 4;
const SOCKETS = 8;
const MESSAGES = 300;

/** A transport whose dialled streams can be broken from outside. */
class Breakable extends TcpTransport {
  readonly streams: { readonly stream: Stream; readonly lane: number | undefined }[] = [];

  override connect(local: TcpAddress, remote: TcpAddress, lane?: number): Stream {
    const stream = super.connect(local, remote, lane);
    this.streams.push({ stream, lane });
    return stream;
  }
}

/** Two nodes; the first has the smaller address, where there are several, and so dials. */
async function openPair() {
  const transport = new Breakable();
  const b = await openNode({ address: loopback(2), paths: PATHS });
  const tcpPort = hasManyLoopbacks ? b.tcpPort : 0;
  const a = await openNodeWith(transport, { address: loopback(1), tcpPort, paths: PATHS });
  return { a, b, transport };
}

test('each path has a TCP connection of its own, and a socket uses one of them', async () => {
  const { a, b } = await openPair();
  await a.ping({ address: b.address, tcpPort: b.tcpPort });
  for (const node of [a, b]) {
    await eventually(() => {
      const paths = node.info().connections[0]?.paths ?? [];
      expect(paths.map(({ state }) => state)).toEqual(new Array(PATHS).fill('up'));
    });
  }
  const before = a.info().connections[0]?.paths.map((path) => path.nextTxSequence) ?? [];
  const to = nameOf(b, b.bind());
  const socket = a.bind();
  for (let sent = 0; sent < 10; sent++) await socket.sendmsg('x', to, { until: 'delivered' });
  const after = a.info().connections[0]?.paths.map((path) => path.nextTxSequence) ?? [];
  const moved = after.map((sequence, index) => sequence - (before[index] ?? 0));
  expect(moved.filter((count) => count >= 10)).toHaveLength(1);
});

describe('when one TCP connection breaks, and another', () => {
  // Who dials must be the one whose streams can be broken.
  test.runIf(hasManyLoopbacks)('nothing is lost, repeated or out of order', async () => {
    const { a, b, transport } = await openPair();
    await a.ping(b.address);
    const received = new Map<number, string[]>();
    const server = b.bind();
    server.on('message', ({ data, from }) => {
      const texts = received.get(from.port) ?? [];
      received.set(from.port, texts);
      texts.push(textOf(data));
    });
    const to = nameOf(b, server);
    const sockets = Array.from({ length: SOCKETS }, () => a.bind());
    const sending = sockets.map(async (socket) => {
      for (let sent = 0; sent < MESSAGES; sent++) {
        await socket.sendmsg(`${sent} ${'x'.repeat(sent % 7 === 0 ? 20_000 : 10)}`, to);
        if (sent % 50 === 49) await socket.flush(undefined, { timeoutMs: LIMIT_MS });
      }
      await socket.flush(undefined, { timeoutMs: LIMIT_MS });
    });
    for (const lane of [1, 3, 0]) {
      const of = transport.streams.filter((each) => each.lane === lane);
      await eventually(() => expect(a.info().connections[0]?.paths[lane]?.state).toBe('up'));
      of.at(-1)?.stream.destroy();
      const dials = transport.streams.length;
      await eventually(() => expect(transport.streams.length).toBeGreaterThan(dials));
    }
    await Promise.all(sending);
    expect(a.info().counters.conn_reset).toBe(3);
    const expected = Array.from({ length: MESSAGES }, (_, sent) => sent);
    for (const { port } of sockets) {
      expect(received.get(port)?.map((text) => Number.parseInt(text, 10))).toEqual(expected);
    }
  });
});

test('who dials a lane does so from a TCP port that is the lane modulo 8, each time another', async () => {
  const transport = new TcpTransport();
  const ports: number[] = [];
  const address = loopback(4);
  const listener = await transport.listen({ address, tcpPort: 0 }, (stream) => {
    ports.push(stream.remotePort ?? 0);
    stream.destroy();
  });
  onTestFinished(() => listener.close());
  for (const lane of [0, 5, 5, 7]) {
    const remote = { address, tcpPort: listener.tcpPort };
    const stream = transport.connect({ address: loopback(3), tcpPort: 0 }, remote, lane);
    await new Promise<void>((resolve) => {
      const closed = (): void => resolve();
      stream.handler = { opened() {}, received() {}, ended: () => stream.destroy(), closed };
    });
  }
  expect(ports.map((port) => port % 8)).toEqual([0, 5, 5, 7]);
  expect(new Set(ports).size).toBe(4);
});
