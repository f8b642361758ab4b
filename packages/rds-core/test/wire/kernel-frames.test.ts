/** The frames of a real kernel: each decodes to what was captured, and each capture tells its story. */

import { describe, expect, test } from 'vitest';
import { CongestionMap } from '../../src/congestion-map.js';
import { decodeExtensions } from '../../src/wire/extension.js';
import { type KernelEvent, type KernelFrame, kernelCaptures } from '../vectors/kernel-frames.js';
import { Decoding, type Frame, frameText, pieces } from './frames.js';

const captures = [...kernelCaptures.keys()];

describe('the captures', () => {
  test('are all there', () => {
    expect(captures).toHaveLength(19);
    expect([...kernelCaptures.values()].flat().filter(({ frame }) => frame)).toHaveLength(419);
  });

  describe.each(captures)('%s', (capture) => {
    test('decodes to what was captured, however it is cut', () => {
      for (const frames of streamsOf(capture)) {
        const bytes = Buffer.concat(frames.flatMap(({ header, payload }) => [header, payload]));
        for (const size of [bytes.byteLength, 1448, 47, 5]) {
          const decoding = new Decoding().pushAll(pieces(bytes, size));
          expect(decoding.fault).toBeNull();
          expect(decoding.texts).toEqual(frames.map(capturedText));
        }
      }
    });

    test('marks the ports that were marked', () => {
      const maps = framesOf(capture).filter(({ congestedPorts }) => congestedPorts !== null);
      expect(maps.length).toBeGreaterThan(0);
      for (const { header, payload, congestedPorts } of maps) {
        const [frame] = new Decoding().push(header, payload).frames;
        expect(frame?.flags).toBe(1);
        expect(portsOf(frame as Frame)).toEqual(congestedPorts);
      }
    });
  });
});

