/** LinuxPeer: the rules of a real kernel one by one against raw streams, then against our node. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Stream } from '../../src/index.js';
import { SeededRandom, type SimulatedHost } from '../../src/testing/index.js';
import { LinuxPeer, type LinuxPeerOptions } from '../../src/testing/linux-peer.js';
import { decodeExtensions } from '../../src/wire/extension.js';
import type { Header } from '../../src/wire/header.js';
import { attach, frame, map } from '../findings/raw.js';
import { world } from '../findings/world.js';
import { kernelCaptures } from '../vectors/kernel-frames.js';

const LOW = '10.0.0.1';
const KERNEL = '10.0.0.5';
const HIGH = '10.0.0.9';
const RDS = 16_385;

let w: ReturnType<typeof world>;
let host: SimulatedHost;
let kernel: LinuxPeer;
/** Token and fate of each message of the kernel. */
let fates: string[];

async function boot(options: Partial<LinuxPeerOptions> = {}): Promise<void> {
  w = world(1, { latencyMs: { min: 0.1, max: 0.1 }, splitChance: 0 });
  host = w.network.runtime();
  kernel = new LinuxPeer(w.network, new SeededRandom(1), { address: KERNEL, ...options });
  fates = [];
  kernel.onFate = (token, fate) => fates.push(`${token} ${fate}`);
  await kernel.start();
}

beforeEach(() => boot());

/** A raw end, with what the kernel said to it: a line per frame. */
class Raw {
  readonly lines: string[] = [];
  readonly payloads: Uint8Array[] = [];
  bytes: number[] = [];
  readonly stream: Stream;

  constructor(stream: Stream) {
    this.stream = stream;
    attach(stream, {
      frame: (header, payload) => {
        this.lines.push(text(header, payload));
        this.payloads.push(payload);
      },
      ended: () => {
        this.lines.push('end');
        stream.end();
      },
      closed: (error) => this.lines.push(error === undefined ? 'closed' : 'broken'),
    });
    const { received } = stream.handler;
    stream.handler.received = (chunk) => {
      this.bytes.push(...chunk);
      received(chunk);
    };
  }

  send(...frames: Parameters<typeof frame>[0][]): void {
    for (const each of frames) this.stream.write([frame(each)], () => {});
  }

  map(...ports: number[]): this {
    this.stream.write([map(ports)], () => {});
    return this;
  }

  data(seq: number, text = 'x', flags = 0): void {
    this.send({ seq, sport: 9, dport: 5000, flags, data: bytes(text) });
  }
}

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const string = (data: Uint8Array | undefined) => String.fromCharCode(...(data ?? []));

function text({ sequence, sport, dport, flags, extended, extensions }: Header, data: Uint8Array) {
  if (flags === 1) return ['map', ...portsOf(data)].join(' ');
  const { npaths } = extended ? decodeExtensions(extensions) : {};
  const again = flags === 4 ? ' again' : '';
  return `#${sequence}${again} ${sport}→${dport}${npaths === undefined ? '' : ` npaths ${npaths}`}`;
}

function portsOf(data: Uint8Array): number[] {
  return [...data].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).map((bit) => at * 8 + bit),
  );
}

function dial(from = LOW): Raw {
  return new Raw(
    host.transport.connect({ address: from, tcpPort: 0 }, { address: KERNEL, tcpPort: RDS }),
  );
}

async function listen(address = HIGH): Promise<Raw[]> {
  const accepted: Raw[] = [];
  await host.transport.listen({ address, tcpPort: RDS }, (stream) => {
    accepted.push(new Raw(stream));
  });
  return accepted;
}

/** A smaller peer that has connected and said that it has one path. */
async function greeted(generation?: number): Promise<Raw> {
  const raw = dial().map();
  raw.send({ seq: 1, dport: 1, ext: { npaths: 1, generation } });
  await w.clock.advance(20);
  raw.lines.length = 0;
  return raw;
}

const to = { address: LOW, port: 9000 };
const toHigh = { address: HIGH, port: 9000 };

/** A socket whose messages all go over path 0. */
async function singlePath(options = {}): Promise<void> {
  await boot({ paths: 1, ...options });
}

