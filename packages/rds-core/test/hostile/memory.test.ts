/**
 * Memory: a peer that sends more than anybody reads costs the hard limit and a MiB, however it
 * does it, and nothing at all when that is read or it has gone.
 */

import { describe, expect, test } from 'vitest';
import { HEADER_BYTES } from '../../src/wire/header.js';
import { frame, map } from '../findings/raw.js';
import { collectGarbage } from '../garbage.js';
import { besiege, SMALLER } from './siege.js';

const MIB = 1 << 20;
const MAX_QUEUED_BYTES = 8 * MIB;
/** Under way in the simulation, which is on our heap, too. */
const WINDOW_BYTES = 256 * 1024;
const MAX_COLLECTIONS = 10;
const ext = { npaths: 1, generation: 77, own: { features: 1, tcpPort: 16385 } };

async function memoryUsed(): Promise<number> {
  await collectGarbage();
  await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What is more than before, and stays: a buffer may outlive a collection or two. */
async function memoryLeft(before: number): Promise<number> {
  let left = Infinity;
  for (let n = 0; n < MAX_COLLECTIONS && left >= MIB; n++) left = (await memoryUsed()) - before;
  return left;
}

describe('a peer whose messages nobody reads', () => {
  // The largest message may be half in when the limit is reached.
  test.each([65_536, MIB])('in messages of %d bytes', async (length) => {
    const { clock, victim, dial } = await besiege({ maxQueuedBytes: MAX_QUEUED_BYTES });
    const unread = victim.bind(6000);
    const flood = dial(SMALLER);
    flood.write(map(), frame({ ext }));
    await clock.advance(10);
    // One piece of memory again and again, so that what grows is the victim's.
    const message = frame({ seq: 1, sport: 4000, dport: 6000, data: new Uint8Array(length) });
    const header = (n: number): Uint8Array => {
      const bytes = message.slice(0, HEADER_BYTES);
      new DataView(bytes.buffer).setUint32(4, n);
      return bytes;
    };
    const payload = message.subarray(HEADER_BYTES);
    const before = await memoryUsed();
    const count = (2 * MAX_QUEUED_BYTES) / length;
    for (let n = 1; n <= count; n++) flood.write(header(n), payload);
    await clock.advance(2000);
    const used = (await memoryUsed()) - before;
    flood.stream.destroy();
    await clock.advance(10);
    while (unread.recvmmsg().length > 0);
    await clock.advance(100);
    while (unread.recvmmsg().length > 0);
    expect(used).toBeGreaterThan(MAX_QUEUED_BYTES);
    expect(used).toBeLessThan(MAX_QUEUED_BYTES + WINDOW_BYTES + MIB + length);
    expect(await memoryLeft(before)).toBeLessThan(MIB);
  });
});

test('a thousand connections that announce a MiB and send a byte of it', async () => {
  const { clock, victim, dial } = await besiege();
  const header = frame({ seq: 1, sport: 4000, dport: 6000, data: new Uint8Array(MIB) });
  const connect = (n: number) => {
    const peer = dial(SMALLER);
    const own = { features: 1, tcpPort: 20_000 + n };
    peer.write(map([], { own }), frame({ ext: { ...ext, own } }), header.subarray(0, 49));
    return peer;
  };
  const before = await memoryUsed();
  const peers = Array.from({ length: 1000 }, (_, n) => connect(n));
  await clock.advance(100);
  // What they announce: 1 GiB.
  expect((await memoryUsed()) - before).toBeLessThan(200 * MIB);
  for (const { stream } of peers) stream.destroy();
  await clock.advance(100);
  expect(victim.info().queuedBytes).toBe(0);
});
