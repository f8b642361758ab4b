/**
 * What a port that anyone can reach has to bear: strangers that speak another protocol, that say
 * nothing, that lie. Each is closed with a reason that is counted and told, and another peer's
 * messages arrive all the while.
 */

import type { CloseReason, ConnectionEvent, NodeOptions, RdsNode } from 'rds-tcp';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  encodeFrame,
  encodeMap,
  FLAG_ACK_REQUIRED,
  FLAG_MAP,
  type FrameFields,
  HEADER_BYTES,
  npaths,
  ownExtension,
} from './frames.js';
import {
  connectionEvents,
  eventually,
  hasManyLoopbacks,
  LIMIT_MS,
  loopback,
  nameOf,
  openNode,
  receiveTexts,
  textOf,
} from './nodes.js';
import { RawConnection } from './raw-connection.js';

const VICTIM = loopback(5);
const HONEST = loopback(6);
/** An address from which the victim expects to be called, and one that it calls itself. */
const SMALLER = loopback(3);
const LARGER = loopback(9);

const FOUR_GIB = 0xffff_ffff;
const HTTP = 'GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n';
const TLS_HELLO = Buffer.from(`16030100f1010000ed0303${'5a'.repeat(64)}`, 'hex');
const SSH = `SSH-2.0-OpenSSH_9.6\r\n${'\0'.repeat(64)}`;

let victim: RdsNode;
let events: ConnectionEvent[];
/** The counters when the events began. */
let before: Readonly<Record<string, number>>;

/** Opens the victim and its honest peer, who talks to it until the test is over. */
async function openVictim(options: Partial<NodeOptions> = {}): Promise<void> {
  victim = await openNode({ address: VICTIM, ...options });
  const honest = await openNode({ address: HONEST, tcpPort: victim.tcpPort });
  const traffic = talk(honest, victim);
  await eventually(() => expect(traffic.acknowledged).toBeGreaterThan(0));
  events = connectionEvents(victim);
  before = victim.info().counters;
  onTestFinished(async () => {
    const acknowledged = traffic.acknowledged;
    await eventually(() => expect(traffic.acknowledged).toBeGreaterThan(acknowledged));
    await traffic.stop();
    expect(traffic.received).toEqual(traffic.received.map((_, n) => `${n}`));
    expect(traffic.received).toHaveLength(traffic.acknowledged);
    expect(traffic.downs).toEqual([]);
  });
}

function talk(from: RdsNode, to: RdsNode) {
  const socket = from.bind(4000);
  const receiver = to.bind(5000);
  const traffic = {
    acknowledged: 0,
    received: [] as string[],
    downs: [] as ConnectionEvent[],
    stop: async () => {
      isOver = true;
      await loop;
    },
  };
  let isOver = false;
  receiver.on('message', ({ data }) => traffic.received.push(textOf(data)));
  from.on('connection', (event) => {
    if (event.type === 'down') traffic.downs.push(event);
  });
  const send = async (): Promise<void> => {
    while (!isOver) {
      const text = `${traffic.acknowledged}`;
      const options = { until: 'delivered', timeoutMs: LIMIT_MS } as const;
      await socket.sendmsg(text, nameOf(to, receiver), options);
      traffic.acknowledged++;
    }
  };
  const loop = send();
  return traffic;
}

/** Both counted and told, once. */
async function expectClosed(type: 'refused' | 'down', reason: CloseReason, from: string) {
  await eventually(() => {
    expect(events.filter((event) => 'reason' in event)).toEqual([
      expect.objectContaining({ type, reason, address: from }),
    ]);
  });
  const counter = `tcp_closed_${reason.replaceAll('-', '_')}`;
  expect(victim.info().counters[counter]).toBe((before[counter] ?? 0) + 1);
}

const sources: [string, string][] = [
  ['a smaller address', SMALLER],
  ['a larger address', LARGER],
];

