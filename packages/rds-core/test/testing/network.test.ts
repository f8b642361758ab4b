/** SimulatedNetwork without faults: listening, dialling, bytes, windows, endings. */

import { describe, expect, test } from 'vitest';
import { End, PORT, pattern, World } from './world.js';

describe('listening', () => {
  test('takes an address and port once', async () => {
    const world = new World();
    const listener = await world.listen();
    await expect(world.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const elsewhere = { address: 'c', tcpPort: PORT };
    expect((await world.b.transport.listen(elsewhere, () => {})).tcpPort).toBe(PORT);
    await listener.close();
    await listener.close();
    const again = await world.listen();
    // The first one is closed already: it must not take the port from its successor.
    await listener.close();
    await expect(world.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(again.tcpPort).toBe(PORT);
  });

  test('finds free ports', async () => {
    const { b } = new World();
    const any = { address: 'b', tcpPort: 0 };
    const ports = [
      (await b.transport.listen(any, () => {})).tcpPort,
      (await b.transport.listen(any, () => {})).tcpPort,
    ];
    expect(new Set(ports).size).toBe(2);
    for (const port of ports) expect(port).toBeGreaterThan(1024);
  });
});

describe('dialling', () => {
  test('connects after one round trip, and is accepted half a one later', async () => {
    const world = new World();
    const accepted: End[] = [];
    await world.listen((end) => {
      accepted.push(end);
      world.trace.push(`${world.clock.now()} b accepted ${end.stream.remoteAddress}`);
    });
    const a = world.dial();
    expect(a.stream.remoteAddress).toBe('b');
    await world.clock.advance(10);
    expect(world.trace).toEqual(['2 a opened', '3 b accepted a']);
    expect(accepted).toHaveLength(1);
  });

  test('is refused where nobody listens', async () => {
    const world = new World();
    const a = world.dial();
    await world.clock.advance(10);
    expect(world.trace).toEqual(['2 a closed ECONNREFUSED']);
    expect(a.error).toBeInstanceOf(Error);
    expect(world.network.connections()).toEqual([]);
    expect(world.network.dials).toBe(1);
    expect(world.clock.pending).toBe(0);
  });

  test('is refused to a paused stream too', async () => {
    const world = new World();
    const a = world.dial();
    a.stream.pause();
    await world.clock.advance(10);
    expect(a.events).toEqual(['closed ECONNREFUSED']);
  });

  test('is reset when the listener closes before it accepts', async () => {
    const world = new World();
    const listener = await world.listen();
    const a = world.dial();
    await world.clock.runUntil(() => a.events.length > 0);
    await listener.close();
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened', 'closed ECONNRESET']);
  });

  test('can be given up', async () => {
    const world = new World();
    const accepted: End[] = [];
    await world.listen((end) => accepted.push(end));
    const a = world.dial();
    a.write(1);
    a.stream.destroy();
    expect(a.events).toEqual([]);
    await world.clock.advance(10);
    expect(a.events).toEqual(['closed']);
    expect(a.dones).toBe(1);
    expect(accepted).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  test('is listed from open to close, and counted', async () => {
    const world = new World();
    await world.listen();
    const ends = [world.dial(), world.dial()];
    expect(world.network.connections()).toEqual([]);
    await world.clock.advance(10);
    const listed = world.network
      .connections()
      .map(({ from, to, toPort }) => ({ from, to, toPort }));
    const expected = { from: 'a', to: 'b', toPort: PORT };
    expect(listed).toEqual([expected, expected]);
    expect(world.network.connections('b', 'a')).toHaveLength(2);
    expect(world.network.connections('a', 'c')).toHaveLength(0);
    ends[0]?.stream.destroy();
    expect(world.network.connections()).toHaveLength(1);
    expect(world.network.dials).toBe(2);
  });

  test('demands a handler at once', async () => {
    const world = new World();
    await world.b.transport.listen({ address: 'b', tcpPort: PORT }, () => {});
    const a = world.dial();
    a.write(1);
    await expect(world.clock.advance(10)).rejects.toThrow('without a handler');
  });

  test('lets an acceptor refuse without a handler', async () => {
    const world = new World();
    const local = { address: 'b', tcpPort: PORT };
    await world.b.transport.listen(local, (stream) => stream.destroy());
    const a = world.dial();
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened', 'ended']);
  });
});

describe('bytes', () => {
  test('arrive in order after the latency, with done before', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    const startMs = world.clock.now();
    world.trace.length = 0;
    a.writeChunks([Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]);
    a.write(4);
    await world.clock.advance(10);
    expect(b.bytes).toEqual([1, 2, 3, 4]);
    expect(world.trace).toEqual([
      ...[`${startMs} a done`, `${startMs} a done`],
      ...[`${startMs + 1} b received 3`, `${startMs + 1} b received 1`],
    ]);
  });

  test('each take the latency', async () => {
    const world = new World();
    const { a } = await world.connect();
    const startMs = world.clock.now();
    a.write(1);
    await world.clock.advance(0.5);
    a.write(2);
    world.trace.length = 0;
    await world.clock.advance(10);
    const received = world.trace.filter((line) => line.includes('received'));
    expect(received).toEqual([`${startMs + 1} b received 1`, `${startMs + 1.5} b received 1`]);
  });

  test('begin anywhere in their buffer', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    for (let byte = 0; byte < 50; byte++) a.write(byte);
    await world.clock.advance(10);
    expect(new Set(b.chunks.map((chunk) => chunk.byteOffset % 4)).size).toBe(4);
  });

  test('may be written before the connection is open', async () => {
    const world = new World();
    let b: End | undefined;
    await world.listen((end) => {
      b = end;
    });
    const a = world.dial();
    a.write(5, 6);
    a.stream.end();
    await world.clock.advance(10);
    expect(b?.bytes).toEqual([5, 6]);
    expect(b?.events).toEqual(['received 2', 'ended']);
  });

  test('survive splitting and merging', async () => {
    const world = new World({ splitChance: 0.5, mergeChance: 0.5, maxChunkBytes: 50 });
    const { a, b } = await world.connect();
    const bytes = pattern(3000);
    for (let at = 0; at < bytes.length; at += 30) {
      a.writeChunks([bytes.subarray(at, at + 12), bytes.subarray(at + 12, at + 30)]);
    }
    await world.clock.advance(100);
    expect(b.bytes).toEqual([...bytes]);
    expect(a.dones).toBe(100);
    const lengths = b.chunks.map((chunk) => chunk.length);
    expect(Math.max(...lengths)).toBe(50);
    expect(Math.min(...lengths)).toBeGreaterThan(0);
    expect(new Set(lengths).size).toBeGreaterThan(20);
  });

  test('are whole writes without splitting and merging', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    for (const length of [10, 20, 30]) a.writeChunks([pattern(length)]);
    await world.clock.advance(10);
    expect(b.chunks.map((chunk) => chunk.length)).toEqual([10, 20, 30]);
  });

  test('keep their order under jitter', async () => {
    const world = new World({ latencyMs: { min: 0, max: 20 } });
    const { a, b } = await world.connect();
    for (let byte = 0; byte < 100; byte++) {
      a.write(byte);
      await world.clock.advance(1);
    }
    await world.clock.advance(100);
    expect(b.bytes).toEqual([...Array(100).keys()]);
  });

  test('are copies of what they were when done was called', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    const early = Uint8Array.of(1);
    a.writeChunks([early]);
    await world.clock.runUntil(() => a.dones === 1);
    early[0] = 2;
    const tooEarly = Uint8Array.of(3);
    a.writeChunks([tooEarly]);
    tooEarly[0] = 4;
    await world.clock.advance(10);
    expect(b.bytes).toEqual([1, 4]);
  });

  test('are watched between write and done when poisoned', async () => {
    const world = new World({ poison: true });
    const { a, b } = await world.connect();
    const bytes = pattern(1000);
    a.writeChunks([bytes]);
    await world.clock.runUntil(() => a.dones === 1);
    bytes[500] = 0;
    await world.clock.advance(20);
    expect(b.bytes).toEqual([...pattern(1000)]);
    a.writeChunks([bytes]);
    await world.clock.advance(0);
    bytes[500] = 1;
    await expect(world.clock.advance(20)).rejects.toThrow('changed between write and done');
  });

  test('never come in a call, nor does anything else', async () => {
    const world = new World({ latencyMs: { min: 0, max: 0 } });
    const { a, b } = await world.connect();
    await world.clock.settle();
    const before = world.trace.length;
    a.write(1);
    b.write(2);
    a.stream.pause();
    a.stream.resume();
    a.stream.end();
    a.stream.destroy();
    a.stream.destroy();
    a.write(3);
    world.dial();
    await world.clock.settle();
    expect(world.trace).toHaveLength(before);
    await world.clock.advance(0);
    expect(world.trace.length).toBeGreaterThan(before + 4);
    expect(a.dones).toBe(2);
  });
});

