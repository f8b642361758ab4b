/** What TCP is read into: never twice into what a program holds, whoever made the connection. */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Incoming } from '@rds-tcp/core';
import { type Stream, type StreamHandler, TcpTransport } from 'rds-tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { adopt } from '../src/adopt.js';
import { ReadBuffer } from '../src/read-buffer.js';
import { SmallReads } from '../src/small-reads.js';
import { eventually, loopback, openNodes } from './nodes.js';

const DEAF: StreamHandler = { opened() {}, received() {}, ended() {}, closed() {} };

describe('ReadBuffer', () => {
  test('is read into again while little comes, which is copied out', () => {
    const buffer = new ReadBuffer();
    const memory = buffer.take();
    memory.set([1, 2, 3]);
    const chunk = buffer.read(memory, 3);
    expect(buffer.take()).toBe(memory);
    memory.fill(9);
    expect(chunk).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('is handed out with what fills it, and grows up to 64 KiB', () => {
    const buffer = new ReadBuffer();
    const sizes: number[] = [];
    const seen = new Set<Uint8Array>();
    for (let n = 0; n < 4; n++) {
      const memory = buffer.take();
      expect(seen.has(memory)).toBe(false);
      seen.add(memory);
      sizes.push(memory.length);
      const chunk = buffer.read(memory, memory.length);
      expect(chunk.buffer).toBe(memory.buffer);
    }
    expect(sizes).toEqual([8192, 32_768, 65_536, 65_536]);
  });

  test('is small again when little has come for a while', () => {
    const buffer = new ReadBuffer();
    const read = (bytes: number) => buffer.read(buffer.take(), bytes);
    read(8192);
    read(32_768);
    for (let n = 0; n < 31; n++) read(48);
    expect(buffer.take().length).toBe(65_536);
    read(48);
    expect(buffer.take().length).toBe(8192);
  });

  test('leaves alone what belongs to the reader', () => {
    const buffer = new ReadBuffer();
    const memory = buffer.take();
    const room = new Uint8Array(100_000);
    expect(buffer.read(room, 10).buffer).toBe(room.buffer);
    expect(buffer.take()).toBe(memory);
  });
});

describe('SmallReads', () => {
  const read = (bytes: number, fill = 1): Uint8Array => new Uint8Array(bytes + 50).fill(fill);

  test('stand one behind the other, each where whole numbers can begin', () => {
    const copies = new SmallReads();
    const lengths = [3, 8, 100, 1024, 1, 48];
    const all = lengths.map((bytes, n) => copies.copy(read(bytes, n), bytes));
    expect(all.map(({ byteOffset }) => byteOffset)).toEqual([0, 8, 16, 120, 1144, 1152]);
    for (const [n, bytes] of lengths.entries()) {
      expect(all[n]).toEqual(new Uint8Array(bytes).fill(n));
    }
    expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(1);
    expect(all[0]?.buffer.byteLength).toBe(8192);
  });

  test('are never copied over what was handed out', () => {
    const copies = new SmallReads();
    const all = Array.from({ length: 500 }, (_, n) => copies.copy(read(100, n), 100));
    for (const [n, copy] of all.entries()) expect(copy).toEqual(new Uint8Array(100).fill(n));
    // 78 of them, with what lies between, fill 8 KiB.
    expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(Math.ceil(500 / 78));
  });

  test('have memory of their own from 1,025 bytes on', () => {
    expect(new SmallReads().copy(read(1025), 1025).buffer.byteLength).toBe(1025);
  });

  test('stay where they are if one of them is given away', () => {
    const copies = new SmallReads();
    const [first, second] = [copies.copy(read(10), 10), copies.copy(read(10), 10)];
    giveAway(first);
    expect(second).toHaveLength(10);
    expect(copies.copy(read(10), 10)).toHaveLength(10);
  });
});

describe('adopt', () => {
  /** What a server's connection is read as, and what of it is still the server's. */
  async function accepted(onConnection: (socket: Socket, server: Server) => void): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.on('connection', (socket) => onConnection(socket, server));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const client = connect({ host: '127.0.0.1', port });
    client.end('hello');
    client.resume();
    await once(client, 'close');
    server.close();
    await once(server, 'close');
  }

  test('moves a connection to a socket that reads into our memory', async () => {
    const chunks: string[] = [];
    const memory = new Uint8Array(100);
    await accepted((socket) => {
      const callback = (bytes: number) => {
        chunks.push(Buffer.from(memory.buffer, 0, bytes).toString());
        return true;
      };
      const adopted = adopt(socket, { buffer: () => memory, callback });
      adopted.on('data', () => chunks.push('read in the other way'));
      adopted.on('end', () => adopted.end());
      expect(adopted).not.toBe(socket);
      expect(adopted.remoteAddress).toBe('127.0.0.1');
    });
    expect(chunks).toEqual(['hello']);
  });

  test('leaves a socket as it is where Node has no such thing', async () => {
    const chunks: string[] = [];
    await accepted((socket) => {
      const { _handle: handle } = socket as unknown as { _handle: object };
      Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
      const adopted = adopt(socket, { buffer: () => new Uint8Array(1), callback: () => true });
      expect(adopted).toBe(socket);
      socket.on('data', (chunk) => chunks.push(String(chunk)));
      socket.on('end', () => socket.end());
    });
    expect(chunks).toEqual(['hello']);
  });
});

describe('a stream', () => {
  const listenAndConnect = async (onStream: (stream: Stream) => void) => {
    const transport = new TcpTransport();
    const address = loopback(1);
    const listener = await transport.listen({ address, tcpPort: 0 }, onStream);
    onTestFinished(() => listener.close());
    const dialled = transport.connect({ address, tcpPort: 0 }, { ...listener, address });
    onTestFinished(() => dialled.destroy());
    return dialled;
  };

  test('that is paused as soon as it is open gives no more than was read by then', async () => {
    let accepted: Stream | undefined;
    const dialled = await listenAndConnect((stream) => {
      accepted = stream;
      stream.handler = { ...DEAF, opened() {} };
      stream.write([new Uint8Array(8 << 20)], () => {});
    });
    let received = 0;
    const opened = new Promise<void>((resolve) => {
      dialled.handler = {
        ...DEAF,
        opened: () => {
          dialled.pause();
          resolve();
        },
        received: (chunk) => {
          received += chunk.length;
        },
      };
    });
    await opened;
    await delay(50);
    expect(received).toBeLessThanOrEqual(64 * 1024);
    dialled.resume();
    await eventually(() => expect(received).toBe(8 << 20));
    accepted?.destroy();
  });

  test('ends when its reader throws, which is an uncaught exception', async () => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    onTestFinished(() => {
      for (const other of others) process.on('uncaughtException', other);
    });
    const thrown = once(process, 'uncaughtException');
    let chunks = 0;
    const closed = new Promise<void>((resolve) => {
      void listenAndConnect((stream) => {
        stream.handler = {
          ...DEAF,
          received: () => {
            chunks++;
            throw new Error('a mistake');
          },
          closed: () => resolve(),
        };
      }).then((dialled) => {
        dialled.handler = {
          ...DEAF,
          opened: () => dialled.write([new Uint8Array(1 << 20)], () => {}),
        };
      });
    });
    expect(await thrown).toMatchObject([{ message: 'a mistake' }, 'uncaughtException']);
    await closed;
    expect(chunks).toBe(1);
  });
});

