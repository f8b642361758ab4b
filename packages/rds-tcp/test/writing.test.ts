/** What is written to TCP: the same bytes in the same order, in however many pieces they come. */

import { createHash } from 'node:crypto';
import { type Stream, TcpTransport } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WriteBuffers } from '../src/write-buffers.js';
import { eventually, loopback } from './nodes.js';

const pieces = (count: number, bytes: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => new Uint8Array(bytes).fill(index + 1));

describe('WriteBuffers', () => {
  test('makes one of many small pieces, in order', () => {
    const buffers = new WriteBuffers();
    const chunks = [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3), Uint8Array.of(4, 5)];
    expect(buffers.join(chunks)).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  });

  test('leaves a single piece, large ones, and more than it has room for as they are', () => {
    const buffers = new WriteBuffers();
    expect(buffers.join(pieces(1, 10))).toBeNull();
    expect(buffers.join(pieces(2, 4096))).toBeNull();
    expect(buffers.join(pieces(41, 4000))).toBeNull();
    expect(buffers.join(pieces(40, 4000))).toHaveLength(160_000);
  });

  test('uses memory again only when it was given back, and has a limit of it', () => {
    const buffers = new WriteBuffers();
    const joined = Array.from({ length: 8 }, () => buffers.join(pieces(2, 3)) as Uint8Array);
    expect(new Set(joined.map(({ buffer }) => buffer)).size).toBe(8);
    expect(buffers.join(pieces(2, 3))).toBeNull();
    const [first] = joined as [Uint8Array];
    buffers.giveBack(first);
    expect(buffers.join(pieces(2, 3))?.buffer).toBe(first.buffer);
    expect(buffers.join(pieces(2, 3))).toBeNull();
  });
});

describe('a stream', () => {
  test('carries small and large pieces in order, though nobody reads for a while', async () => {
    const transport = new TcpTransport();
    const address = loopback(1);
    const received = createHash('sha256');
    let receivedBytes = 0;
    let isAccepted: (stream: Stream) => void = () => {};
    const accepting = new Promise<Stream>((resolve) => {
      isAccepted = resolve;
    });
    const listener = await transport.listen({ address, tcpPort: 0 }, (accepted) => {
      accepted.handler = {
        opened() {},
        received(chunk) {
          received.update(chunk);
          receivedBytes += chunk.length;
        },
        ended() {},
        closed() {},
      };
      accepted.pause();
      isAccepted(accepted);
    });
    onTestFinished(() => listener.close());
    const dialled = transport.connect({ address, tcpPort: 0 }, { ...listener, address });
    onTestFinished(() => dialled.destroy());
    await new Promise<void>((resolve) => {
      dialled.handler = { opened: resolve, received() {}, ended() {}, closed() {} };
    });

    // More than the system keeps for a connection, so that writes wait, and their memory with them.
    const sent = createHash('sha256');
    let sentBytes = 0;
    let done = 0;
    const WRITES = 400;
    for (let write = 0; write < WRITES; write++) {
      const chunks = write % 5 === 0 ? pieces(3, 100_000) : pieces(64, 500 + write);
      for (const chunk of chunks) chunk[0] = write;
      for (const chunk of chunks) {
        sent.update(chunk);
        sentBytes += chunk.length;
      }
      dialled.write(chunks, () => {
        done++;
      });
    }
    expect(done).toBe(0);
    (await accepting).resume();
    await eventually(() => expect(receivedBytes).toBe(sentBytes));
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    await eventually(() => expect(done).toBe(WRITES));
  });
});
