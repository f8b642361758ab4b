/** What is written to TCP: the same bytes in the same order, in however many pieces they come. */

import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Stream, type StreamHandler, TcpTransport } from 'rds-tcp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WriteBuffers } from '../src/write-buffers.js';
import { eventually, loopback } from './nodes.js';

const DEAF: StreamHandler = { opened() {}, received() {}, ended() {}, closed() {} };

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
  /** Two ends of a connection; what comes to the second is counted, and digested. */
  async function connected() {
    const transport = new TcpTransport();
    const address = loopback(1);
    const digest = createHash('sha256');
    const received = { bytes: 0, digest };
    let isAccepted: (stream: Stream) => void = () => {};
    const accepting = new Promise<Stream>((resolve) => {
      isAccepted = resolve;
    });
    const listener = await transport.listen({ address, tcpPort: 0 }, (accepted) => {
      accepted.handler = {
        ...DEAF,
        received(chunk) {
          digest.update(chunk);
          received.bytes += chunk.length;
        },
      };
      accepted.pause();
      isAccepted(accepted);
    });
    onTestFinished(() => listener.close());
    const dialled = transport.connect({ address, tcpPort: 0 }, { ...listener, address });
    await new Promise<void>((resolve) => {
      dialled.handler = { ...DEAF, opened: resolve };
    });
    const accepted = await accepting;
    onTestFinished(() => {
      dialled.destroy();
      accepted.destroy();
    });
    return { dialled, accepted, received };
  }

  const watched = () => {
    const join = vi.spyOn(WriteBuffers.prototype, 'join');
    const giveBack = vi.spyOn(WriteBuffers.prototype, 'giveBack');
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const joined = () => join.mock.results.filter(({ value }) => value !== null).length;
    return { joined, givenBack: () => giveBack.mock.calls.length };
  };

  test('carries small and large pieces in order, though nobody reads for a while', async () => {
    const { dialled, accepted, received } = await connected();
    const { joined, givenBack } = watched();
    const sent = createHash('sha256');
    let sentBytes = 0;
    let done = 0;
    const write = (chunks: Uint8Array[], number: number) => {
      for (const chunk of chunks) {
        chunk[0] = number;
        sent.update(chunk);
        sentBytes += chunk.length;
      }
      dialled.write(chunks, () => {
        done++;
      });
    };
    // More than the system keeps for a connection, so that writes wait, and their memory with them.
    let writes = 0;
    for (; writes < 400; writes++) {
      write(writes % 5 === 0 ? pieces(3, 100_000) : pieces(64, 500 + writes), writes);
      if (writes % 3 === 0) await turn();
    }
    expect(done).toBeLessThan(writes);
    const joinedWhileNobodyRead = joined();
    accepted.resume();
    await eventually(() => expect(received.bytes).toBe(sentBytes));
    for (; writes < 500; writes++) {
      write(pieces(64, 1000), writes);
      await turn();
    }
    await eventually(() => expect(done).toBe(writes));
    await eventually(() => expect(received.bytes).toBe(sentBytes));
    expect(received.digest.digest('hex')).toBe(sent.digest('hex'));
    expect(joinedWhileNobodyRead).toBeGreaterThan(0);
    expect(joined()).toBeGreaterThan(joinedWhileNobodyRead + 8);
    expect(givenBack()).toBe(joined());
  });

  test('joins what many connections write in one turn', async () => {
    const connections = await Promise.all(Array.from({ length: 20 }, connected));
    const { joined, givenBack } = watched();
    for (const { dialled } of connections) dialled.write(pieces(4, 112), () => {});
    expect(joined()).toBe(20);
    expect(givenBack()).toBe(20);
  });

  test('joins nothing while others wait, and gives memory back when it is destroyed', async () => {
    const { dialled } = await connected();
    const { joined, givenBack } = watched();
    let done = 0;
    let writes = 0;
    const write = () => {
      writes++;
      dialled.write(pieces(40, 4000), () => {
        done++;
      });
    };
    while (givenBack() === joined()) write();
    const joinedBefore = joined();
    for (let more = 0; more < 10; more++) write();
    expect(joined()).toBe(joinedBefore);
    dialled.destroy();
    await eventually(() => expect(done).toBe(writes));
    expect(givenBack()).toBe(joined());
  });
});