describe('a connection', () => {
  test('of a smaller peer: map and probe, byte for byte as captured (e08)', async () => {
    const raw = dial().map();
    raw.send({ seq: 1, sport: 1, ext: { npaths: 1, generation: 5 } });
    raw.send({ seq: 2, sport: 777 });
    await w.clock.advance(20);
    const name = [...kernelCaptures.keys()].find((each) => each.startsWith('e08')) as string;
    const events = kernelCaptures.get(name) ?? [];
    const said = events.filter((event) => event.stream === 0 && event.sender === 'kernel');
    const captured = Buffer.concat(
      said.flatMap(({ frame }) => (frame ? [frame.header, frame.payload] : [])),
    );
    expect(raw.lines).toEqual(['map', '#1 1→0 npaths 8', '#2 0→1 npaths 8', '#3 0→777']);
    expect(Buffer.from(raw.bytes).equals(captured)).toBe(true);
  });

  test('is not probed again after a reconnect', async () => {
    const raw = await greeted();
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map']);
  });

  test('is not probed either if the first probe was never answered', async () => {
    const raw = dial().map();
    await w.clock.advance(1);
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map']);
  });

  test('to a larger peer: dialled and dialled again, at most a second apart', async () => {
    kernel.bind(5000).sendmsg(bytes('a'), toHigh);
    await w.clock.advance(10_000);
    const { dials } = w.network;
    expect(dials).toBeGreaterThan(15);
    const accepted = await listen();
    await w.clock.advance(1001);
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.lines[0]).toBe('map');
    expect(accepted[0]?.lines.at(-1)).toMatch(/#\d 5000→9000/);
    accepted[0]?.stream.destroy();
    await w.clock.advance(1001);
    expect(accepted).toHaveLength(2);
  });

  test('to a larger peer: probed only for a socket of another path', async () => {
    const accepted = await listen();
    for (let port = 5000; port < 5020; port++) kernel.bind(port).sendmsg(bytes('a'), toHigh);
    await w.clock.advance(20);
    const probes = accepted[0]?.lines.filter((line) => line.includes('npaths')) ?? [];
    expect(probes).toHaveLength(1);
    await singlePath();
    const others = await listen();
    kernel.bind(5000).sendmsg(bytes('a'), toHigh);
    await w.clock.advance(20);
    expect(others[0]?.lines).toEqual(['map', '#1 5000→9000']);
  });

  test('to a smaller peer: knocked without a byte, once per message, and not if refused', async () => {
    await singlePath();
    const socket = kernel.bind(5000);
    socket.sendmsg(bytes('a'), to);
    await w.clock.advance(5000);
    expect(w.network.dials).toBe(1);
    const accepted = await listen(LOW);
    socket.sendmsg(bytes('b'), to);
    await w.clock.advance(5000);
    expect(accepted.map(({ lines }) => lines)).toEqual([['end', 'closed']]);
    const raw = dial().map();
    await w.clock.advance(1);
    expect(raw.lines).toEqual(['map', '#1 5000→9000', '#2 5000→9000', '#3 1→0 npaths 1']);
  });

  test('from a larger peer: closed at once, and dialled', async () => {
    const accepted = await listen();
    const raw = dial(HIGH);
    await w.clock.advance(2);
    expect(raw.lines).toEqual(['end', 'closed']);
    expect(accepted[0]?.lines).toEqual(['map']);
    expect(kernel.violations).toEqual([]);
  });

  test('while one is up: closed at once', async () => {
    const raw = await greeted();
    const second = dial().map();
    await w.clock.advance(5);
    expect(second.lines[0]).toBe('end');
    raw.send({ seq: 2, sport: 777 });
    await w.clock.advance(20);
    expect(raw.lines).toEqual(['#2 0→1 npaths 8', '#3 0→777'].slice(1).map(() => '#2 0→777'));
    expect(kernel.violations).toEqual([expect.stringContaining('while its connection is up')]);
  });

  test('whose end was lost: others are closed until keepalive, without blame', async () => {
    await boot({ keepaliveMs: 5500 });
    await greeted();
    w.network.cut(LOW, KERNEL, { unaware: [KERNEL] });
    for (let n = 0; n < 10; n++) {
      const raw = dial().map();
      await w.clock.advance(500);
      expect(raw.lines[0]).toBe('end');
    }
    await w.clock.advance(1000);
    const raw = dial().map();
    await w.clock.advance(20);
    expect(raw.lines).toEqual(['map']);
    expect(kernel.violations).toEqual([]);
  });

  test('is kept at garbage, and stuck', async () => {
    const raw = await greeted();
    raw.stream.write([new Uint8Array(100).fill(255)], () => {});
    raw.send({ seq: 2, sport: 777 });
    await w.clock.advance(100);
    expect(raw.lines).toEqual([]);
    expect(kernel.violations).toEqual([expect.stringContaining('no frame')]);
  });
});

