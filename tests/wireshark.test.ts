/**
 * The dissector for Wireshark, by tshark: what it says of captures of a Linux kernel and of our own
 * nodes is what the bytes say, however TCP cut them. Without tshark nothing of it is tested, and the
 * output says so.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeInfo } from '../packages/rds-core/src/index.js';
import { SeededRandom } from '../packages/rds-core/src/testing/index.js';
import {
  type KernelEvent,
  kernelCaptures,
} from '../packages/rds-core/test/vectors/kernel-frames.js';
import { Capture } from '../packages/rds-tcp/src/cli/capture.js';
import { root } from '../scripts/paths.mjs';
import {
  A,
  B,
  captureOf,
  conversation,
  frame,
  HEADER_FIELDS,
  headerOf,
  headersIn,
  RDS_PORT,
  sizes,
} from './captures.js';
import { Pcapng, type Side } from './pcapng.js';
import { hasTshark, type Row, Tshark } from './tshark.js';

/** Hundreds of frames, more than once, on a busy machine. */
const SLOW_MS = 120_000;
const WHO = ['rds.kind', 'tcp.stream', 'ip.src'];

if (!hasTshark) console.warn('SKIPPED: tshark is not installed, the dissector is not tested');

let tshark: Tshark;
beforeAll(() => {
  tshark = new Tshark();
});
afterAll(() => tshark.close());

/** The headers that tshark saw, by connection and sender, in order. */
function headersBySender(rows: readonly Row[]): Map<string, object[]> {
  const seen = new Map<string, object[]>();
  for (const row of rows) {
    const key = `${row['tcp.stream']} ${row['ip.src']}`;
    const frames = (row['rds.kind'] ?? []).map((_, index) =>
      Object.fromEntries(HEADER_FIELDS.map((name) => [name, row[`rds.${name}`]?.[index]])),
    );
    seen.set(key, [...(seen.get(key) ?? []), ...frames]);
  }
  return seen;
}

function eventsOf(...names: readonly string[]): KernelEvent[] {
  const events = names.flatMap((name) => kernelCaptures.get(name) ?? []);
  expect(events.length).toBeGreaterThan(names.length);
  return events;
}

function framesOf(events: readonly KernelEvent[]) {
  return events.flatMap(({ frame: said, ...event }) =>
    said === null ? [] : [{ ...event, ...said }],
  );
}