describe('windows', () => {
  const windowBytes = 1000;

  test('hold done back until the receiver has read', async () => {
    const world = new World({ windowBytes, maxChunkBytes: 100 });
    const { a, b } = await world.connect();
    b.stream.pause();
    const bytes = pattern(2500);
    for (const at of [0, 500, 1000, 1500, 2000]) a.writeChunks([bytes.subarray(at, at + 500)]);
    await world.clock.advance(1000);
    expect(a.dones).toBe(2);
    expect(b.byteCount).toBe(0);
    b.stream.resume();
    expect(b.byteCount).toBe(0);
    await world.clock.advance(1000);
    expect(a.dones).toBe(5);
    expect(b.bytes).toEqual([...bytes]);
  });

  test('open by what was read, however often the reader pauses', async () => {
    const world = new World({ windowBytes, maxChunkBytes: 100 });
    const { a, b } = await world.connect();
    b.onReceived = () => b.stream.pause();
    for (let write = 0; write < 50; write++) a.writeChunks([pattern(100)]);
    for (let read = 1; read <= 50; read++) {
      await world.clock.advance(10);
      expect(b.chunks).toHaveLength(read);
      expect(a.dones).toBe(Math.min(50, 10 + read));
      b.stream.resume();
    }
  });

  test('stay shut when a reader resumes and pauses in one turn', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    b.stream.pause();
    a.write(1);
    await world.clock.advance(10);
    b.stream.resume();
    b.stream.pause();
    await world.clock.advance(10);
    expect(b.events).toEqual([]);
    b.stream.resume();
    await world.clock.advance(10);
    expect(b.events).toEqual(['received 1']);
  });

  test('are one for each direction', async () => {
    const world = new World({ windowBytes });
    const { a, b } = await world.connect();
    b.stream.pause();
    a.writeChunks([pattern(2000)]);
    b.writeChunks([pattern(900)]);
    await world.clock.advance(100);
    expect([a.dones, b.dones]).toEqual([0, 1]);
    expect(a.byteCount).toBe(900);
  });
});