describe('sending', () => {
  test('a blocking send of another path waits for the pong', async () => {
    const raw = dial().map();
    await w.clock.advance(20);
    const sockets = Array.from({ length: 20 }, (_, n) => kernel.bind(5000 + n));
    for (const socket of sockets) socket.send(bytes('a'), to);
    await w.clock.advance(1000);
    const data = () => raw.lines.filter((line) => line.includes('→9000')).length;
    expect(data()).toBeLessThan(10);
    raw.send({ seq: 1, dport: 1 });
    await w.clock.advance(1);
    expect(data()).toBe(20);
  });

  test('is acknowledged by TCP, read or not', async () => {
    const raw = await greeted();
    raw.stream.pause();
    kernel.bind(5000).sendmsg(bytes('a'), to, 'a');
    expect(fates).toEqual(['a queued']);
    await w.clock.advance(1);
    expect(fates).toEqual(['a queued', 'a acknowledged-unanswered']);
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map']);
  });

  test('goes on after a break: flagged what was sent, then the rest (e12)', async () => {
    await greeted();
    const socket = kernel.bind(5000, { sendBufferBytes: 2 ** 20 });
    w.network.partition(KERNEL, LOW);
    for (let n = 0; n < 40; n++) socket.sendmsg(new Uint8Array(20_000), to, n);
    w.network.cut(KERNEL, LOW);
    w.network.heal(KERNEL, LOW);
    await w.clock.advance(60);
    const raw = dial().map();
    await w.clock.advance(50);
    const resent = raw.lines.filter((line) => line.includes('again'));
    expect(resent.length).toBeGreaterThan(10);
    expect(resent.length).toBeLessThan(20);
    expect(raw.lines).toEqual([
      'map',
      ...resent,
      ...Array.from({ length: 40 }, (_, n) => `#${n + 2} 5000→9000`).slice(resent.length),
    ]);
  });

  test('begins a half message again from its header', async () => {
    const raw = await greeted();
    const before = raw.bytes.length;
    w.network.link(KERNEL, LOW).bytesPerMs = 50_000;
    kernel.bind(5000).sendmsg(new Uint8Array(100_000).fill(7), to);
    await w.clock.advance(1.6);
    expect(raw.bytes.length).toBeGreaterThan(before);
    expect(raw.lines).toEqual([]);
    w.network.cut(KERNEL, LOW);
    await w.clock.advance(60);
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map', '#2 again 5000→9000']);
    expect(again.payloads[1]).toEqual(new Uint8Array(100_000).fill(7));
  });

  test('is refused at a full send buffer, and to a marked port until it is cleared', async () => {
    const raw = await greeted();
    const socket = kernel.bind(5000, { sendBufferBytes: 100 });
    expect(socket.sendmsg(new Uint8Array(100), to)).toBe('sent');
    expect(socket.sendmsg(new Uint8Array(1), to)).toBe('EAGAIN');
    raw.map(9000);
    await w.clock.advance(5);
    expect(socket.sendmsg(new Uint8Array(1), to)).toBe('ENOBUFS');
    expect(socket.sendmsg(new Uint8Array(1), { ...to, port: 9001 })).toBe('sent');
    socket.send(bytes('b'), to);
    raw.map();
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['#2 5000→9000', '#3 5000→9001', '#4 5000→9000']);
  });

  test('the old map stays until the peer sends another', async () => {
    const raw = (await greeted()).map(9000);
    await w.clock.advance(1);
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial();
    await w.clock.advance(20);
    expect(kernel.bind(5000).sendmsg(bytes('a'), to)).toBe('ENOBUFS');
    again.send({ seq: 2, flags: 5, data: new Uint8Array(8192) });
    await w.clock.advance(1);
    expect(kernel.bind(5001).sendmsg(bytes('a'), to)).toBe('ENOBUFS');
  });

  test('closing a socket takes back what is not out', async () => {
    await singlePath();
    const socket = kernel.bind(5000);
    socket.sendmsg(bytes('a'), to, 'a');
    socket.close();
    expect(fates).toEqual(['a queued', 'a dropped-by-close']);
    const raw = dial().map();
    await w.clock.advance(1);
    expect(raw.lines).toEqual(['map', '#2 1→0 npaths 1']);
  });
});

