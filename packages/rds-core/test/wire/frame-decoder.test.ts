/** FrameDecoder: the same frames however the stream is cut, and the end of streams without sense. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameDecoder } from '../../src/wire/frame-decoder.js';
import {
  anyMap,
  anyMessage,
  Decoding,
  type Frame,
  frameBytes,
  frameText,
  pieces,
  split,
} from './frames.js';

const MIB = 1 << 20;
const HEADER = 48;

const text = (fields: Partial<Frame>): string =>
  new Decoding().push(frameBytes(fields)).texts[0] ?? '';
const ascii = (line: string): Buffer => Buffer.from(line.padEnd(HEADER), 'latin1');

describe('FrameDecoder', () => {
  const map = { sequence: 0, sport: 0, dport: 0, flags: 1, payload: Buffer.alloc(8192, 0x81) };
  const data = { sequence: 2, payload: Buffer.from('hello') };
  const empty = { sequence: 3, sport: 7, dport: 0 };
  const stream = Buffer.concat([frameBytes(map), frameBytes(data), frameBytes(empty)]);
  const texts = [text(map), text(data), text(empty)];

  test('gives the frames of one chunk', () => {
    const { frames, fault } = new Decoding().push(stream);
    expect(fault).toBeNull();
    expect(frames).toMatchObject([
      { sequence: 0, flags: 1, payload: { length: 8192 } },
      { sequence: 2, sport: 5000, dport: 6000, payload: Uint8Array.from(data.payload) },
      { sequence: 3, sport: 7, dport: 0, payload: { length: 0 } },
    ]);
  });

  test('gives the same frames for every cut of the stream in two', () => {
    for (let cut = 0; cut <= stream.byteLength; cut++) {
      expect(new Decoding().push(...split(stream, [cut])).texts, `cut at ${cut}`).toEqual(texts);
    }
  });

  test('gives a frame as soon as its last byte is there', () => {
    const decoding = new Decoding();
    const seen: number[] = [];
    for (const [index, byte] of pieces(stream, 1).entries()) {
      if (decoding.push(byte).frames.length > seen.length) seen.push(index + 1);
    }
    expect(decoding.texts).toEqual(texts);
    expect(seen).toEqual([HEADER + 8192, 2 * HEADER + 8192 + 5, stream.byteLength]);
  });

  test('gives the same frames for any stream, cut anywhere', () => {
    const frames = fc.array(fc.oneof({ weight: 9, arbitrary: anyMessage }, anyMap), {
      maxLength: 12,
      size: 'max',
    });
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.nat(4000), { maxLength: 20, size: 'max' }),
        (wanted, cuts) => {
          const bytes = Buffer.concat(wanted.map(frameBytes));
          const decoding = new Decoding(200).push(...split(bytes, cuts));
          expect(decoding.fault).toBeNull();
          expect(decoding.texts).toEqual(wanted.map(frameText));
        },
      ),
    );
  });

  test('does not copy the payload of a frame that lies in one chunk', () => {
    const chunk = Buffer.alloc(stream.byteLength + 9).subarray(9);
    chunk.set(stream);
    const [first, second] = new Decoding().push(chunk).frames;
    expect(first?.payload.buffer).toBe(chunk.buffer);
    expect(first?.payload.byteOffset).toBe(chunk.byteOffset + HEADER);
    expect(second?.payload.buffer).toBe(chunk.buffer);
    expect(second?.payload.byteOffset).toBe(chunk.byteOffset + HEADER + 8192 + HEADER);
  });

  test('gathers the payload of a frame that spans chunks in memory of just its size', () => {
    const chunks = split(frameBytes({ payload: Buffer.alloc(1000, 5) }), [100, 700]);
    const [frame] = new Decoding().push(...chunks).frames;
    expect(frame?.payload.buffer.byteLength).toBe(1000);
    for (const chunk of chunks) chunk.fill(0);
    expect(frame?.payload.every((byte) => byte === 5)).toBe(true);
  });

  test('reads a large message to where it is to be, however much comes at once', () => {
    const sizes = [70_000, 10, MIB, 0, 16_000, 300_000, 65_536];
    const wanted = sizes.map((size, n) => {
      const payload = Buffer.alloc(size);
      for (let at = 0; at < size; at++) payload[at] = at * (n + 3);
      return { sequence: n + 1, payload };
    });
    const bytes = Buffer.concat(wanted.map((frame) => frameBytes(frame)));
    for (const most of [65_536, 20_000, 1448, bytes.length]) {
      const decoding = new Decoding();
      const told = decoding.read(bytes, most);
      expect(told > 0, `at most ${most} at once`).toBe(most < bytes.length);
      expect(decoding.fault).toBeNull();
      expect(decoding.frames.map(({ payload }) => payload.length)).toEqual(sizes);
      for (const [n, { payload }] of decoding.frames.entries()) {
        expect(Buffer.compare(payload, wanted[n]?.payload ?? Buffer.alloc(0))).toBe(0);
      }
    }
  });

  test('copies a payload even within one buffer, if it is not yet where it is to be', () => {
    const payload = Buffer.from(Array.from({ length: 5000 }, (_, at) => at % 251));
    const pool = new Uint8Array(40_000);
    const bytes = pool.subarray(20_000, 20_000 + HEADER + payload.length);
    bytes.set(frameBytes({ payload }));
    const decoder = new FrameDecoder(MIB, (length) => pool.subarray(0, length));
    const seen: Buffer[] = [];
    const sink = {
      frame: (_: unknown, data: Uint8Array) => seen.push(Buffer.from(data)) < 0,
      nextFrame() {},
    };
    for (const [from, to] of [
      [0, 1000],
      [1000, bytes.length],
    ]) {
      decoder.push(bytes.subarray(from, to), sink);
    }
    expect(seen).toHaveLength(1);
    expect(Buffer.compare(seen[0] as Buffer, payload)).toBe(0);
  });

  test('gives no place twice: what was kept back while it was stopped comes first', () => {
    const payload = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251));
    const bytes = frameBytes({ payload });
    const seen: Buffer[] = [];
    const sink = {
      frame: (_: unknown, data: Uint8Array) => seen.push(Buffer.from(data)) < 0,
      nextFrame() {},
    };
    const decoder = new FrameDecoder(MIB);
    let at = 0;
    const read = (memory: Uint8Array, most: number): void => {
      const piece = bytes.subarray(at, at + Math.min(most, memory.length));
      at += piece.length;
      memory.set(piece);
      decoder.push(memory.subarray(0, piece.length), sink);
    };
    read(new Uint8Array(MIB), 20_000);
    const { room } = decoder;
    decoder.stop();
    // A read that was under way.
    read(room ?? new Uint8Array(0), 30_000);
    const next = decoder.room ?? new Uint8Array(MIB);
    decoder.go(sink);
    read(next, 30_000);
    while (at < bytes.length) read(decoder.room ?? new Uint8Array(MIB), 30_000);
    expect(seen).toHaveLength(1);
    expect(Buffer.compare(seen[0] as Buffer, payload)).toBe(0);
  });

  test('knows a congestion map by its flags alone', () => {
    const { frames, fault } = new Decoding(100).push(
      frameBytes({ ...map, sport: 9, dport: 9 }),
      frameBytes({ flags: 0x05, payload: Buffer.from('a message') }),
    );
    expect(fault).toBeNull();
    expect(frames.map(({ flags, payload }) => [flags, payload.length])).toEqual([
      [1, 8192],
      [5, 9],
    ]);
  });
});

describe('the limit', () => {
  const limit = 1000;

  test('may be reached', () => {
    const frame = frameBytes({ payload: Buffer.alloc(limit) });
    for (const chunks of [[frame], pieces(frame, 1), pieces(frame, 47)]) {
      const { frames, fault } = new Decoding(limit).push(...chunks);
      expect(fault).toBeNull();
      expect(frames).toHaveLength(1);
    }
  });

  test.each([limit + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('is not passed: %d', (length) => {
    const header = frameBytes({ length });
    // Known from the header alone, so nothing has been kept for the rest.
    expect(new Decoding(limit).push(header).fault).toBe('frame-too-large');
    for (const chunks of [pieces(header, 1), pieces(header, 20)]) {
      const decoding = new Decoding(limit).push(...chunks.slice(0, -1));
      expect(decoding.fault).toBeNull();
      expect(decoding.push(chunks.at(-1) as Uint8Array).fault).toBe('frame-too-large');
    }
  });

  test('has nothing against a frame of one byte', () => {
    const decoding = new Decoding(limit).push(frameBytes({ length: 1 }));
    expect(decoding.frames).toEqual([]);
    expect(decoding.push(Buffer.from('!')).frames).toMatchObject([{ payload: Uint8Array.of(33) }]);
  });

  test('is at least a congestion map for what nodes say to each other from 0 to 0', () => {
    const between = (maxPayloadBytes: number, length: number) =>
      new Decoding(maxPayloadBytes).push(frameBytes({ sport: 0, dport: 0, length })).fault;
    expect(between(limit, 8192)).toBeNull();
    expect(between(limit, 8193)).toBe('frame-too-large');
    expect(between(10_000, 10_000)).toBeNull();
    expect(between(10_000, 10_001)).toBe('frame-too-large');
    for (const ports of [{ sport: 0 }, { dport: 0 }]) {
      const frame = frameBytes({ ...ports, length: limit + 1 });
      expect(new Decoding(limit).push(frame).fault).toBe('frame-too-large');
    }
  });

  test('of a node may be smaller than a congestion map', () => {
    const map = frameBytes({
      sequence: 0,
      sport: 0,
      dport: 0,
      flags: 1,
      payload: Buffer.alloc(8192),
    });
    expect(new Decoding(1).push(map)).toMatchObject({ fault: null, frames: [{ flags: 1 }] });
  });
});

describe('a stream that makes no sense', () => {
  test.each([
    ['HTTP', ascii('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n')],
    ['TLS', Buffer.concat([Buffer.from('16030100f8010000f40303', 'hex'), Buffer.alloc(40, 0xa5)])],
    ['SSH', ascii('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n')],
    ['a sequence of 2^53', Buffer.concat([Buffer.from('0020', 'hex'), Buffer.alloc(46)])],
    [
      'an ack of 2^53',
      Buffer.concat([Buffer.alloc(8), Buffer.from('0020', 'hex'), Buffer.alloc(38)]),
    ],
    ['a short congestion map', frameBytes({ flags: 1, length: 8191 })],
    ['a long congestion map', frameBytes({ flags: 1, length: 8193 })],
    ['an empty congestion map', frameBytes({ flags: 1, length: 0 })],
  ])('is told from RDS: %s', (_name, bytes) => {
    const good = frameBytes({ payload: Buffer.from('good') });
    const chunk = Buffer.concat([good, bytes, good]);
    for (const chunks of [[chunk], pieces(chunk, 1), pieces(chunk, 50)]) {
      const decoding = new Decoding(MIB).push(...chunks);
      expect(decoding.fault).toBe('bad-header');
      expect(decoding.frames).toHaveLength(1);
    }
  });

  test('is read no further, whatever follows', () => {
    const good = frameBytes({ payload: Buffer.from('good') });
    const bad = frameBytes({ length: MIB + 1 });
    for (const chunks of [[Buffer.concat([bad, good])], pieces(Buffer.concat([bad, good]), 7)]) {
      const decoding = new Decoding(MIB).push(...chunks);
      for (let times = 0; times < 3; times++) {
        decoding.push(good, ...pieces(good, 1));
        expect(decoding).toMatchObject({ fault: 'frame-too-large', frames: [] });
      }
    }
  });

  test('is not known before a header is whole', () => {
    const decoding = new Decoding().push(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(decoding).toMatchObject({ fault: null, frames: [] });
  });

  test('does no harm but to itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), (bytes, cut) => {
        const whole = new Decoding(100).push(bytes);
        const cutUp = new Decoding(100).push(...split(bytes, [cut]));
        expect([cutUp.fault, cutUp.texts]).toEqual([whole.fault, whole.texts]);
      }),
    );
  });
});
