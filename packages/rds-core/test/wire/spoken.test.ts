/** What a node says on the wire, byte for byte where a kernel must not see a difference. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { ConnectionEvent, RdsNode, Stream } from '../../src/index.js';
import { FLAG_ACK_REQUIRED, FLAG_CONGESTION_MAP } from '../../src/wire/header.js';
import { attach, frame, map } from '../findings/raw.js';
import { B, world } from '../findings/world.js';

const CALLER = '10.0.0.1';
const CALLED = '10.0.0.9';
const RDS = 16_385;
const HELLO = frame({ ext: { npaths: 1, generation: 7, own: { features: 1, tcpPort: RDS } } });
/** The answer of a kernel to a probe: no extension of ours. */
const PROBED = frame({ seq: 1, dport: 1, ext: { npaths: 1, generation: 7 } });

interface Said {
  readonly sequence: number;
  readonly sport: number;
  readonly dport: number;
  readonly flags: number;
  readonly extended: boolean;
}

let w: ReturnType<typeof world>;

beforeEach(() => {
  w = world(1, { latencyMs: { min: 0.1, max: 0.1 }, splitChance: 0 });
});

/** Takes a note of each frame, and of the end. */
function listenTo(stream: Stream, opened: () => void = () => {}) {
  const said: Said[] = [];
  attach(stream, {
    opened,
    frame: ({ sequence, sport, dport, flags, extended }) =>
      said.push({ sequence, sport, dport, flags, extended }),
    ended: () => stream.destroy(),
  });
  return said;
}

/** Calls the node that listens on `tcpPort` of B, and begins with `words`. */
function call(words: Uint8Array[], tcpPort = RDS) {
  const host = w.network.runtime();
  const stream = host.transport.connect({ address: CALLER, tcpPort: 1 }, { address: B, tcpPort });
  const said = listenTo(stream, () => {
    if (words.length > 0) stream.write(words, () => {});
  });
  return { stream, said };
}

test.each([
  [RDS, false],
  [4000, true],
])('the map of a node on TCP port %d has an extension: %s', async (tcpPort, extended) => {
  await w.open(B, { tcpPort });
  const { said } = call([map(), HELLO], tcpPort);
  await w.clock.advance(10);
  expect(said[0]).toEqual({
    sequence: 0,
    sport: 0,
    dport: 0,
    flags: FLAG_CONGESTION_MAP,
    extended,
  });
});

describe('a message', () => {
  const speak = async (words: Uint8Array[]) => {
    const node = await w.open(B);
    const { said } = call(words);
    await w.clock.advance(10);
    const socket = node.bind(4000);
    const to = { address: CALLER, port: 5000 };
    void socket.sendmsg('x', to);
    socket.sendmsg('y', to, { until: 'delivered' }).catch(() => {});
    void socket.sendmsg('z', to);
    await w.clock.advance(10);
    return { said, messages: said.filter(({ sport }) => sport === 4000) };
  };

  test('with a receipt asks one of our own whether anybody was there', async () => {
    const { messages } = await speak([map(), HELLO]);
    expect(messages.map(({ flags }) => flags)).toEqual([0, FLAG_ACK_REQUIRED, 0]);
    const [first, second, third] = messages.map(({ sequence }) => sequence);
    expect([second, third]).toEqual([Number(first) + 1, Number(first) + 2]);
  });

  test('with a receipt is like any other to a kernel, and a ping follows', async () => {
    const { said } = await speak([map(), PROBED]);
    // It does not answer the ping behind our probe, and is sent messages all the same.
    await w.clock.advance(1000);
    const messages = said.filter(({ sport }) => sport === 4000);
    expect(messages.map(({ flags }) => flags)).toEqual([0, 0, 0]);
    const behind = said.slice(said.indexOf(messages[2] as Said) + 1);
    expect(behind).toMatchObject([{ dport: 0, flags: 0, extended: false }]);
  });
});

test('a kernel is told who we are on each connection, and asked whether it has heard', async () => {
  await w.open(B);
  const words = async () => {
    const { said } = call([map(), PROBED]);
    await w.clock.advance(10);
    return said.slice(-3);
  };
  const first = await words();
  const second = await words();
  for (const said of [first, second]) {
    expect(said).toMatchObject([
      { sport: 1, dport: 0, extended: true },
      { sport: 0, dport: 1, extended: true },
      { sport: expect.any(Number), dport: 0, extended: false },
    ]);
  }
  expect(first[2]?.sport).toBeGreaterThan(1);
  expect(second[2]?.sport).not.toBe(first[2]?.sport);
});

test('garbage on a connection that is up ends it, and what was sent is sent again', async () => {
  const node = await w.open(B);
  const events: ConnectionEvent[] = [];
  node.on('connection', (event) => events.push(event));
  const { stream, said } = call([map(), HELLO]);
  await w.clock.advance(10);
  void node.bind(4000).sendmsg('x', { address: CALLER, port: 5000 });
  await w.clock.advance(10);
  expect(said.filter(({ sport }) => sport === 4000)).toHaveLength(1);
  stream.write([new Uint8Array(48).fill(0xff)], () => {});
  await w.clock.advance(10);
  expect(events).toMatchObject([{ type: 'up' }, { type: 'down', reason: 'bad-header' }]);
  expect(node.info().counters.tcp_closed_bad_header).toBe(1);
  const again = call([map(), HELLO]);
  await w.clock.advance(10);
  expect(again.said.filter(({ sport }) => sport === 4000)).toHaveLength(1);
});

describe('a larger peer that knocks', () => {
  const meet = async (node: RdsNode) => {
    const host = w.network.runtime();
    const streams: { stream: Stream; said: Said[] }[] = [];
    const local = { address: CALLED, tcpPort: RDS };
    await host.transport.listen(local, (stream) => {
      streams.push({ stream, said: listenTo(stream) });
      stream.write([map(), HELLO], () => {});
    });
    const knock = async () => {
      const to = { address: B, tcpPort: RDS };
      const stream = host.transport.connect({ address: CALLED, tcpPort: 1 }, to);
      listenTo(stream, () => stream.end());
      await w.clock.advance(5);
    };
    await knock();
    expect(node.info().connections).toMatchObject([{ address: CALLED, state: 'up' }]);
    return { streams, knock };
  };

  test('is called', async () => {
    const { streams } = await meet(await w.open(B));
    expect(streams).toHaveLength(1);
  });

  test('while it is connected is asked whether it still is', async () => {
    const { streams, knock } = await meet(await w.open(B));
    await w.clock.advance(100);
    const said = streams[0]?.said as Said[];
    const before = said.length;
    await knock();
    expect(said.slice(before)).toMatchObject([{ sequence: 0, flags: FLAG_ACK_REQUIRED }]);
    expect(streams).toHaveLength(1);
  });

  test('is called anew if it does not answer then', async () => {
    const { streams, knock } = await meet(await w.open(B));
    await w.clock.advance(100);
    await knock();
    await w.clock.advance(1100);
    expect(streams).toHaveLength(2);
  });
});