describe('receiving', () => {
  test('drops what is below next_rx and flagged, and nothing else', async () => {
    const raw = await greeted();
    const got: string[] = [];
    kernel.bind(5000).onMessage = ({ data, from }) => {
      got.push(string(data));
      expect(from).toEqual({ address: LOW, port: 9 });
    };
    raw.data(10, 'ten');
    raw.data(11, 'eleven');
    raw.data(11, 'eleven again', 4);
    raw.data(10, 'ten again', 4);
    raw.data(12, 'twelve', 4);
    raw.data(5, 'five');
    raw.data(6, 'six', 4);
    raw.data(6, 'six again', 4);
    raw.data(7, 'seven');
    await w.clock.advance(5);
    expect(got).toEqual(['ten', 'eleven', 'twelve', 'five', 'six', 'seven']);
    expect(kernel.stats.recvDropOldSeq).toBe(3);
  });

  test('the rule comes before pings, and 0 → 0 takes a number', async () => {
    const raw = await greeted();
    raw.send({ seq: 9 }, { seq: 9, sport: 777, flags: 4 }, { seq: 10, sport: 778, flags: 4 });
    await w.clock.advance(20);
    expect(raw.lines).toEqual(['#2 0→778']);
    expect(kernel.stats.recvDropOldSeq).toBe(1);
  });

  test('without a socket: dropped and counted', async () => {
    const raw = await greeted();
    raw.data(2);
    await w.clock.advance(5);
    expect(kernel.stats.recvDropNoSock).toBe(1);
    expect(raw.lines).toEqual([]);
  });

  test('marks a port above its buffer, clears it below half, and queues on (e11)', async () => {
    const raw = await greeted();
    const socket = kernel.bind(5000, { receiveBufferBytes: 10_000 });
    const send = (seq: number) => raw.data(seq, 'x'.repeat(1000));
    for (let seq = 2; seq < 12; seq++) send(seq);
    await w.clock.advance(5);
    expect(raw.lines).toEqual([]);
    send(12);
    send(13);
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['map 5000']);
    for (let n = 0; n < 7; n++) socket.recvmsg();
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['map 5000']);
    socket.recvmsg();
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['map 5000', 'map']);
    for (let seq = 14; seq < 30; seq++) send(seq);
    await w.clock.advance(5);
    socket.close();
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['map 5000', 'map', 'map 5000', 'map']);
  });

  test('says in the first map what is marked', async () => {
    const raw = await greeted();
    kernel.bind(5000, { receiveBufferBytes: 1 });
    raw.data(2, 'xx');
    await w.clock.advance(1);
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial().map();
    await w.clock.advance(1);
    expect(again.lines).toEqual(['map 5000']);
  });

  test('pongs within a tick, and not to a marked port', async () => {
    const raw = await greeted();
    raw.map(777).send({ seq: 2, sport: 777 }, { seq: 3, sport: 778 });
    await w.clock.advance(10.5);
    expect(raw.lines).toEqual(['#2 0→778']);
  });

  test('resends its pongs', async () => {
    const raw = await greeted();
    raw.send({ seq: 2, sport: 777 });
    await w.clock.advance(0.2);
    w.network.partition(KERNEL, LOW);
    await w.clock.advance(20);
    w.network.cut(KERNEL, LOW);
    w.network.heal(KERNEL, LOW);
    await w.clock.advance(60);
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map', '#2 again 0→777']);
  });

  test('ping_enable=0: no pong ever, and nothing learnt from probes', async () => {
    await boot({ pingEnable: false });
    const raw = dial().map();
    raw.send({ seq: 1, sport: 1, ext: { npaths: 1 } }, { seq: 2, sport: 777 });
    await w.clock.advance(100);
    expect(raw.lines).toEqual(['map', '#1 1→0 npaths 8']);
    expect(kernel.stats.recvDropNoSock).toBe(2);
  });

  test('pings, and hears the pong', async () => {
    const raw = await greeted();
    let ponged = 0;
    kernel.ping(LOW, () => ponged++);
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['#2 65535→0']);
    raw.send({ seq: 2, dport: 65_535 });
    await w.clock.advance(5);
    expect(ponged).toBe(1);
  });
});

