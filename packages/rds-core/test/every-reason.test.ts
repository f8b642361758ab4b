/** Every reason for which a connection ends, or is not let in, is counted where it happens. */

import { expect, test } from 'vitest';
import type { CloseReason } from '../src/index.js';
import { attach, frame, map } from './findings/raw.js';
import { A, B, C } from './findings/world.js';
import { callFrom, hello, KIB, LIVENESS_MS, LOWER, type Row, type Scene, scene } from './scene.js';

const RDS = 16_385;
/** Larger than A, so that A calls it. */
const THERE = { address: C, port: 5000 };

const sendThere = async (s: Scene, forMs: number) => {
  s.alice.trySendmsg('x', THERE);
  await s.clock.advance(forMs);
};

/** A program at C that hangs up on whoever calls. */
const hangUpThere = (s: Scene) =>
  s.network.runtime().transport.listen({ address: C, tcpPort: RDS }, (stream) => {
    attach(stream, {});
    stream.end();
  });

const rows: Record<CloseReason, Row> = {
  'peer-closed': [
    'a',
    1,
    async (s) => {
      await s.b.destroy();
      await s.clock.advance(100);
    },
  ],
  'peer-busy': [
    'a',
    'some',
    async (s) => {
      await hangUpThere(s);
      await sendThere(s, 1000);
    },
  ],
  broken: ['a', 1, (s) => s.reconnect()],
  'connect-failed': ['a', 'some', (s) => sendThere(s, 100)],
  'connect-timeout': [
    'a',
    1,
    (s) => {
      s.network.link(A, C).dialRule = 'hang';
      return sendThere(s, 5001);
    },
  ],
  'handshake-timeout': [
    'a',
    1,
    async (s) => {
      await callFrom(s, LOWER);
      await s.clock.advance(5000);
    },
  ],
  silent: [
    'a',
    1,
    async (s) => {
      s.network.partition(A, B);
      await s.clock.advance(LIVENESS_MS + 4000);
    },
  ],
  'bad-header': ['a', 1, (s) => callFrom(s, LOWER, new Uint8Array(48).fill(255))],
  'frame-too-large': [
    'a',
    1,
    (s) => callFrom(s, LOWER, frame({ sport: 2, dport: 3, data: new Uint8Array(1024 * KIB + 1) })),
  ],
  'bad-ack': ['a', 1, (s) => callFrom(s, LOWER, map(), hello, frame({ ack: 2 ** 52 }))],
  replaced: [
    'b',
    1,
    async (s) => {
      s.network.cut(A, B, { unaware: [B] });
      await s.clock.advance(1000);
    },
  ],
  reset: [
    'a',
    1,
    async (s) => {
      s.a.resetConnection(B);
      await s.clock.advance(1000);
    },
  ],
  closed: ['a', 1, (s) => s.clock.until(s.a.close())],
  'not-greeted': [
    'a',
    1,
    async (s) => {
      const stream = await callFrom(s, LOWER, map().subarray(0, 10));
      stream.end();
      await s.clock.advance(100);
    },
  ],
  knock: [
    'a',
    1,
    async (s) => {
      const c = await s.open(C);
      await s.clock.until(c.ping(A));
    },
  ],
  self: ['a', 1, (s) => callFrom(s, A, map())],
  'too-many-strangers': [
    'a',
    1,
    async (s) => {
      const { transport } = s.network.runtime();
      for (let n = 0; n <= 2048; n++) {
        attach(transport.connect({ address: LOWER, tcpPort: 1 }, { address: A, tcpPort: RDS }), {});
      }
      await s.clock.advance(1000);
    },
  ],
  // Three are remembered, and B is one.
  'too-many-peers': [
    'a',
    1,
    async (s) => {
      for (const address of ['9.0.0.1', '9.0.0.2', '9.0.0.3']) await callFrom(s, address, map());
    },
  ],
};

test.each(Object.entries(rows))('%s', async (reason, [whose, by, story]) => {
  const s = await scene();
  const name = `tcp_closed_${reason.replaceAll('-', '_')}`;
  const count = () => s[whose].info().counters[name] ?? 0;
  expect(count()).toBe(0);
  await story(s);
  if (by === 'some') expect(count()).toBeGreaterThan(0);
  else expect(count()).toBe(by);
});