describe('endings', () => {
  test('half-close: the other side may still write', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    a.write(1);
    a.stream.end();
    a.stream.end();
    await world.clock.advance(10);
    expect(b.events).toEqual(['received 1', 'ended']);
    expect(() => a.write(2)).toThrow('after end');
    b.write(9);
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened', 'received 1']);
    expect(world.network.connections()).toHaveLength(1);
    b.stream.end();
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened', 'received 1', 'ended', 'closed']);
    expect(b.events).toEqual(['received 1', 'ended', 'closed']);
    expect(world.network.connections()).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  test('destroy: what was done arrives, the rest does not, each done comes once', async () => {
    const world = new World({ windowBytes: 10 });
    const { a, b } = await world.connect();
    a.writeChunks([pattern(10)]);
    a.writeChunks([pattern(10)]);
    await world.clock.advance(0);
    expect(a.dones).toBe(1);
    a.stream.destroy();
    expect(a.dones).toBe(1);
    await world.clock.advance(10);
    expect(a.dones).toBe(2);
    expect(a.events).toEqual(['opened', 'closed']);
    expect(b.events).toEqual(['received 10', 'ended']);
    b.stream.end();
    await world.clock.advance(10);
    expect(b.events).toEqual(['received 10', 'ended', 'closed']);
  });

  test('who writes to a stream that is gone is reset', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    a.stream.destroy();
    await world.clock.advance(10);
    const startMs = world.clock.now();
    // What it goes on writing does not keep the reset from it.
    for (let write = 0; write < 20; write++) {
      b.write(write);
      await world.clock.advance(0.5);
    }
    expect(b.events).toEqual(['ended', 'closed ECONNRESET']);
    expect(world.trace).toContain(`${startMs + 2} b closed ECONNRESET`);
    expect(a.events).toEqual(['opened', 'closed']);
  });

  test('who leaves bytes unread resets, and loses what it had in flight', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    b.stream.pause();
    a.write(1);
    await world.clock.advance(10);
    b.write(2);
    await world.clock.advance(0.5);
    const startMs = world.clock.now();
    b.stream.destroy();
    await world.clock.advance(10);
    expect(world.trace.at(-1)).toBe(`${startMs + 1} a closed ECONNRESET`);
    expect(a.events).toEqual(['opened', 'closed ECONNRESET']);
    expect(b.events).toEqual(['closed']);
  });

  test('a handler that destroys hears nothing more but closed', async () => {
    const world = new World({ maxChunkBytes: 1 });
    const { a, b } = await world.connect();
    b.onReceived = () => b.stream.destroy();
    a.write(1, 2, 3);
    a.stream.end();
    await world.clock.advance(10);
    expect(b.events).toEqual(['received 1', 'closed']);
  });

  test('events go to the handler of the moment', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    const other = new End('b', b.stream, world);
    a.write(1);
    await world.clock.advance(10);
    expect(b.events).toEqual([]);
    expect(other.events).toEqual(['received 1']);
  });
});