describe('generations', () => {
  test('another one: counts from 1 and drops what is unacknowledged (e13)', async () => {
    const raw = await greeted(7);
    const socket = kernel.bind(5000);
    let got = 0;
    socket.onMessage = () => got++;
    raw.data(50);
    await w.clock.advance(5);
    w.network.link(KERNEL, LOW).block();
    socket.sendmsg(bytes('a'), to, 'a');
    raw.send({ seq: 51, sport: 1, ext: { npaths: 1, generation: 7 } });
    await w.clock.advance(20);
    raw.send({ seq: 52, sport: 1, ext: { npaths: 1, generation: 8 } });
    await w.clock.advance(20);
    raw.data(1, 'x', 4);
    socket.sendmsg(bytes('b'), to, 'b');
    await w.clock.advance(5);
    expect(got).toBe(2);
    w.network.cut(KERNEL, LOW);
    w.network.heal(KERNEL, LOW);
    await w.clock.advance(60);
    expect(fates).toEqual(['a queued', 'b queued', 'a dropped-by-generation']);
    const again = dial().map();
    await w.clock.advance(20);
    // The pong that told the new generation had its number, and had not been sent.
    expect(again.lines).toEqual(['map', '#4 again 0→1 npaths 8', '#1 again 5000→9000']);
  });

  test('extensions are read as 6.1 does: an unknown type is empty', async () => {
    const raw = dial().map();
    const probe = (seq: number, ...extensions: number[]) => {
      const sent = frame({ seq, sport: 1 });
      sent.set(extensions, 32);
      raw.stream.write([sent], () => {});
    };
    probe(1, 5, 0, 1, 0x0f, 6, 0, 0, 0, 9);
    probe(2, 6, 0, 0, 0, 8);
    await w.clock.advance(20);
    kernel.bind(5000).sendmsg(bytes('a'), to);
    await w.clock.advance(1);
    expect(raw.lines.at(-1)).toBe('#1 5000→9000');
    expect(kernel.violations).toEqual([expect.stringContaining('extension type 15')]);
  });
});

describe('itself', () => {
  test('dropped connections are made again, and what was not acknowledged sent again', async () => {
    const accepted = await listen();
    await singlePath();
    const streams = await listen();
    const socket = kernel.bind(5000);
    socket.sendmsg(bytes('a'), toHigh);
    await w.clock.advance(5);
    socket.sendmsg(bytes('b'), toHigh);
    kernel.dropConnections();
    await w.clock.advance(50);
    expect(accepted).toHaveLength(0);
    expect(streams.map(({ lines }) => lines)).toEqual([
      ['map', '#1 5000→9000', '#2 5000→9000', 'end', 'closed'],
      ['map', '#2 again 5000→9000'],
    ]);
  });

  test('a reboot forgets everything and tells nobody', async () => {
    const raw = await greeted();
    const socket = kernel.bind(5000);
    socket.sendmsg(bytes('a'), to, 'a');
    await kernel.reboot();
    expect(fates).toEqual(['a queued', 'a dropped-by-reboot']);
    await w.clock.advance(100_000);
    expect(raw.lines).toEqual([]);
    expect(() => socket.sendmsg(bytes('a'), to)).toThrow('EBADF');
    const again = dial().map();
    await w.clock.advance(20);
    expect(again.lines).toEqual(['map', '#1 1→0 npaths 8']);
  });

  test('stopped, it says so', async () => {
    const raw = await greeted();
    kernel.stop();
    await w.clock.advance(5);
    expect(raw.lines).toEqual(['end', 'closed']);
    expect(dial().lines).toEqual([]);
    await w.clock.advance(5);
    expect(w.clock.pending).toBe(0);
  });
});