describe.skipIf(!hasManyLoopbacks)('a stranger', () => {
  beforeEach(() => openVictim());

  const nonsense: [string, CloseReason, Buffer | FrameFields | string][] = [
    ['speaks HTTP', 'bad-header', HTTP],
    ['speaks TLS', 'bad-header', TLS_HELLO],
    ['speaks SSH', 'bad-header', SSH],
    ['announces 4 GiB', 'frame-too-large', { sport: 4000, dport: 5000, length: FOUR_GIB }],
    ['announces 1 MiB and a byte', 'frame-too-large', { dport: 5000, length: 2 ** 20 + 1 }],
    ['sends a map of one byte', 'bad-header', { flags: FLAG_MAP, payload: 'x' }],
    ['sends a map without bytes', 'bad-header', { flags: FLAG_MAP }],
    ['sends a map that is too long', 'bad-header', { flags: FLAG_MAP, length: 8193 }],
    ['sends an impossible ack', 'bad-header', { ack: 2n ** 63n }],
  ];

  describe.each(sources)('from %s', (_, from) => {
    test.each(nonsense)('%s', async (_, reason, bytes) => {
      const raw = await RawConnection.dial(victim, from);
      raw.write(bytes);
      await raw.over();
      await expectClosed('refused', reason, from);
    });

    test('connects and leaves', async () => {
      const raw = await RawConnection.dial(victim, from);
      raw.socket.end();
      await raw.over();
      await expectClosed('refused', 'knock', from);
      // Nobody is there who could be meant; the victim does not remember this for long.
      await eventually(() => expect(victim.info().connections).toHaveLength(1));
    });

    test('connects and resets', async () => {
      const raw = await RawConnection.dial(victim, from);
      raw.reset();
      await expectClosed('refused', 'knock', from);
    });

    test('says a few words and leaves', async () => {
      const raw = await RawConnection.dial(victim, from);
      raw.write('GET / HTTP/1.0\r\n\r\n');
      raw.socket.end();
      await raw.over();
      await expectClosed('refused', 'not-greeted', from);
    });
  });

  test('pretends to be the node itself', async () => {
    const raw = await RawConnection.dial(victim, VICTIM);
    raw.write(encodeMap([], ownExtension(victim.tcpPort)));
    await raw.over();
    await expectClosed('refused', 'self', VICTIM);
  });

  test('comes from the machine of an honest peer', async () => {
    const raw = await RawConnection.dial(victim, HONEST);
    raw.write(HTTP);
    await raw.over();
    await expectClosed('refused', 'bad-header', HONEST);
  });

  test('a thousand of them at once', async () => {
    const raws = await Promise.all(
      Array.from({ length: 1000 }, () => RawConnection.dial(victim, SMALLER)),
    );
    for (const raw of raws) raw.write(HTTP);
    for (const raw of raws) await raw.over();
    await eventually(() => {
      expect(victim.info().counters.tcp_closed_bad_header).toBe(1000);
    });
    expect(events).toHaveLength(1000);
    expect(victim.info().connections).toHaveLength(1);
  });
});

describe.skipIf(!hasManyLoopbacks)('a stranger with little time', () => {
  beforeEach(() => openVictim({ handshakeTimeoutMs: 100 }));

  test.each(sources)('connects from %s and says nothing', async (_, from) => {
    const raw = await RawConnection.dial(victim, from);
    await raw.over();
    await expectClosed('refused', 'handshake-timeout', from);
  });

  test.each(sources)('from %s, stops within its first header', async (_, from) => {
    const raw = await RawConnection.dial(victim, from);
    raw.write(encodeMap().subarray(0, HEADER_BYTES - 1));
    await raw.over();
    await expectClosed('refused', 'handshake-timeout', from);
  });

  test('stops within its map', async () => {
    const raw = await RawConnection.dial(victim, SMALLER);
    raw.write(encodeMap().subarray(0, 5000));
    await raw.over();
    await eventually(() => {
      expect(victim.info().counters.tcp_closed_handshake_timeout).toBe(1);
    });
    expect(events).toMatchObject([{ type: 'refused', reason: 'handshake-timeout' }]);
  });
});

