/** Header: the bytes of each field, and what is no header. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeExtensions } from '../../src/wire/extension.js';
import {
  FLAG_CONGESTION_MAP,
  FLAG_RETRANSMITTED,
  HEADER_BYTES,
  Header,
  prepareHeader,
  readHeader,
  stampHeader,
  stampHeaders,
  writeExtensions,
  writeHeader,
} from '../../src/wire/header.js';
import { NO_EXTENSIONS } from './frames.js';

/** As a Linux kernel sends them. */
const GOLDEN = {
  ping: '0000000000000001 0000000000000000 00000000 0001 0000 00 00 00000000 0000 05000800000000000000000000000000',
  pong: '0000000000000002 0000000000000000 00000000 0000 0001 00 00 00000000 0000 05000800000000000000000000000000',
  map: `0000000000000000 0000000000000000 00002000 0000 0000 01 00 00000000 0000 ${NO_EXTENSIONS}`,
  data: `0000000000000001 0000000000000000 00000005 1388 1770 00 00 00000000 0000 ${NO_EXTENSIONS}`,
  resend: `0000000000000001 0000000000000000 00000005 1388 1770 04 00 00000000 0000 ${NO_EXTENSIONS}`,
  last: `001fffffffffffff 001ffffffffffffe ffffffff ffff fffe ff 00 00000000 0000 ${NO_EXTENSIONS}`,
};

describe('writeHeader', () => {
  test.each([
    ['a probe', GOLDEN.ping, [1, 0, 0, 1, 0, 0], 8],
    ['the pong of a probe', GOLDEN.pong, [2, 0, 0, 0, 1, 0], 8],
    ['a congestion map', GOLDEN.map, [0, 0, 8192, 0, 0, FLAG_CONGESTION_MAP], null],
    ['a message', GOLDEN.data, [1, 0, 5, 5000, 6000, 0], null],
    ['a message once more', GOLDEN.resend, [1, 0, 5, 5000, 6000, FLAG_RETRANSMITTED], null],
    [
      'the largest values',
      GOLDEN.last,
      [2 ** 53 - 1, 2 ** 53 - 2, 2 ** 32 - 1, 65535, 65534, 255],
      null,
    ],
  ] as const)('writes %s as a kernel does', (_name, golden, fields, npaths) => {
    expect(written(fields, npaths)).toBe(golden.replaceAll(' ', ''));
  });

  test('leaves nothing of what stood there before, and nothing outside is touched', () => {
    const bytes = Buffer.alloc(HEADER_BYTES + 20, 0xee);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    writeHeader(view, 10, 0, 0, 0, 0, 0, 0);
    expect(bytes.toString('hex')).toBe('ee'.repeat(10) + '00'.repeat(48) + 'ee'.repeat(10));
  });
});

describe('stampHeaders', () => {
  const anyNumber = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 52 }),
    fc
      .tuple(fc.integer({ min: 1, max: 2 ** 20 }), fc.integer({ min: -12, max: 3 }))
      .map(([high, more]) => high * 2 ** 32 + more),
    fc.integer({ min: 2 ** 31 - 12, max: 2 ** 31 }),
  );
  const anyLengths = fc.array(fc.nat(20), { maxLength: 12, size: 'max' });
  const flags = fc.integer({ min: 0, max: 255 });

  test('writes into all headers what is written into each, wherever a number overflows', () => {
    fc.assert(
      fc.property(
        anyLengths,
        anyNumber,
        anyNumber,
        flags,
        fc.nat(9),
        (lengths, first, ack, ...more) => {
          const [flag, start] = more;
          const bytes = lengths.reduce((sum, length) => sum + HEADER_BYTES + length, 0);
          const [one, all] = [1, 2].map(() => {
            const memory = new Uint8Array(start + bytes + 60).fill(0xee);
            const view = new DataView(memory.buffer);
            let at = start;
            for (const length of lengths) {
              prepareHeader(view, at, length, 7, 8);
              at += HEADER_BYTES + length;
            }
            return { memory, view };
          }) as [Stamped, Stamped];
          let at = start;
          for (const [n, length] of lengths.entries()) {
            stampHeader(one.view, at, first + n, ack, flag);
            at += HEADER_BYTES + length;
          }
          stampHeaders(all.view, start, start + bytes, first, ack, flag);
          expect(Buffer.compare(all.memory, one.memory)).toBe(0);
        },
      ),
    );
  });

  test('counts on where the low half of a number is full', () => {
    const bytes = new Uint8Array(3 * HEADER_BYTES);
    const view = new DataView(bytes.buffer);
    stampHeaders(view, 0, bytes.length, 2 ** 33 - 2, 2 ** 32 - 1, 4);
    const numbers = [0, 1, 2].map((n) => view.getBigUint64(n * HEADER_BYTES));
    expect(numbers).toEqual([2n ** 33n - 2n, 2n ** 33n - 1n, 2n ** 33n]);
    const acks = [0, 1, 2].map((n) => view.getBigUint64(n * HEADER_BYTES + 8));
    expect(acks).toEqual(new Array(3).fill(2n ** 32n - 1n));
  });
});

