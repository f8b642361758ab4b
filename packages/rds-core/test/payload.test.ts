/** Payload: what can be sent, as bytes. */

import { SeededRandom, SimulatedClock, SimulatedNetwork } from '@rds-tcp/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openNode } from '../src/index.js';
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

describe('a payload that was transferred to another thread', () => {
  const transfer = (bytes: Uint8Array): void => {
    structuredClone(null, { transfer: [bytes.buffer as ArrayBuffer] });
  };

  /** A socket with little room that sends to another node. */
  async function makeSockets() {
    const clock = new SimulatedClock();
    const network = new SimulatedNetwork(clock, new SeededRandom(1));
    const sender = await openNode(
      { address: '10.0.0.1', sendBufferBytes: 1000 },
      network.runtime(),
    );
    const receiver = await openNode({ address: '10.0.0.2' }, network.runtime());
    const received: number[] = [];
    receiver.bind(4000).on('message', ({ data }) => received.push(data.length));
    const socket = sender.bind(4000);
    const send = (bytes: Uint8Array): Promise<unknown> =>
      socket.sendmsg(bytes, { address: '10.0.0.2', port: 4000 }).then(
        () => 'sent',
        ({ code }) => code,
      );
    return { clock, socket, received, send };
  }

  test('can not be sent, and leaves nothing behind', async () => {
    const { clock, socket, received, send } = await makeSockets();
    const bytes = new Uint8Array(500);
    transfer(bytes);
    const ends = [send(bytes), send(new Uint8Array(1000))];
    expect(await clock.until(Promise.all(ends))).toEqual(['EINVAL', 'sent']);
    await clock.until(socket.flush());
    expect(received).toEqual([1000]);
  });

  test('while it waited to be sent fails alone', async () => {
    const { clock, socket, received, send } = await makeSockets();
    const bytes = new Uint8Array(500);
    const ends = [send(new Uint8Array(900)), send(bytes), send(new Uint8Array(800))];
    transfer(bytes);
    expect(await clock.until(Promise.all(ends))).toEqual(['sent', 'EINVAL', 'sent']);
    await clock.until(socket.flush());
    expect(received).toEqual([900, 800]);
  });
});