describe('the kernel', () => {
  test('e01: probes a larger peer and sends on, though nothing answers', () => {
    expect(story('e01', 'peer')).toEqual(['0 SYN-ACK']);
    const [syn, map, probe, ...messages] = story('e01', 'kernel');
    expect([syn, map, probe]).toEqual(['0 SYN', '0 map', '0 #1 1→0 npaths 8']);
    expect(messages).toHaveLength(12);
    for (const [index, message] of messages.entries()) {
      expect(message).toMatch(new RegExp(`^0 #${index + 2} 50\\d\\d→9000 10 B$`));
    }
  });

  test('e02, e03: stays with one connection if the answer names one path, or none', () => {
    expect(story('e02', 'peer')).toContain('0 #1 0→1 npaths 1 generation 11223344');
    expect(story('e03', 'peer')).toContain('0 #1 0→1');
    expect(connectionsOf('e02')).toEqual(['0 SYN']);
    expect(connectionsOf('e03')).toEqual(['0 SYN']);
  });

  test('e04: opens eight connections for eight paths and spreads the sockets over them', () => {
    expect(story('e04', 'peer')).toContain('0 #1 0→1 npaths 8 generation 7');
    expect(connectionsOf('e04').slice(0, 8)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `${n} SYN`),
    );
    const used = story('e04', 'kernel').filter((line) => line.includes('→9000'));
    expect(new Set(used.map((line) => line[0]))).toEqual(new Set(['0', '1', '2', '5']));
  });

  test('e05: opens three connections for three paths', () => {
    expect(story('e05', 'peer')).toContain('0 #1 0→1 npaths 3');
    expect(connectionsOf('e05')).toEqual(['0 SYN', '1 SYN', '2 SYN']);
  });

  test('e06: closes the connection of a larger peer and connects itself', () => {
    expect(story('e06')).toEqual([
      'peer 0 SYN',
      'kernel 0 SYN-ACK',
      'kernel 0 FIN',
      'kernel 0 RST',
      'kernel 1 SYN',
      'peer 1 SYN-ACK',
      'kernel 1 map',
    ]);
  });

  test('e07: knocks without a byte, and sends when the smaller peer connects', () => {
    const knock = (stream: number) => [
      `kernel ${stream} SYN`,
      `peer ${stream} SYN-ACK`,
      `kernel ${stream} FIN`,
    ];
    expect(story('e07').slice(0, 12)).toEqual([
      ...knock(0),
      ...knock(1),
      'peer 2 SYN',
      'kernel 2 SYN-ACK',
      'kernel 2 map',
      'kernel 2 #1 1→0 npaths 8',
      'kernel 2 #2 5000→9000 10 B',
      'kernel 2 #3 5000→9000 11 B',
    ]);
  });

  test('e08: answers a probe with its paths, a ping with its port, and 0 → 0 not at all', () => {
    expect(story('e08').slice(0, 12)).toEqual([
      'peer 0 SYN',
      'kernel 0 SYN-ACK',
      'kernel 0 map',
      'kernel 0 #1 1→0 npaths 8',
      'peer 0 #1 1→0 npaths 1 generation 5',
      'kernel 0 #2 0→1 npaths 8',
      'peer 0 #2 777→0',
      'kernel 0 #3 0→777',
      'peer 0 #3 0→0',
      'peer 0 #4 0→1 npaths 1 generation 5',
      'peer 0 FIN',
      'kernel 0 FIN',
    ]);
  });

  test('e10: answers every probe, whatever its extensions', () => {
    const probes = story('e10', 'peer').filter((line) => line.includes('1→0'));
    expect(probes.map((line) => line.replace(/^\d+ #1 /, ''))).toEqual([
      '1→0',
      '1→0 npaths 1 generation 3',
      '1→0 npaths 1',
      '1→0',
      '1→0',
      '1→0',
      '1→0 npaths 0',
      '1→0 npaths 65535',
      '1→0 generation 4',
      '1→0',
    ]);
    const answered = story('e10', 'kernel').filter((line) => line.endsWith('#2 0→1 npaths 8'));
    expect(answered.map((line) => line.split(' ')[0])).toEqual(
      probes.map((line) => line.split(' ')[0]),
    );
  });

  test('e11: marks its port when it has too much, and holds back what goes to a marked one', () => {
    const isMap = (line: string): boolean => line.includes('map');
    expect(story('e11', 'kernel').filter(isMap)).toEqual([
      '0 map',
      '0 map 5000',
      '0 map',
      '0 map 5000',
      '0 map',
      '1 map',
    ]);
    const marked = story('e11').indexOf('peer 0 map 9000');
    expect(story('e11').slice(marked, marked + 5)).toEqual([
      'peer 0 map 9000',
      'kernel 0 #2 5001→9001 5 B',
      'peer 0 map',
      'kernel 0 #3 5001→9000 5 B',
      'peer 0 map 9000',
    ]);
  });

  test('e12: sends again, flagged, what TCP had not acknowledged, and then the rest', () => {
    expect(story('e12', 'peer')).toEqual(['0 SYN-ACK', '0 RST', '1 SYN-ACK']);
    const [map, ...messages] = story('e12', 'kernel').filter((line) => /^1 (map|#)/.test(line));
    expect(map).toBe('1 map');
    expect(messages).toEqual([
      ...range(7, 23).map((sequence) => `1 #${sequence} again 5000→9000 20000 B`),
      ...range(24, 41).map((sequence) => `1 #${sequence} 5000→9000 20000 B`),
    ]);
  });

  test('e13: counts from 1 when the generation changes, and only then', () => {
    expect(story('e13').slice(-8)).toEqual([
      'kernel 1 map',
      'peer 1 #2 1→0 npaths 1 generation 64',
      'kernel 1 #5 0→1 npaths 8',
      'peer 1 #3 1→0 npaths 1 generation 65',
      'kernel 1 #6 0→1 npaths 8',
      'peer 1 #1 again 9→5000 1 B',
      'kernel 1 #1 5000→9000 5 B',
      'kernel 1 #2 5000→9000 5 B',
    ]);
  });

  test('e15: closes new connections without a byte while it holds on to the old one', () => {
    for (const stream of range(1, 10)) {
      const events = story('e15').filter((line) => line.includes(` ${stream} `));
      expect(events.every((line) => /(SYN|SYN-ACK|FIN|RST)$/.test(line))).toBe(true);
      expect(events).toContain(`kernel ${stream} FIN`);
    }
    expect(story('e15')).toContain('kernel 11 map');
  });

  test('e16: gives a vanished peer up, and sends when it is back', () => {
    const events = story('e16');
    expect(events.indexOf('kernel 0 RST')).toBeLessThan(events.indexOf('peer 1 SYN'));
    expect(events.at(-1)).toBe('kernel 1 #2 5000→9000 100 B');
  });

  test('e17: holds back what hashes to a path that has no connection', () => {
    expect(story('e17', 'peer')).toContain('0 #1 0→1 npaths 2');
    const messages = story('e17', 'kernel').filter((line) => line.includes('→9000'));
    expect(messages.map((line) => line.replace(/→.*/, ''))).toEqual([
      '0 #2 5004',
      '0 #3 5006',
      '1 #1 5000',
      '1 #2 5001',
      '1 #3 5002',
      '1 #4 5003',
      '1 #5 5005',
      '1 #6 5007',
    ]);
  });

  test('e18: tries a larger peer again and again, and knocks at a smaller one once', () => {
    const tries = story('e18_hi').filter((line) => line.endsWith('RST'));
    expect(tries).toEqual(range(0, 21).map((stream) => `peer ${stream} RST`));
    expect(story('e18_hi').at(-1)).toBe('kernel 22 #2 5000→9000 10 B');
    expect(story('e18_lo')).toEqual([
      'kernel 0 SYN',
      'peer 0 RST',
      'peer 1 SYN',
      'kernel 1 SYN-ACK',
      'kernel 1 map',
      'kernel 1 #1 5000→9000 10 B',
      'kernel 1 #2 1→0 npaths 8',
    ]);
  });

  test('e19: is sent a message once more that the end of a connection cut in half', () => {
    const messages = story('e19', 'peer').filter((line) => line.includes('→5000'));
    expect(messages).toEqual([
      '0 #2 9→5000 10 B',
      '1 #2 again 9→5000 10 B',
      '1 #3 again 9→5000 1000 B',
      '1 #4 9→5000 4 B',
    ]);
  });

  test('e20: marks port 5003 in byte 625, bit 3', () => {
    const maps = framesOf('e20').filter(({ congestedPorts }) => congestedPorts !== null);
    expect(maps.map(({ congestedPorts }) => congestedPorts)).toEqual([[], [5003], []]);
    expect(maps[1]?.payload[625]).toBe(0b1000);
  });
});

function eventsOf(name: string): readonly KernelEvent[] {
  const capture = captures.find((one) => one.startsWith(name)) ?? '';
  return kernelCaptures.get(capture) ?? [];
}

function framesOf(name: string): KernelFrame[] {
  return eventsOf(name).flatMap(({ frame }) => frame ?? []);
}

/** The frames of each direction of each connection, in order. */
function streamsOf(name: string): KernelFrame[][] {
  const streams = new Map<string, KernelFrame[]>();
  for (const { stream, sender, frame } of eventsOf(name)) {
    if (frame === null) continue;
    const key = `${stream} ${sender}`;
    streams.set(key, [...(streams.get(key) ?? []), frame]);
  }
  return [...streams.values()];
}

/** What the file says of a frame, by nothing of ours. */
function capturedText({ header, payload }: KernelFrame): string {
  return frameText({
    sequence: Number(header.readBigUInt64BE(0)),
    ack: Number(header.readBigUInt64BE(8)),
    sport: header.readUInt16BE(20),
    dport: header.readUInt16BE(22),
    flags: header.readUInt8(24),
    extensions: header.toString('hex', 32),
    payload,
  });
}

function connectionsOf(name: string): string[] {
  return story(name, 'kernel').filter((line) => line.endsWith(' SYN'));
}

/** What happened, a line per event, as our decoder understands it; of one side, or of both. */
function story(name: string, side?: KernelEvent['sender']): string[] {
  return eventsOf(name)
    .filter(({ sender }) => side === undefined || sender === side)
    .map(({ sender, stream, tcp, frame }) => {
      const what = frame === null ? tcp : told(frame);
      return side === undefined ? `${sender} ${stream} ${what}` : `${stream} ${what}`;
    });
}

function told({ header, payload }: KernelFrame): string {
  const [frame] = new Decoding().push(header, payload).frames as [Frame];
  if (frame.flags === 1) return ['map', ...portsOf(frame)].join(' ');
  const { npaths, generation } = decodeExtensions(Buffer.from(frame.extensions, 'hex'));
  return [
    `#${frame.sequence}`,
    ...(frame.flags === 4 ? ['again'] : []),
    `${frame.sport}→${frame.dport}`,
    ...(payload.length > 0 ? [`${payload.length} B`] : []),
    ...(npaths === undefined ? [] : [`npaths ${npaths}`]),
    ...(generation === undefined ? [] : [`generation ${generation.toString(16)}`]),
  ].join(' ');
}

function portsOf({ payload }: Frame): number[] {
  const map = new CongestionMap();
  map.replace(payload);
  return map.ports();
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
