/** Payload: what can be sent, as bytes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageData } from '../src/message.js';
import { copyPayload, payloadBytes, toPayload } from '../src/payload.js';

const anyPart = fc.oneof(fc.uint8Array(), fc.string({ unit: 'grapheme' }));

/** The bytes as they end up in a frame, between others that must stay as they are. */
function bytesOf(data: MessageData): Buffer {
  const payload = toPayload(data);
  const length = payloadBytes(payload);
  const target = Buffer.alloc(length + 10, 0xee);
  copyPayload(payload, target, 5);
  expect(target.subarray(0, 5).equals(Buffer.alloc(5, 0xee))).toBe(true);
  expect(target.subarray(5 + length).equals(Buffer.alloc(5, 0xee))).toBe(true);
  return target.subarray(5, 5 + length);
}

describe('a payload', () => {
  test('of text is UTF-8', () => {
    expect(bytesOf('grüße 👋').equals(Buffer.from('grüße 👋', 'utf8'))).toBe(true);
    expect(bytesOf('')).toHaveLength(0);
  });

  test('of bytes is the bytes, also of a part of something larger', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5);
    expect([...bytesOf(bytes.subarray(1, 4))]).toEqual([2, 3, 4]);
    expect([...bytesOf(Buffer.from([9, 8]))]).toEqual([9, 8]);
  });

  test('of several parts is all of them, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(anyPart), (parts) => {
        const expected = Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)));
        expect(bytesOf(parts).equals(expected)).toBe(true);
      }),
    );
  });

  test('takes bytes as they are, without a copy', () => {
    const bytes = Uint8Array.of(1);
    expect(toPayload(bytes)).toBe(bytes);
    expect(toPayload([bytes])).toEqual([bytes]);
  });

  test.each([
    undefined,
    null,
    5,
    true,
    {},
    new ArrayBuffer(4),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(2)),
    ['a', 5],
    [['a']],
  ])('is not made of %s', (data) => {
    expect(() => toPayload(data as MessageData)).toThrow(
      expect.objectContaining({
        code: 'EINVAL',
        syscall: 'sendmsg',
        message: expect.stringContaining('a string, a Uint8Array or an array of these'),
      }),
    );
  });
});
