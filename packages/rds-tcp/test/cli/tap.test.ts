/** `rds tap`: frames as lines, and as a capture. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RdsNode } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { frameLine, kindOf } from '../../src/cli/frame-line.js';
import { Packets } from '../../src/cli/packets.js';
import { packetBlock, sectionBlock } from '../../src/cli/pcapng.js';
import type { FrameRecord } from '../../src/inspector/protocol.js';
import { Child } from '../child.js';
import { hasManyLoopbacks, loopback } from '../nodes.js';
import { openTalking, useRuntimeFolder } from './inspected.js';
import { Rds } from './rds.js';

const isPossible = hasManyLoopbacks && process.platform !== 'win32';

const FRAME: FrameRecord = {
  atUs: 1_700_000_000_123_456,
  direction: 'sent',
  address: '10.0.0.2',
  tcpPort: 16385,
  connection: 3,
  sequence: 17,
  ack: 5,
  length: 4,
  sport: 4000,
  dport: 5000,
  flags: 0,
  extensions: null,
  congestedPorts: null,
};

describe.skipIf(!isPossible)('rds tap', () => {
  test('prints a line per frame', async () => {
    useRuntimeFolder();
    const { a, b } = await openTalking();
    const tap = new Rds(['tap', '--node', a.address]);
    await say(a, b, 'tapped', () => tap.stdout.includes('len=6'));
    tap.process.kill('SIGINT');
    const { code, stdout } = await tap.ended();
    expect(code).toBe(0);
    const peer = `${b.address}:${b.tcpPort}`.replaceAll('.', '\\.');
    const time = '\\d\\d:\\d\\d:\\d\\d\\.\\d{6}';
    const line = new RegExp(
      `^${time} > ${peer} data       seq=\\d+ ack=\\d+ len=6 \\d+->5000 ACK_REQUIRED$`,
      'm',
    );
    expect(stdout).toMatch(line);
    expect(stdout).toMatch(
      new RegExp(`^${time} < ${peer} ack        seq=0 ack=\\d+ len=0 0->0$`, 'm'),
    );
  });

  test('writes a capture, to a file or a pipe', async () => {
    useRuntimeFolder();
    const folder = mkdtempSync(join(tmpdir(), 'rds-tap-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'frames.pcapng');
    const { a, b } = await openTalking();
    const toFile = new Rds(['tap', '-c', '4', '-w', file, '--node', a.address]);
    const piped = new Rds(['tap', '-c', '4', '-w', '-', '--node', a.address]);
    const large = 'x'.repeat(100_000);
    await say(
      a,
      b,
      large,
      () => toFile.process.exitCode !== null && piped.process.exitCode !== null,
    );
    expect((await toFile.ended()).code).toBe(0);
    expect((await piped.ended()).code).toBe(0);
    for (const capture of [readFileSync(file), piped.bytes]) {
      const packets = packetsOf(capture);
      const message = packets.filter(({ payloadBytes }) => payloadBytes > 1000);
      // One frame that is larger than an IP packet can be.
      expect(message.length).toBeGreaterThanOrEqual(2);
      const [first, second] = message as [(typeof message)[0], (typeof message)[0]];
      expect(first.payloadBytes + second.payloadBytes).toBe(48 + large.length);
      expect(second.sequence).toBe(first.sequence + first.payloadBytes);
      for (const { ports } of packets) expect(ports).toContain(16385);
    }
  });

  test('ends when the node closes', async () => {
    useRuntimeFolder();
    const { a, b } = await openTalking();
    const tap = new Rds(['tap', '--node', a.address]);
    await say(a, b, 'tapped', () => tap.stdout.includes('len=6'));
    await a.destroy();
    expect(await tap.ended()).toMatchObject({ code: 0, stderr: '' });
  });
});

test.skipIf(!isPossible)('rds tap shows the others where a process stands still', async () => {
  useRuntimeFolder();
  const { a, b } = await openTalking();
  const child = new Child('inspected', { node: { address: loopback(71), tcpPort: 0 } });
  const { tcpPort } = await child.hear('ready');
  child.process.kill('SIGSTOP');
  const tap = new Rds(['tap']);
  await say(a, b, 'tapped', () => tap.stdout.includes('len=6'));
  tap.process.kill('SIGINT');
  const { code, stderr } = await tap.ended();
  expect(code).toBe(1);
  expect(stderr).toBe(
    `rds tap: the node ${loopback(71)}:${tcpPort} of process ${child.process.pid} does not answer:` +
      ' ETIMEDOUT: nothing came for 5 seconds\n',
  );
});

describe('a frame as a line', () => {
  test('has its numbers, and the TCP port of the peer where it is another', () => {
    expect(frameLine(FRAME)).toMatch(
      /^\d\d:\d\d:20\.123456 > 10\.0\.0\.2 data {7}seq=17 ack=5 len=4 4000->5000$/,
    );
    expect(frameLine({ ...FRAME, tcpPort: 7001 })).toContain('> 10.0.0.2:7001 data');
  });

  test('names flags, ports of a map, and extensions', () => {
    expect(frameLine({ ...FRAME, flags: 0x46 })).toMatch(/ ACK_REQUIRED\|RETRANSMITTED\|0x40$/);
    expect(frameLine({ ...FRAME, flags: 0x38 })).toMatch(/ HB_PING\|HB_PONG\|EXTHDR_EXTENSION$/);
    const map = {
      ...FRAME,
      sport: 0,
      dport: 0,
      flags: 1,
      length: 8192,
      direction: 'received',
    } as const;
    expect(frameLine({ ...map, congestedPorts: [] })).toMatch(/< .* CONG_BITMAP congested=none$/);
    expect(frameLine({ ...map, congestedPorts: [4000, 4001] })).toMatch(/congested=4000,4001$/);
    const many = Array.from({ length: 20 }, (_, n) => n + 2);
    expect(frameLine({ ...map, congestedPorts: many })).toMatch(/=2,3,.*,17,…\(20\)$/);
    const own = { features: 1, tcpPort: 7001 };
    const extensions = { npaths: 1, generation: 0xabc, sportIndex: true, own };
    expect(frameLine({ ...FRAME, extensions })).toMatch(
      / npaths=1 generation=00000abc sport_idx rds-tcp=1 tcpPort=7001$/,
    );
    expect(frameLine({ ...FRAME, extensions: {} })).toMatch(/ extensions=unknown$/);
  });

  test.each([
    ['map', { sport: 0, dport: 0, flags: 1, length: 8192 }],
    ['map', { flags: 1, length: 8192 }],
    ['data', { flags: 1 }],
    ['data', { flags: 3, length: 8192 }],
    ['probe', { sport: 1, dport: 0 }],
    ['probe-pong', { sport: 0, dport: 1 }],
    ['ping', { dport: 0 }],
    ['pong', { sport: 0 }],
    ['hello', { sport: 0, dport: 0, sequence: 0, extensions: {} }],
    ['refusals', { sport: 0, dport: 0 }],
    ['refusals', { sport: 0, dport: 0, extensions: {} }],
    ['nothing', { sport: 0, dport: 0, length: 0 }],
    ['hb-ping', { sport: 0, dport: 0, flags: 8 }],
    ['hb-pong', { sport: 0, dport: 0, flags: 0x30, extensions: {} }],
    ['ack', { sport: 0, dport: 0, sequence: 0 }],
    ['heartbeat', { sport: 0, dport: 0, sequence: 0, flags: 2 }],
    ['goodbye', { sport: 0, dport: 0, sequence: 0, flags: 0x80 }],
    ['goodbye', { sport: 0, dport: 0, sequence: 0, flags: 0x80, extensions: {} }],
    ['data', { flags: 4 }],
  ])('is called %s', (kind, fields) => {
    expect(kindOf({ ...FRAME, ...fields })).toBe(kind);
  });
});

describe('a frame as packets', () => {
  const bytes = Buffer.alloc(52, 7);

  test('is a segment from the dialler, who is the smaller, to port 16385, and back', () => {
    const packets = new Packets({ address: '10.0.0.1', tcpPort: 7001 });
    const [sent] = packets.of(FRAME, bytes, 52);
    const [answer] = packets.of({ ...FRAME, direction: 'received' }, bytes, 52);
    const [first, second] = [segmentOf(sent?.bytes), segmentOf(answer?.bytes)];
    expect(first).toMatchObject({ ports: [49_155, 16_385], sequence: 1, ack: 1, payloadBytes: 52 });
    expect(second).toMatchObject({ ports: [16_385, 49_155], sequence: 1, ack: 53 });
    expect(sent?.bytes.subarray(-52).equals(bytes)).toBe(true);
  });

  test('has a good IPv4 header', () => {
    const [packet] = new Packets({ address: '10.0.0.9', tcpPort: 1 }).of(FRAME, bytes, 52);
    const ip = packet?.bytes.subarray(14, 34) as Buffer;
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += ip.readUInt16BE(at);
    expect((sum & 0xffff) + (sum >> 16)).toBe(0xffff);
    expect([...ip.subarray(12)]).toEqual([10, 0, 0, 9, 10, 0, 0, 2]);
  });

  test('has an IPv6 header where addresses are', () => {
    const frame = { ...FRAME, address: 'fd00::2' };
    const [packet] = new Packets({ address: 'fd00::1', tcpPort: 1 }).of(frame, bytes, 52);
    expect(packet?.bytes.readUInt16BE(12)).toBe(0x86dd);
    expect(packet?.bytes.readUInt16BE(18)).toBe(20 + 52);
    expect(packet?.bytes[14 + 40 - 1]).toBe(2);
    expect(packet?.lengthBytes).toBe(14 + 40 + 20 + 52);
  });

  test('knows its length where not all of it was kept', () => {
    const [packet] = new Packets({ address: '10.0.0.1', tcpPort: 1 }).of(FRAME, bytes, 1048);
    expect(packet?.lengthBytes).toBe(54 + 1048);
    expect(packet?.bytes.byteLength).toBe(54 + 52);
  });
});

test('blocks of a capture', () => {
  expect(sectionBlock('x').toString('hex')).toBe(
    `${'0a0d0d0a28000000'}${'4d3c2b1a01000000'}${'ff'.repeat(8)}${'0400010078000000'}${'00000000'}28000000`,
  );
  const block = packetBlock({
    interfaceId: 1,
    atUs: 2 ** 32 * 5 + 6,
    direction: 'received',
    bytes: Uint8Array.of(1, 2, 3),
    lengthBytes: 9,
    comment: 'c',
  });
  expect(block.toString('hex')).toBe(
    [
      '0600000038000000',
      '01000000',
      '0500000006000000',
      '0300000009000000',
      '01020300',
      '0200040001000000',
      '0100010063000000',
      '00000000',
      '38000000',
    ].join(''),
  );
});

/** Sends until it was seen: when a tap has begun to watch, only its output tells. */
async function say(from: RdsNode, to: RdsNode, text: string, isSeen: () => boolean): Promise<void> {
  const socket = from.bind();
  const address = { address: to.address, port: 5000, tcpPort: to.tcpPort };
  const until = performance.now() + 15_000;
  while (!isSeen()) {
    if (performance.now() > until) throw new Error('It was not seen.');
    await socket.sendmsg(text, address, { until: 'delivered' });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Segment {
  readonly ports: [number, number];
  readonly sequence: number;
  readonly ack: number;
  readonly payloadBytes: number;
}

/** The packets of a capture, after a look at each block's two lengths. */
function packetsOf(capture: Buffer): Segment[] {
  const found: Segment[] = [];
  const types: number[] = [];
  for (let at = 0; at < capture.byteLength; ) {
    const type = capture.readUInt32LE(at);
    const length = capture.readUInt32LE(at + 4);
    expect(capture.readUInt32LE(at + length - 4)).toBe(length);
    types.push(type);
    if (type === 6) {
      const kept = capture.readUInt32LE(at + 20);
      found.push(segmentOf(capture.subarray(at + 28, at + 28 + kept)));
    }
    at += length;
  }
  expect(types.slice(0, 2)).toEqual([0x0a0d0d0a, 1]);
  return found;
}

function segmentOf(packet: Buffer | undefined): Segment {
  const tcp = packet?.subarray(34) ?? Buffer.alloc(20);
  return {
    ports: [tcp.readUInt16BE(0), tcp.readUInt16BE(2)],
    sequence: tcp.readUInt32BE(4),
    ack: tcp.readUInt32BE(8),
    payloadBytes: tcp.byteLength - 20,
  };
}