test('tools/wireshark/README.md has every field, and no other', () => {
  const script = readFileSync(join(root, 'tools/wireshark/rds.lua'), 'utf8');
  const readme = readFileSync(join(root, 'tools/wireshark/README.md'), 'utf8');
  const named = (pattern: RegExp, prefix: string): string[] =>
    [...script.matchAll(pattern)].map(([, name]) => `${prefix}${name}`);
  const fields = [
    ...named(/ProtoField\.\w+\("([\w.]*\w)"/g, ''),
    ...named(/= flag\("(\w+)"/g, 'rds.flags.'),
    ...named(/= expert_info\("(\w+)"/g, 'rds.'),
  ];
  const tables = readme.split('\n').filter((line) => line.startsWith('|'));
  const listed = tables.flatMap((line) => line.match(/`rds\.[\w.]+`/g) ?? []);
  expect(fields.length).toBeGreaterThan(50);
  expect([...new Set(listed)].sort()).toEqual(fields.map((name) => `\`${name}\``).sort());
});

describe.skipIf(!hasTshark)('a capture of a kernel', () => {
  const all = [...kernelCaptures.values()].flat();
  const names = [...WHO, ...HEADER_FIELDS.map((field) => `rds.${field}`)];

  /** Connections as tshark counts them: from 0, in the order of their first packets. */
  function expectedHeaders(): Map<string, object[]> {
    const streams = [...new Set(all.map(({ capture, stream }) => `${capture} ${stream}`))];
    const expected = new Map<string, object[]>();
    for (const { capture, stream, sender, header } of framesOf(all)) {
      const number = streams.indexOf(`${capture} ${stream}`);
      const key = `${number} ${sender === 'kernel' ? B : A}`;
      expected.set(key, [...(expected.get(key) ?? []), headerOf(header)]);
    }
    return expected;
  }

  test.each([
    { cut: 'not cut', list: null },
    { cut: 'cut at odd places', list: [1, 46, 2, 48, 1460, 7, 8239, 1, 1, 30_000, 95, 96] },
    { cut: 'in single bytes, then many frames at once', list: [...Array(150).fill(1), 20_000] },
    { cut: 'cut as for Ethernet', list: [1448] },
  ])('has these headers, $cut', { timeout: SLOW_MS }, async ({ list }) => {
    const bytes = captureOf(all, list && sizes(...list)).toBytes();
    const expected = expectedHeaders();
    expect(expected.size).toBeGreaterThan(50);
    for (const passes of [[], ['-2']]) {
      expect(headersBySender(await tshark.fields(bytes, names, ...passes))).toEqual(expected);
    }
  });

  test('has these payloads', async () => {
    const events = eventsOf('e19_half_message', 'e08_lo_we_first');
    const capture = captureOf(events, null).toBytes();
    const rows = await tshark.fields(capture, ['rds.payload']);
    const sent = framesOf(events).filter(({ congestedPorts }) => congestedPorts === null);
    const payloads = sent.map(({ payload }) => payload.toString('hex')).filter((hex) => hex !== '');
    expect(payloads.length).toBeGreaterThan(3);
    expect(rows.map((row) => row['rds.payload']?.join())).toEqual(payloads);
  });

  test('has these congested ports', async () => {
    const events = eventsOf('e11_congestion', 'e20_bits');
    const fields = ['rds.map.count', 'rds.map.port', 'rds.map.ports'];
    const rows = await tshark.fields(captureOf(events, null).toBytes(), fields);
    const maps = framesOf(events).flatMap(({ congestedPorts }) =>
      congestedPorts === null ? [] : [congestedPorts.map(String)],
    );
    expect(maps.some((ports) => ports.length > 0)).toBe(true);
    expect(rows).toEqual(
      maps.map((ports) => ({
        'rds.map.count': [String(ports.length)],
        'rds.map.port': ports,
        'rds.map.ports': [ports.length > 0 ? ports.join(', ') : 'none'],
      })),
    );
  });
});

// ── Our own nodes ────────────────────────────────────────────────────────────────────────────────

describe.skipIf(!hasTshark)('a capture of our own nodes', () => {
  const names = [...WHO, ...HEADER_FIELDS.map((field) => `rds.${field}`)];

  test.each([RDS_PORT, 17_000])('on TCP port %i has these headers', async (tcpPort) => {
    const { capture, sent } = await conversation(tcpPort);
    const rows = await tshark.fields(capture.toBytes(), names);
    const expected = new Map([...sent].map(([key, bytes]) => [key, headersIn(bytes)]));
    expect(headersBySender(rows)).toEqual(expected);
    const kinds = new Set(rows.flatMap((row) => row['rds.kind'] ?? []));
    expect([...kinds].sort()).toEqual([
      'ack',
      'data',
      'goodbye',
      'heartbeat',
      'hello',
      'map',
      'probe',
      'probe-pong',
      'refusals',
    ]);
  });
});

/** Frames of one connection, a packet each from number 3 on, behind SYN and SYN-ACK. */
function exchange(frames: readonly (readonly [Side, Buffer])[], port = RDS_PORT): Pcapng {
  const capture = new Pcapng();
  const ends = [
    { address: A, port: 40_000 },
    { address: B, port },
  ] as const;
  const connection = capture.connect(...ends);
  for (const [side, bytes] of frames) connection.send(side, bytes);
  return capture;
}

const data = (sequence: number, more: Parameters<typeof frame>[0] = {}): Buffer =>
  frame({ sequence, sport: 5000, dport: 6000, payload: 'hello', ...more });
const map = frame({ flags: 1, payload: new Uint8Array(8192) });

describe.skipIf(!hasTshark)('frames', () => {
  const meanings = [
    { is: 'map', bytes: map },
    { is: 'data', bytes: data(1) },
    { is: 'probe', bytes: frame({ sequence: 1, sport: 1 }) },
    { is: 'probe-pong', bytes: frame({ sequence: 1, dport: 1 }) },
    { is: 'ping', bytes: frame({ sequence: 1, sport: 2 }) },
    { is: 'pong', bytes: frame({ sequence: 1, dport: 2 }) },
    { is: 'ack', bytes: frame({ ack: 1 }) },
    { is: 'heartbeat', bytes: frame({ ack: 1, flags: 2 }) },
    { is: 'goodbye', bytes: frame({ ack: 1, flags: 0x80 }) },
    { is: 'hello', bytes: frame({ ack: 1, extensions: '050001' }) },
    { is: 'refusals', bytes: frame({ sequence: 1, payload: new Uint8Array(17) }) },
    { is: 'nothing', bytes: frame({ sequence: 1 }) },
    { is: 'hb-ping', bytes: frame({ sequence: 1, flags: 8 }) },
    { is: 'hb-pong', bytes: frame({ sequence: 1, flags: 0x10 }) },
    { is: 'data', bytes: data(1, { flags: 1 }) },
  ];

  test('are named', async () => {
    const capture = exchange(meanings.map(({ bytes }) => ['client', bytes]));
    const rows = await tshark.fields(capture.toBytes(), ['rds.kind']);
    expect(rows.flatMap((row) => row['rds.kind'])).toEqual(meanings.map(({ is }) => is));
  });

  test('of docs/PROTOCOL.md are what they are there', async () => {
    const document = readFileSync(join(root, 'docs/PROTOCOL.md'), 'utf8');
    const lines = document.match(/^[\da-f]{16} [\da-f]{16} [\da-f ]+$/gm) ?? [];
    const frames = lines.map((line) => Buffer.from(line.replaceAll(' ', ''), 'hex'));
    const whole = frames.map((bytes) =>
      bytes.readUInt32BE(16) === 8192 ? Buffer.concat([bytes, new Uint8Array(8192)]) : bytes,
    );
    const capture = exchange(whole.map((bytes) => ['client', bytes]));
    const names = ['rds.kind', 'rds.ext.own.tcp_port', 'rds.ext.gen_num', 'rds.refused.last'];
    const rows = await tshark.fields(capture.toBytes(), names);
    const of = (name: string) => rows.map((row) => row[name]?.join() ?? '');
    expect(of('rds.kind').join(' ')).toBe(
      'probe probe-pong hello data data ack heartbeat refusals ping pong map map map',
    );
    expect(of('rds.ext.own.tcp_port').filter((port) => port !== '')).toEqual([
      ...Array(3).fill('16385'),
      '7000',
      '16385',
    ]);
    expect(of('rds.ext.gen_num').filter((value) => value === '0x12345678')).toHaveLength(4);
    expect(of('rds.refused.last')[7]).toBe(String(0x00060a24181e4003));
  });

  test('have the extension headers of kernels, of Oracle and of ours', async () => {
    const cases = [
      {
        bytes: '05 0008 06 11223344 08 00',
        says: { npaths: 8, gen_num: '0x11223344', sport_idx: 0 },
      },
      { bytes: '01 00000007 02 deadbeef', says: { version: 7, rdma_rkey: '0xdeadbeef' } },
      { bytes: '03 deadbeef 00000009', says: { rdma_rkey: '0xdeadbeef', rdma_offset: 9 } },
      { bytes: '04 00000400 02 000000', says: { rdma_bytes: 1024, rdma_rflags: '0x02' } },
      { bytes: '07 00000001', says: { cap_bits: '0x00000001', 'cap_bits.heartbeat': 1 } },
      { bytes: '09 cafebabe 01 000000', says: { csum: '0xcafebabe', csum_enabled: 1 } },
      {
        bytes: '72 01 1b58',
        says: { 'own.features': '0x01', 'own.acks': 1, 'own.tcp_port': 7000 },
      },
      { bytes: '0f 05 0004', says: {}, odd: ['Unknown extension header: the rest is not read'] },
      {
        bytes: '050001 0611223344 0300000000',
        says: { npaths: 1, gen_num: '0x11223344' },
        odd: ['Extension header does not fit'],
      },
    ];
    const capture = exchange(
      cases.map(({ bytes }, index) => ['client', data(1 + index, { extensions: bytes })]),
    );
    const known = [...new Set(cases.flatMap(({ says }) => Object.keys(says)))];
    const names = ['rds.kind', '_ws.expert.message', ...known.map((name) => `rds.ext.${name}`)];
    const rows = await tshark.fields(capture.toBytes(), names);
    const seen = rows.map((row) => ({
      says: Object.fromEntries(
        known.flatMap((name) => row[`rds.ext.${name}`]?.map((value) => [name, value]) ?? []),
      ),
      odd: row['_ws.expert.message'],
    }));
    expect(seen).toEqual(
      cases.map(({ says, odd = [] }) => ({
        says: Object.fromEntries(Object.entries(says).map(([key, value]) => [key, String(value)])),
        odd,
      })),
    );
  });

  test('mark ports, which are told of as ranges', async () => {
    const bits = Buffer.alloc(8192);
    const ports = [2, 5000, 5001, 5002, 5003, 65_535];
    for (const port of ports) {
      const at = Math.floor(port / 8);
      bits.writeUInt8(bits.readUInt8(at) | (1 << (port % 8)), at);
    }
    const full = Buffer.alloc(8192, 0xff);
    const capture = exchange(
      [bits, full].map((payload) => ['client', frame({ flags: 1, payload })]),
    );
    const [some, all] = await tshark.fields(capture.toBytes(), ['rds.map.ports', 'rds.map.port']);
    expect(some).toEqual({
      'rds.map.ports': ['2, 5000-5003, 65535'],
      'rds.map.port': ports.map(String),
    });
    expect(all?.['rds.map.ports']).toEqual(['0-65535']);
  });

  test('carry what a dissector for the RDS port reads', async () => {
    const script = `
      local toy = Proto("toy", "Toy")
      local text = ProtoField.string("toy.text", "Text")
      toy.fields = { text }
      function toy.dissector(tvb, pinfo, root) root:add(toy, tvb()):add(text, tvb()) return tvb:len() end
      DissectorTable.get("rds.port"):add(6000, toy)`;
    const capture = exchange([
      ['client', data(1, { payload: 'there' })],
      ['server', data(1, { sport: 6000, dport: 5000, payload: 'back' })],
      ['server', data(2, { sport: 6001, dport: 5000, payload: 'else' })],
    ]);
    const more = ['-X', `lua_script:${tshark.write('toy.lua', script)}`];
    const rows = await tshark.fields(capture.toBytes(), ['toy.text'], ...more);
    expect(rows.map((row) => row['toy.text'])).toEqual([['there'], ['back']]);
  });
});

describe.skipIf(!hasTshark)('a frame says which other', () => {
  const LINKS = ['response_to', 'response_in', 'resent_from', 'resent_in', 'acked_in', 'acks'];

  /** By the number of the packet, on both passes. */
  async function linksIn(capture: Pcapng): Promise<Record<string, string>> {
    const names = ['rds.kind', 'frame.number', ...LINKS.map((name) => `rds.${name}`)];
    const rows = await tshark.fields(capture.toBytes(), names, '-2');
    return Object.fromEntries(
      rows.map((row) => [
        row['frame.number']?.[0],
        LINKS.flatMap((name) => row[`rds.${name}`]?.map((to) => `${name} ${to}`) ?? []).join(', '),
      ]),
    );
  }

  test('it answers, each ping once and in order', async () => {
    const capture = exchange([
      ['client', frame({ sequence: 1, sport: 700 })],
      ['client', frame({ sequence: 2, sport: 701 })],
      ['client', frame({ sequence: 3, sport: 700 })],
      ['server', frame({ sequence: 1, dport: 700 })],
      ['server', frame({ sequence: 2, dport: 701 })],
      ['server', frame({ sequence: 3, dport: 700 })],
      ['server', frame({ sequence: 4, dport: 700 })],
    ]);
    expect(await linksIn(capture)).toEqual({
      3: 'response_in 6',
      4: 'response_in 7',
      5: 'response_in 8',
      6: 'response_to 3',
      7: 'response_to 4',
      8: 'response_to 5',
      9: '',
    });
    const times = await tshark.fields(capture.toBytes(), ['rds.response_time']);
    expect(times.map((row) => Number(row['rds.response_time']))).toEqual([0.003, 0.003, 0.003]);
  });

  test('repeats, on a later connection', async () => {
    const capture = exchange([
      ['client', data(1)],
      ['client', data(2)],
    ]);
    const later = capture.connect({ address: A, port: 40_001 }, { address: B, port: RDS_PORT });
    later.send('client', data(2, { flags: 4 }));
    later.send('client', data(3, { flags: 4 }));
    later.send('client', data(2, { flags: 4 }));
    expect(await linksIn(capture)).toEqual({
      3: '',
      4: 'resent_in 7',
      7: 'resent_from 4',
      8: '',
      9: 'resent_from 4',
    });
  });

  test('acknowledges, and by which it is', async () => {
    const capture = exchange([
      ['client', data(10)],
      ['client', data(11)],
      ['server', frame({ ack: 10 })],
      ['client', data(12)],
      ['server', data(50, { ack: 12 })],
      ['server', frame({ ack: 12 })],
    ]);
    expect(await linksIn(capture)).toEqual({
      3: 'acked_in 5',
      4: 'acked_in 7',
      5: 'acks 3',
      6: 'acked_in 7',
      7: 'acks 6',
      8: '',
    });
  });

  test('is in the same packet, and stands behind a piece of another', async () => {
    const ping = frame({ sequence: 1, sport: 700 });
    const pong = frame({ sequence: 1, dport: 700 });
    const capture = exchange([
      ['client', Buffer.concat([data(2), ping.subarray(0, 20)])],
      ['client', Buffer.concat([ping.subarray(20), data(3), data(4)])],
      ['server', Buffer.concat([pong, frame({ ack: 3 }), frame({ ack: 4 })])],
    ]);
    expect(await linksIn(capture)).toEqual({
      3: 'acked_in 5',
      4: 'response_in 5, acked_in 5, acked_in 5, acked_in 5',
      5: 'response_to 4, acks 4, acks 4',
    });
  });
});

describe.skipIf(!hasTshark)('what is odd is said', () => {
  async function saidOf(capture: Pcapng): Promise<Row[]> {
    return tshark.fields(capture.toBytes(), ['_ws.expert.message', 'tcp.stream'], '-Y', 'rds');
  }

  test('of frames', async () => {
    const cases = [
      { bytes: [data(1), data(2), data(2, { flags: 4 })], says: /^Sent again/ },
      { bytes: [data(2), data(1)], says: /goes back/ },
      { bytes: [data(2), data(2)], says: /goes back/ },
      { bytes: [data(2), data(7)], says: /^Sequence leaves out 4$/ },
      { bytes: [Buffer.from(data(1)).fill(1, 25, 26)], says: /not zero/ },
      { bytes: [Buffer.from(data(1)).fill(1, 26, 27)], says: /not zero/ },
      { bytes: [Buffer.from(data(1)).fill(1, 31, 32)], says: /not zero/ },
      { bytes: [data(1, { flags: 1 })], says: /not a map/ },
      { bytes: [data(1, { flags: 0x40 })], says: /^Flags/ },
      { bytes: [data(1, { flags: 0x80 })], says: /^Flags/ },
      { bytes: [frame({ sequence: 1, payload: 'x' })], says: /no whole number/ },
      { bytes: [data(1, { payload: new Uint8Array((1 << 20) + 1) })], says: /1 MiB/ },
      { bytes: [Buffer.from('GET / HTTP/1.1\r\n'.repeat(9))], says: /Not an RDS/ },
    ];
    const capture = new Pcapng();
    for (const [index, { bytes }] of cases.entries()) {
      const ends = [
        { address: `10.0.1.${index}`, port: 40_000 },
        { address: B, port: RDS_PORT },
      ] as const;
      const connection = capture.connect(...ends);
      for (const frame of bytes) connection.send('client', frame);
    }
    expect(await saidOf(capture)).toEqual(
      cases.map(({ says }, index) => ({
        '_ws.expert.message': [expect.stringMatching(says)],
        'tcp.stream': [String(index)],
      })),
    );
  });

  test('a sequence that begins anew after a new generation is not', async () => {
    const hello = (generation: string) => frame({ ack: 1, extensions: `06 ${generation}` });
    const capture = exchange([
      ['server', hello('00000001')],
      ['client', data(7)],
      ['server', hello('00000002')],
      ['client', data(1)],
    ]);
    const said = (await saidOf(capture)).flatMap((row) => row['_ws.expert.message']);
    expect(said).toEqual(['New generation: the sender has restarted']);
  });

  test('a capture that begins inside a message goes on at the next header', async () => {
    const capture = new Pcapng();
    const connection = capture.connect({ address: A, port: 4 }, { address: B, port: RDS_PORT });
    const bytes = data(1, { payload: 'x'.repeat(5000) });
    connection.lose('client', 2000);
    connection.send('client', bytes.subarray(2000));
    connection.send('client', data(2));
    const rows = await tshark.fields(
      capture.toBytes(),
      ['frame.number', 'rds.sequence'],
      '-Y',
      'rds',
    );
    expect(rows.map((row) => row['rds.sequence'])).toEqual([[], ['2']]);
  });

  test('packets of which only the beginning is captured', async () => {
    const capture = new Pcapng();
    capture.snapBytes = 100;
    const connection = capture.connect({ address: A, port: 4 }, { address: B, port: RDS_PORT });
    connection.send('client', data(1, { payload: 'x'.repeat(500) }));
    connection.send('client', map);
    const rows = await tshark.fields(capture.toBytes(), ['rds.kind', 'rds.sequence', 'rds.len']);
    expect(rows).toEqual([
      { 'rds.kind': ['data'], 'rds.sequence': ['1'], 'rds.len': ['500'] },
      { 'rds.kind': ['map'], 'rds.sequence': ['0'], 'rds.len': ['8192'] },
    ]);
  });
});

describe.skipIf(!hasTshark)('a connection on another port', () => {
  const probe = frame({ sequence: 1, sport: 1, extensions: '050008' });
  const kinds = async (capture: Pcapng, ...options: string[]) =>
    (await tshark.fields(capture.toBytes(), ['rds.kind'], ...options)).flatMap(
      (row) => row['rds.kind'],
    );

  test('is RDS by how it begins, and by nothing less', async () => {
    const cases = [
      { begins: [map, data(1)], is: 'map data' },
      { begins: [probe, data(1)], is: 'probe data' },
      { begins: [data(1), map], is: 'map' },
      { begins: [Buffer.alloc(200)], is: '' },
      { begins: [Buffer.from(map).fill(1, 26, 27)], is: '' },
      { begins: [Buffer.from('GET / HTTP/1.1\r\n'.repeat(9))], is: '' },
    ];
    const capture = new Pcapng();
    for (const [index, { begins }] of cases.entries()) {
      const ends = [
        { address: A, port: 40_000 + index },
        { address: B, port: 17_000 },
      ] as const;
      const connection = capture.connect(...ends);
      for (const bytes of begins) connection.send('client', bytes);
    }
    const rows = await tshark.fields(capture.toBytes(), ['rds.kind', 'tcp.stream']);
    const seen = cases.map((_, index) =>
      rows
        .filter((row) => row['tcp.stream']?.[0] === String(index))
        .flatMap((row) => row['rds.kind'])
        .join(' '),
    );
    expect(seen).toEqual(cases.map(({ is }) => is));
  });

  test('is RDS if that is said', async () => {
    const capture = exchange([['client', data(1)]], 7000);
    expect(await kinds(capture)).toEqual([]);
    expect(await kinds(capture, '-d', 'tcp.port==7000,rds')).toEqual(['data']);
    expect(await kinds(capture, '-o', 'rds.ports:7000,16385')).toEqual(['data']);
    const usual = exchange([['client', data(1)]]);
    expect(await kinds(usual, '-o', 'rds.ports:7000,16385')).toEqual(['data']);
    expect(await kinds(usual, '-o', 'rds.ports:7000')).toEqual([]);
  });
});

test.skipIf(!hasTshark)('mutated frames raise no Lua error', { timeout: SLOW_MS }, async () => {
  const random = new SeededRandom(1);
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const { sent } = await conversation(RDS_PORT);
  const kernel = framesOf(eventsOf('e08_lo_we_first', 'e10_exthdrs', 'e13_gen'));
  const streams = [
    ...sent.values(),
    Buffer.concat(kernel.flatMap(({ header, payload }) => [header, payload])),
  ];
  const capture = new Pcapng();
  capture.snapBytes = 20_000;
  for (let round = 0; round < 40; round++) {
    const ends = [
      { address: A, port: 20_000 + round },
      { address: B, port: RDS_PORT },
    ] as const;
    const connection = capture.connect(...ends);
    for (const side of ['client', 'server'] as const) {
      const bytes = Buffer.from(streams[below(streams.length)] ?? []).subarray(below(100));
      for (let change = below(60); change > 0; change--) {
        bytes.writeUInt8(below(256), below(Math.min(bytes.length, 2_000)));
      }
      connection.send(side, bytes.subarray(0, below(30_000)), sizes(1 + below(3_000)));
    }
  }
  // It throws at the first Lua error, whichever packet it is about.
  const text = await tshark.run(capture.toBytes(), '-2', '-V', '-Y', 'rds');
  expect(text).toContain('Reliable Datagram Sockets, ');
  expect(text).not.toContain('Malformed Packet: RDS');
});

describe.skipIf(!hasTshark)('a capture file', () => {
  const names = [...WHO, ...HEADER_FIELDS.map((field) => `rds.${field}`)];
  const folder = join(root, 'tools/wireshark/test-captures');

  test('of a Linux 6.1 kernel and a node of ours, as it was captured', async () => {
    const path = join(folder, 'kernel-6.1.pcap.gz');
    const packets = await tshark.fieldsOf(path, ['tcp.payload', 'tcp.stream', 'ip.src']);
    const streams = new Map<string, Buffer>();
    for (const packet of packets) {
      const key = `${packet['tcp.stream']} ${packet['ip.src']}`;
      const bytes = Buffer.from(packet['tcp.payload']?.[0] ?? '', 'hex');
      streams.set(key, Buffer.concat([streams.get(key) ?? Buffer.alloc(0), bytes]));
    }
    const expected = new Map([...streams].map(([key, bytes]) => [key, headersIn(bytes)]));
    expect(expected.size).toBe(6);
    const more = ['rds.response_to', '_ws.expert.message'];
    const rows = await tshark.fieldsOf(path, [...names, ...more], '-2');
    expect(headersBySender(rows)).toEqual(expected);

    const all = (name: string) => rows.flatMap((row) => row[name] ?? []);
    const asked = all('rds.kind').filter((kind) => kind === 'ping' || kind === 'probe');
    expect(all('rds.response_to')).toHaveLength(asked.length);
    expect(all('_ws.expert.message')).toEqual([]);
  });

  test.each([Infinity, 10])('of rds tap, with %s bytes of each payload', async (snapBytes) => {
    const frames = [
      { direction: 'sent', bytes: map },
      { direction: 'received', bytes: map },
      { direction: 'sent', bytes: frame({ sequence: 1, sport: 700 }) },
      { direction: 'received', bytes: frame({ sequence: 9, dport: 700 }) },
      { direction: 'received', bytes: data(10, { payload: 'x'.repeat(100_000) }) },
      { direction: 'sent', bytes: data(2, { ack: 10 }) },
    ] as const;
    const capture = new Capture(snapBytes);
    const info = { address: A, tcpPort: RDS_PORT } as NodeInfo;
    const begin = capture.begin([{ pid: 1, command: 'x', info, tcp: [] }]);
    const blocks = frames.map(({ direction, bytes }, index) =>
      capture.write(0, {
        frame: {
          ...recordOf(bytes),
          direction,
          atUs: 1e15 + index,
          bytes: bytes.subarray(0, 48 + snapBytes).toString('base64'),
        },
      }),
    );
    const file = Buffer.concat([begin, ...blocks]);
    const rows = await tshark.fields(file, [...names, '_ws.malformed'], '-2');
    expect(headersBySender(rows)).toEqual(
      new Map(
        (
          [
            ['sent', A],
            ['received', B],
          ] as const
        ).map(([direction, address]) => [
          `0 ${address}`,
          frames.filter((one) => one.direction === direction).map(({ bytes }) => headerOf(bytes)),
        ]),
      ),
    );
    expect(rows.flatMap((row) => row['_ws.malformed'])).toEqual([]);
  });
});

/** What an inspector says of a frame. The capture is made of the bytes, not of this. */
function recordOf(bytes: Buffer) {
  return {
    address: B,
    tcpPort: RDS_PORT,
    connection: 1,
    sequence: 0,
    ack: 0,
    length: bytes.length - 48,
    sport: 0,
    dport: 0,
    flags: 0,
    extensions: null,
    congestedPorts: null,
  };
}