describe('violations', () => {
  const last = () => kernel.violations.map((line) => line.replace(/^.*10\.0\.0\.\d /, ''));

  test.each<[string, Parameters<typeof frame>[0][]]>([
    ['acknowledges 5', [{ seq: 2, ack: 5, sport: 777 }]],
    ['numbers 0 with flags 0', [{}]],
    ['numbers 7 with flags 1', [{ seq: 7, flags: 1, data: new Uint8Array(8192) }]],
    ['sends what is no frame', [{ flags: 1, data: new Uint8Array(8191) }]],
    ['has flags 128', [{ seq: 2, sport: 9, dport: 5000, flags: 0x80 }]],
    ['has flags 5', [{ seq: 2, sport: 9, dport: 5000, flags: 5 }]],
    ['sends 0 bytes from port 0 to 0', [{ seq: 2 }]],
    ['sends 0 bytes from port 1 to 5000', [{ seq: 2, sport: 1, dport: 5000 }]],
    ['sends 3 bytes from port 9 to 0', [{ seq: 2, sport: 9, data: new Uint8Array(3) }]],
    ['announces 2 paths', [{ seq: 2, sport: 1, ext: { npaths: 2 } }]],
    ['sends 1 behind 1', [{ seq: 1, sport: 777 }]],
    ['sends 3 behind 1', [{ seq: 3, sport: 777 }]],
    ['resends 1 behind 1', [{ seq: 1, sport: 777, flags: 4 }]],
  ])('%s', async (violation, frames) => {
    const raw = await greeted();
    raw.send(...frames);
    await w.clock.advance(20);
    expect(last()).toContain(violation);
  });

  test('anything before the map', async () => {
    dial().send({ seq: 1, sport: 777 });
    await w.clock.advance(5);
    expect(last()).toEqual(['speaks before its congestion map']);
  });

  test('bytes in a knock', async () => {
    dial(HIGH).map();
    await w.clock.advance(5);
    expect(last()).toEqual(['sends bytes where it may only knock']);
  });

  test('an extension behind the private one', async () => {
    const probe = frame({ seq: 2, sport: 1, ext: { own: { features: 1, tcpPort: RDS } } });
    probe[40] = 5;
    (await greeted()).stream.write([probe], () => {});
    await w.clock.advance(5);
    expect(last()).toEqual(['goes on behind its extension']);
  });

  test('not: gaps over connections, in resends, and a new generation from below', async () => {
    const raw = await greeted(7);
    raw.data(2);
    await w.clock.advance(1);
    raw.stream.destroy();
    await w.clock.advance(1);
    const again = dial().map();
    again.data(4, 'x', 4);
    again.data(9, 'x', 4);
    again.data(20);
    await w.clock.advance(1);
    again.stream.destroy();
    await w.clock.advance(1);
    dial()
      .map()
      .send({ seq: 3, sport: 1, ext: { npaths: 1, generation: 8 } });
    await w.clock.advance(20);
    expect(last()).toEqual([]);
  });
});

