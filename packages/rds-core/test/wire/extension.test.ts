/** Extension headers: the bytes, what is read from anything, and what a kernel reads of ours. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeExtensions,
  EXTENSION_SPACE_BYTES,
  type Extensions,
  encodeExtensions,
  ownFeatures,
} from '../../src/wire/extension.js';

const anyExtensions = fc.record(
  {
    npaths: fc.integer({ min: 0, max: 65535 }),
    generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    own: fc.record({
      features: fc.integer({ min: 0, max: 255 }),
      tcpPort: fc.integer({ min: 0, max: 65535 }),
    }),
  },
  { requiredKeys: [] },
);

describe('encodeExtensions', () => {
  test('announces one path in the bytes of a kernel', () => {
    expect(hex(encodeExtensions({ npaths: 1 }))).toBe('05000100000000000000000000000000');
  });

  test('has room for all that we say, our own extension last', () => {
    const own = { features: ownFeatures(1), tcpPort: 16385 };
    const bytes = encodeExtensions({ npaths: 1, generation: 0xdeadbeef, own });
    expect(hex(bytes)).toBe('050001' + '06deadbeef' + '72014001' + '00000000');
  });

  test('and for what is said of several paths, which a 6.1 kernel reads up to SPORT_IDX', () => {
    const own = { features: ownFeatures(4), tcpPort: 16385 };
    const bytes = encodeExtensions({ npaths: 4, generation: 0xdeadbeef, sportIndex: true, own });
    expect(hex(bytes)).toBe('050004' + '06deadbeef' + '0800' + '72314001' + '0000');
  });

  test('is undone by decodeExtensions', () => {
    fc.assert(
      fc.property(anyExtensions, (extensions) => {
        const bytes = encodeExtensions(extensions);
        expect(bytes).toHaveLength(EXTENSION_SPACE_BYTES);
        expect(decodeExtensions(bytes)).toEqual(extensions);
      }),
    );
  });
});

describe('decodeExtensions', () => {
  test.each<[what: string, bytes: string, Extensions]>([
    ['nothing', '00', {}],
    ['what Linux 6.1 sends', '050008', { npaths: 8 }],
    ['paths and generation', '0500010611223344', { npaths: 1, generation: 0x11223344 }],
    [
      'what Linux sends since 2026',
      '050008' + '0611223344' + '0801',
      { npaths: 8, generation: 0x11223344, sportIndex: true },
    ],
    [
      'our own behind a SPORT_IDX',
      '0801' + '72014001',
      { sportIndex: true, own: { features: 1, tcpPort: 16385 } },
    ],
    ['a generation alone', '0600000004', { generation: 4 }],
    [
      'what is behind known types of no interest',
      '0111111111' + '0222222222' + '050002',
      { npaths: 2 },
    ],
    ['what is behind a long type', '030102030405060708' + '050002', { npaths: 2 }],
    ['up to an unknown type', '0500010f050004', { npaths: 1 }],
    ['nothing behind an unknown type', '0f050001', {}],
    ['nothing behind a type from 16 up', '10050004', {}],
    ['up to an extension that has no room', '010000000001000000000100000000' + '05', {}],
    ['all ones', 'ff'.repeat(16), {}],
  ])('reads %s', (_what, bytes, expected) => {
    expect(decodeExtensions(Buffer.from(bytes.padEnd(32, '0'), 'hex'))).toEqual(expected);
  });

  test('never reads beyond the bytes it was given, nor throws', () => {
    const bytes = fc.uint8Array({ maxLength: 16 });
    // Real types, or chance would seldom get past the first.
    const likely = fc.array(fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 0x72), { maxLength: 16 });
    fc.assert(
      fc.property(fc.oneof(bytes, likely), (given) => {
        const between = (outside: number): Extensions => {
          const surrounded = new Uint8Array(given.length + 32).fill(outside);
          surrounded.set(given, 16);
          return decodeExtensions(surrounded.subarray(16, 16 + given.length));
        };
        expect(between(0x05)).toEqual(between(0xff));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a Linux 6.1 kernel', () => {
  test('reads private types as the captures show', () => {
    expect(linux61(Buffer.from('0500010f050004'.padEnd(32, '0'), 'hex'))).toEqual({ npaths: 4 });
    expect(linux61(Buffer.from('10050004'.padEnd(32, '0'), 'hex'))).toEqual({});
  });

  test('reads of ours the number of paths and the generation, and nothing else', () => {
    fc.assert(
      fc.property(anyExtensions, ({ npaths = 1, generation = 1, own }) => {
        const seen = linux61(encodeExtensions({ npaths, generation, own }));
        expect(seen).toEqual({ npaths, generation });
      }),
    );
  });
});

/**
 * As rds_message_next_extension of Linux 6.1 reads: a type below 16 that it does not know has no
 * length, so it goes on at the next byte; type 0 and types from 16 up are the end.
 */
function linux61(bytes: Uint8Array): Extensions {
  const lengths: Record<number, number> = { 1: 4, 2: 4, 3: 8, 5: 2, 6: 4 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen: { npaths?: number; generation?: number } = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const type = view.getUint8(at++);
    if (type === 0 || type >= 16) break;
    const length = lengths[type] ?? 0;
    if (at + length > bytes.byteLength) break;
    if (type === 5) seen.npaths = view.getUint16(at);
    if (type === 6) seen.generation = view.getUint32(at);
    at += length;
  }
  return seen;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