test.skipIf(!hasManyLoopbacks)('a peer more than maxPeers', async () => {
  await openVictim({ maxPeers: 1 });
  const raw = await RawConnection.dial(victim, SMALLER);
  raw.write(encodeMap());
  await raw.over();
  await expectClosed('refused', 'too-many-peers', SMALLER);
});

describe.skipIf(!hasManyLoopbacks)('a peer that began well', () => {
  beforeEach(() => openVictim());

  /** One that a kernel's first words made a peer. */
  async function kernelPeer(): Promise<RawConnection> {
    const raw = await RawConnection.dial(victim, SMALLER);
    raw.write(encodeMap(), { sequence: 1, sport: 1, dport: 0, extensions: npaths(1) });
    await eventually(() => {
      expect(events).toMatchObject([{ type: 'up', address: SMALLER, peer: 'linux' }]);
    });
    return raw;
  }

  /** One that claims to be one of our own nodes. */
  async function ownPeer(hello: FrameFields = {}): Promise<RawConnection> {
    const raw = await RawConnection.dial(victim, SMALLER);
    raw.write(encodeMap(), { extensions: npaths(1) + ownExtension(16385), ...hello });
    return raw;
  }

  const garbage: [string, CloseReason, Buffer | FrameFields | string][] = [
    ['goes on in HTTP', 'bad-header', HTTP],
    ['announces 4 GiB', 'frame-too-large', { sport: 4000, dport: 5000, length: FOUR_GIB }],
    ['sends a map of a wrong length', 'bad-header', { flags: FLAG_MAP, payload: 'short' }],
    ['loses its place in the stream', 'bad-header', Buffer.alloc(1000, 0xa5)],
  ];

  test.each(garbage)('%s', async (_, reason, bytes) => {
    const raw = await kernelPeer();
    const last = { sequence: 2, sport: 4000, dport: 5001, payload: 'the last good one' };
    const receiver = victim.bind(5001);
    raw.write(last, bytes, { ...last, sequence: 3, payload: 'after the garbage' });
    await raw.over();
    await expectClosed('down', reason, SMALLER);
    expect(await receiveTexts(receiver, 1)).toEqual(['the last good one']);
    expect(receiver.recvmmsg()).toEqual([]);
  });

  test('acknowledges what was never sent', async () => {
    const raw = await ownPeer();
    await eventually(() => expect(events).toMatchObject([{ type: 'up', peer: 'rds-tcp' }]));
    raw.write({ ack: 2 ** 53 - 1 });
    await raw.over();
    await expectClosed('down', 'bad-ack', SMALLER);
  });

  test('acknowledges with its hello what was never sent, which means a predecessor', async () => {
    const raw = await ownPeer({ ack: 2 ** 53 - 1 });
    raw.write(encodeFrame({ flags: FLAG_ACK_REQUIRED }));
    await raw.frameWhere(({ sequence, sport, dport }) => sequence + sport + dport === 0);
    expect(events).toMatchObject([{ type: 'up' }]);
  });

  test('says garbage between its map and its hello', async () => {
    const raw = await RawConnection.dial(victim, SMALLER);
    raw.write(encodeMap(), HTTP);
    await raw.over();
    await expectClosed('refused', 'bad-header', SMALLER);
  });

  test('asks for a sign of life without end', async () => {
    const raw = await ownPeer();
    raw.write(Buffer.alloc(HEADER_BYTES * 100_000, encodeFrame({ flags: FLAG_ACK_REQUIRED })));
    await raw.frameWhere(({ sequence, sport, dport }) => sequence + sport + dport === 0);
    raw.reset();
    await eventually(() => expect(events).toMatchObject([{ type: 'up' }, { type: 'down' }]));
  });

  test('floods with pings and does not read the pongs', async () => {
    const raw = await kernelPeer();
    raw.socket.pause();
    const pings = Array.from({ length: 200_000 }, (_, n) =>
      encodeFrame({ sequence: n + 2, sport: 4000, dport: 0 }),
    );
    raw.write(Buffer.concat(pings));
    await eventually(() => {
      const { recv_ping, send_pong, send_pong_dropped } = victim.info().counters;
      expect(recv_ping).toBe((before.recv_ping as number) + 200_001);
      expect((send_pong as number) + (send_pong_dropped as number)).toBe(recv_ping);
      expect(send_pong_dropped).toBeGreaterThan(0);
    });
    raw.reset();
    await eventually(() => {
      expect(events).toMatchObject([{ type: 'up' }, { type: 'down', reason: 'broken' }]);
    });
  });

  test('floods with pings and reads the pongs', async () => {
    const raw = await kernelPeer();
    for (let sequence = 2; sequence <= 1001; sequence++) {
      raw.write({ sequence, sport: sequence, dport: 0 });
    }
    for (let sequence = 2; sequence <= 1001; sequence++) {
      const pong = await raw.frameWhere(({ sport, dport }) => sport === 0 && dport > 1);
      expect(pong.dport).toBe(sequence);
      expect(pong.payload).toHaveLength(0);
    }
  });

  test('sends to a port where nobody is', async () => {
    const raw = await kernelPeer();
    for (let n = 0; n < 1000; n++) {
      raw.write({ sequence: n + 2, sport: 4000, dport: 6000 + n, payload: 'anyone?' });
    }
    await eventually(() => expect(victim.info().counters.recv_drop_no_sock).toBe(1000));
    expect(victim.info().queuedBytes).toBe(0);
    expect(raw.isOver).toBe(false);
    raw.socket.end();
    await raw.over();
    await expectClosed('down', 'peer-closed', SMALLER);
  });

  test('sends payloads of one byte', async () => {
    const raw = await kernelPeer();
    const receiver = victim.bind(5001);
    const frames = Array.from({ length: 1000 }, (_, n) =>
      encodeFrame({ sequence: n + 2, sport: 4000, dport: 5001, payload: String(n % 10) }),
    );
    raw.write(...frames);
    const expected = Array.from({ length: 1000 }, (_, n) => String(n % 10));
    expect(await receiveTexts(receiver, 1000)).toEqual(expected);
  });

  test('sends one byte at a time', async () => {
    const receiver = victim.bind(5001);
    const raw = await RawConnection.dial(victim, SMALLER);
    const frames = Buffer.concat([
      encodeFrame({ sequence: 1, sport: 1, dport: 0, extensions: npaths(1) }),
      encodeFrame({ sequence: 2, sport: 4000, dport: 5001, payload: 'slow' }),
      encodeFrame({ sequence: 3, sport: 4000, dport: 5001, payload: '' }),
      encodeFrame({ sequence: 4, sport: 4000, dport: 5001, payload: 'but whole' }),
    ]);
    for (const byte of frames) {
      await new Promise((resolve) => raw.socket.write(Buffer.of(byte), resolve));
    }
    expect(await receiveTexts(receiver, 3)).toEqual(['slow', '', 'but whole']);
  });

  test('sends one map after the other', async () => {
    const raw = await kernelPeer();
    const map = encodeMap([5001]);
    for (let n = 0; n < 1000; n++) raw.write(n % 2 === 0 ? map : encodeMap());
    await eventually(() => {
      expect(victim.info().counters.cong_update_received).toBeGreaterThan(1000);
    });
    expect(victim.info().connections.find(({ address }) => address === SMALLER)).toMatchObject({
      state: 'up',
      congestedPorts: [],
    });
  });
});
