/**
 * A crowd at the door: 10,000 TCP connections of another process that say nothing. Who is inside
 * is not disturbed, the crowd is sent away in time, and who comes then gets in.
 */

import { expect, test } from 'vitest';
import { collectGarbage } from '../../rds-core/test/garbage.js';
import { Child } from './child.js';
import {
  connectionEvents,
  eventually,
  hasManyLoopbacks,
  LIMIT_MS,
  loopback,
  nameOf,
  openNode,
} from './nodes.js';

/** The crowd makes do with fewer, if its process may not have as many files. */
const CROWD = 10_000;
const FEWEST = 500;
const MAX_STRANGERS = 2048;
const HANDSHAKE_TIMEOUT_MS = 3000;
const MIB = 1 << 20;
/** Of a socket that Node has open: what it costs besides our own few objects. */
const SOCKET_BYTES = 16 * 1024;

async function memoryUsed(): Promise<number> {
  await collectGarbage();
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test.skipIf(!hasManyLoopbacks)(
  'a crowd that says nothing',
  async () => {
    const victim = await openNode({
      address: loopback(5),
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    });
    const honest = await openNode({ address: loopback(6), tcpPort: victim.tcpPort });
    const downs = connectionEvents(honest);
    const sender = honest.bind(4000);
    const receiver = victim.bind(5000).on('message', () => {});
    const to = nameOf(victim, receiver);
    const send = () => sender.sendmsg('x', to, { until: 'delivered', timeoutMs: LIMIT_MS });
    await send();
    const before = await memoryUsed();

    // Smaller and larger than the victim: it has its map for the ones, and nothing for the others.
    const crowd = new Child('crowd', {
      host: victim.address,
      port: victim.tcpPort,
      from: [loopback(3), loopback(4), loopback(9)],
      count: CROWD,
    });
    let isOver = false;
    const ready = crowd.hear('ready').finally(() => {
      isOver = true;
    });
    let slowestMs = 0;
    while (!isOver) {
      const startMs = performance.now();
      await send();
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
    const { opened } = await ready;
    expect(opened).toBeGreaterThan(FEWEST);
    expect(slowestMs).toBeLessThan(2000);
    const allowed = MAX_STRANGERS * SOCKET_BYTES + MIB;
    expect((await memoryUsed()) - before).toBeLessThan(allowed);

    // All that were let in come to their end, and nothing of them is left.
    await eventually(async () => {
      const { closed } = await crowd.ask('state');
      expect(closed).toBeGreaterThanOrEqual(opened);
    });
    const { counters, connections } = victim.info();
    const turnedAway = counters.tcp_closed_too_many_strangers ?? 0;
    const timedOut = counters.tcp_closed_handshake_timeout ?? 0;
    expect(turnedAway + timedOut).toBe(opened);
    expect(connections).toHaveLength(1);
    expect(downs.filter(({ type }) => type === 'down')).toEqual([]);
    await send();
    const newcomer = await openNode({ address: loopback(2), tcpPort: victim.tcpPort });
    expect(await newcomer.ping(victim.address, { timeoutMs: LIMIT_MS })).toBeLessThan(1000);
    expect((await memoryUsed()) - before).toBeLessThan(4 * MIB);
  },
  60_000,
);