describe('a received message', () => {
  // The smaller address dials, so there is a socket of either kind.
  test.each(['dialled', 'accepted'])(
    'is nobody else’s, over a connection that was %s, even if its memory is given away',
    async (kind) => {
      const [smaller, larger] = await openNodes(2);
      const [from, to] = kind === 'accepted' ? [smaller, larger] : [larger, smaller];
      const receiver = to.bind(4000);
      const sender = from.bind();
      const sizes = [0, 1, 64, 1000, 20_000, 70_000, 300_000, 1 << 20];
      const numbers = Array.from({ length: 160 }, (_, number) => number);
      const lengthOf = (number: number) => 4 + (sizes[number % sizes.length] ?? 0);
      const seen: number[] = [];
      const kept: { number: number; bytes: Uint8Array }[] = [];
      const all = new Promise<void>((resolve) => {
        receiver.on('message', ({ data }: Incoming) => {
          const number = new DataView(data.buffer, data.byteOffset).getUint32(0);
          expect(data.length).toBe(Math.min(lengthOf(number), 1 << 20));
          seen.push(number);
          if (number % 3 === 0) kept.push({ number, bytes: data });
          else giveAway(data);
          if (seen.length === numbers.length) resolve();
        });
      });
      for (const number of numbers) {
        const data = new Uint8Array(Math.min(lengthOf(number), 1 << 20)).fill(number);
        new DataView(data.buffer).setUint32(0, number);
        await sender.sendmsg(data, { address: to.address, port: 4000, tcpPort: to.tcpPort });
      }
      await all;
      expect(seen).toEqual(numbers);
      for (const { number, bytes } of kept) {
        expect(bytes.subarray(4).every((byte) => byte === number % 256)).toBe(true);
      }
    },
  );
});

/** As a program might that does not know what else is there. */
function giveAway({ buffer }: Uint8Array): void {
  try {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  } catch (error) {
    // Later versions of Node say so, others only copy.
    expect((error as Error).name).toBe('DataCloneError');
  }
}