describe.each([
  ['smaller', LOW],
  ['larger', HIGH],
])('our node at a %s address', (_, address) => {
  const text = (n: number) => bytes(`message ${n}`);

  async function meet(options: Partial<LinuxPeerOptions> = {}) {
    await boot(options);
    const node = await w.open(address, { reconnect: 'kernel' });
    const own = node.bind(9000);
    const linux = kernel.bind(5000);
    const heard: string[] = [];
    own.on('message', ({ data }) => heard.push(string(data)));
    const got: string[] = [];
    linux.onMessage = ({ data }) => got.push(string(data));
    return { node, own, linux, heard, got, there: { address: KERNEL, port: 5000 } };
  }

  const here = { address, port: 9000 };
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => `message ${n}`);

  test('messages both ways, with receipts and pings', async () => {
    const { node, own, linux, heard, got, there } = await meet();
    const receipts: Promise<unknown>[] = [];
    for (let n = 0; n < 100; n++) {
      receipts.push(own.sendmsg(text(n), there, { until: 'delivered' }));
      linux.send(text(n), here, n);
    }
    await w.clock.until(Promise.all(receipts));
    await w.clock.until(node.ping(KERNEL));
    let ponged = false;
    kernel.ping(address, () => {
      ponged = true;
    });
    await w.clock.runUntil(() => ponged && heard.length === 100);
    expect([heard, got]).toEqual([upTo(100), upTo(100)]);
    expect(fates.filter((fate) => fate.endsWith('acknowledged'))).toHaveLength(100);
    expect(kernel.violations).toEqual([]);
  });

  test('cut, dropped and reset again and again: each message once and in order', async () => {
    const { node, own, linux, heard, got, there } = await meet();
    for (let n = 0; n < 300; n++) {
      void own.sendmsg(text(n), there);
      linux.send(text(n), here);
      await w.clock.advance(5);
      if (n % 30 === 10) w.network.cut(address, KERNEL);
      if (n % 30 === 20) node.resetConnection(KERNEL);
      if (n % 50 === 49) kernel.dropConnections();
    }
    await w.clock.runUntil(() => got.length >= 300);
    await w.clock.advance(5000);
    // What TCP had taken when it was cut was never read, and a kernel does not keep it.
    expect(got).toEqual(upTo(300));
    expect(new Set(heard).size).toBe(heard.length);
    expect(kernel.violations).toEqual([]);
  });

  test('a reboot: the receipt is unknown or true, and messages flow again', async () => {
    const { node, own, linux, there } = await meet();
    await w.clock.until(own.sendmsg(text(0), there, { until: 'delivered' }));
    linux.sendmsg(text(0), here);
    await w.clock.advance(100);
    await kernel.reboot();
    const got: string[] = [];
    const again = kernel.bind(5000);
    again.onMessage = ({ data }) => got.push(string(data));
    again.sendmsg(text(1), here);
    await w.clock.until(own.sendmsg(text(1), there, { until: 'delivered' }), 120_000);
    expect(got).toEqual(['message 1']);
    expect(node.info().counters.conn_reset).toBeGreaterThan(0);
    expect(kernel.violations).toEqual([]);
  });

  test('our process is killed: the next one is understood at once', async () => {
    const { node, own, linux, there } = await meet();
    await w.clock.until(own.sendmsg(text(0), there, { until: 'delivered' }));
    linux.sendmsg(text(0), here);
    await w.clock.advance(100);
    w.network.kill(node.host);
    const next = await w.open(address, { reconnect: 'kernel' });
    const socket = next.bind(9000);
    const heard: string[] = [];
    socket.on('message', ({ data }) => heard.push(string(data)));
    linux.sendmsg(text(1), here);
    await w.clock.until(socket.sendmsg(text(1), there, { until: 'delivered' }), 120_000);
    await w.clock.runUntil(() => heard.length > 0);
    expect(heard).toEqual(['message 1']);
    expect(kernel.violations).toEqual([]);
  });

  test('congestion both ways', async () => {
    const { node, own, linux, there } = await meet();
    const lazy = kernel.bind(5001, { receiveBufferBytes: 10_000 });
    await w.clock.until(own.sendmsg(text(0), there, { until: 'delivered' }));
    for (let n = 0; n < 12; n++) void own.sendmsg(new Uint8Array(1000), { ...there, port: 5001 });
    await w.clock.advance(100);
    expect(() => own.trySendmsg(text(1), { ...there, port: 5001 })).toThrow('ENOBUFS');
    const waiting = own.sendmsg(text(1), { ...there, port: 5001 });
    for (let n = 0; n < 12; n++) expect(lazy.recvmsg()?.data).toHaveLength(1000);
    await w.clock.until(waiting);
    await w.clock.advance(5);
    expect(string(lazy.recvmsg()?.data)).toBe('message 1');
    const slow = node.bind({ port: 9001, receiveBufferBytes: 10_000 });
    for (let n = 0; n < 12; n++) linux.sendmsg(new Uint8Array(1000), { address, port: 9001 });
    await w.clock.advance(100);
    expect(linux.sendmsg(text(1), { address, port: 9001 })).toBe('ENOBUFS');
    linux.send(text(1), { address, port: 9001 });
    expect(slow.recvmmsg()).toHaveLength(12);
    expect(string((await w.clock.until(slow.recvmsg())).data)).toBe('message 1');
    expect(kernel.violations).toEqual([]);
  });

  test('ping_enable=0: messages arrive, and their receipts are unknown', async () => {
    const { own, linux, heard, got, there } = await meet({ pingEnable: false });
    const receipt = own.sendmsg(text(0), there, { until: 'delivered' });
    linux.send(text(0), here);
    await expect(w.clock.until(receipt)).rejects.toMatchObject({ outcome: 'unknown' });
    expect([heard, got]).toEqual([upTo(1), upTo(1)]);
    expect(kernel.violations).toEqual([]);
  });
});