describe('readHeader', () => {
  test('reads what a kernel sends', () => {
    expect(read(GOLDEN.ping)).toMatchObject({ sequence: 1, sport: 1, dport: 0, extended: true });
    expect(read(GOLDEN.pong)).toMatchObject({ sequence: 2, sport: 0, dport: 1, extended: true });
    expect(read(GOLDEN.map)).toMatchObject({
      sequence: 0,
      length: 8192,
      flags: 1,
      extended: false,
    });
    expect(read(GOLDEN.data)).toMatchObject({ sequence: 1, length: 5, sport: 5000, dport: 6000 });
  });

  test('gives the extensions of the frame, also after those of another', () => {
    const header = new Header();
    readHeaderAt(header, Buffer.from(GOLDEN.ping.replaceAll(' ', ''), 'hex'));
    const bytes = Buffer.from(GOLDEN.pong.replaceAll(' ', ''), 'hex');
    bytes.fill(7, 32);
    readHeaderAt(header, bytes);
    expect([...header.extensions]).toEqual(new Array(16).fill(7));
    readHeaderAt(header, Buffer.from(GOLDEN.data.replaceAll(' ', ''), 'hex'));
    expect(header.extended).toBe(false);
  });

  test('gives back whatever was written, wherever it stands', () => {
    const port = fc.integer({ min: 0, max: 65535 });
    const fields = fc.record({
      sequence: fc.maxSafeNat(),
      ack: fc.maxSafeNat(),
      length: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      sport: port,
      dport: port,
      flags: fc.integer({ min: 0, max: 255 }),
    });
    const extensions = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(fields, extensions, fc.nat(30), (wanted, wantedExtensions, at) => {
        const bytes = new Uint8Array(HEADER_BYTES + 40).fill(0xee);
        const view = new DataView(bytes.buffer, 3);
        const { sequence, ack, length, sport, dport, flags } = wanted;
        writeHeader(view, at, sequence, ack, length, sport, dport, flags);
        writeExtensions(bytes.subarray(3), at, wantedExtensions);
        const header = new Header();
        expect(readHeader(header, bytes.subarray(3), view, at)).toBe(true);
        expect(header).toMatchObject(wanted);
        expect(header.extended).toBe(wantedExtensions[0] !== 0);
        if (header.extended) expect(header.extensions).toEqual(wantedExtensions);
      }),
    );
  });

  test('takes numbers below 2^53 and no others', () => {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const isHeader = (sequence: bigint, ack: bigint): boolean => {
      bytes.writeBigUInt64BE(sequence, 0);
      bytes.writeBigUInt64BE(ack, 8);
      return readHeaderAt(new Header(), bytes);
    };
    const limit = 2n ** 53n;
    expect(isHeader(limit - 1n, limit - 1n)).toBe(true);
    expect(isHeader(limit, 0n)).toBe(false);
    expect(isHeader(0n, limit)).toBe(false);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
        expect(isHeader(number, 0n)).toBe(number < limit);
        expect(isHeader(0n, number)).toBe(number < limit);
      }),
    );
  });
});

interface Stamped {
  readonly memory: Uint8Array;
  readonly view: DataView;
}

type Fields = readonly [number, number, number, number, number, number];

/** The header in hex, written into memory that was used before. */
function written(
  [sequence, ack, length, sport, dport, flags]: Fields,
  npaths: number | null,
): string {
  const bytes = Buffer.alloc(HEADER_BYTES, 0xee);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  writeHeader(view, 0, sequence, ack, length, sport, dport, flags);
  if (npaths !== null) writeExtensions(bytes, 0, encodeExtensions({ npaths }));
  return bytes.toString('hex');
}

function read(golden: string): Header {
  const header = new Header();
  expect(readHeaderAt(header, Buffer.from(golden.replaceAll(' ', ''), 'hex'))).toBe(true);
  return header;
}

function readHeaderAt(header: Header, bytes: Buffer): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readHeader(header, bytes, view, 0);
}
