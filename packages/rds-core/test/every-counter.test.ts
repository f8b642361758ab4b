/**
 * Every counter, moved by a story of its own, by exactly so much. A counter without a story fails,
 * and so does a story that leaves its counter where it was.
 */

import { expect, test } from 'vitest';
import { RdsError } from '../src/index.js';
import { Stats } from '../src/stats.js';
import { frame, map } from './findings/raw.js';
import { A, B, C } from './findings/world.js';
import {
  callFrom,
  hello,
  KIB,
  LIVENESS_MS,
  LOWER,
  probe,
  type Row,
  type Scene,
  scene,
  TO,
} from './scene.js';

/** More than is handed to the operating system at once. */
const FLOOD = new Uint8Array(600 * KIB);

const manyPings = (s: Scene, count: number): void => {
  for (let n = 0; n < count; n++) s.a.ping(B, { timeoutMs: 1000 }).catch(() => {});
};

const congest = async (s: Scene) => {
  s.alice.trySendmsg(new Uint8Array(4 * KIB + 1), TO);
  await s.clock.advance(100);
};

const receipt = { until: 'delivered' } as const;

const rows: Record<string, Row> = {
  conn_reset: ['a', 1, (s) => s.reconnect()],
  conn_forgotten: ['a', 1, (s) => s.clock.until(s.b.close())],
  recv_drop_old_seq: [
    'a',
    1,
    async (s) => {
      const once = { seq: 2, sport: 9, dport: 4000 };
      await callFrom(s, LOWER, map(), probe, frame(once));
      await callFrom(s, LOWER, map(), frame({ ...once, flags: 4 }));
      await s.clock.advance(5000);
    },
  ],
  recv_drop_no_sock: ['b', 1, (s) => s.say('x', { address: B, port: 6000 })],
  recv_drop_dead_sock: [
    'b',
    1,
    async (s) => {
      await s.say();
      s.bob.destroy();
    },
  ],
  // What a kernel ignores too: a ping from port 0. And a pong that was meant for someone else.
  recv_drop_control: [
    'a',
    3,
    async (s) => {
      const late = frame({ seq: 3, sport: 0, dport: 9, flags: 4 });
      await callFrom(s, LOWER, map(), probe, frame({ seq: 2 }), late);
      // One of ours that says what no refusal is.
      await callFrom(s, '9.0.0.1', map(), hello, frame({ seq: 1, data: new Uint8Array(5) }));
    },
  ],
  recv_queued: ['b', 1, (s) => s.say()],
  recv_delivered: [
    'b',
    3,
    async (s) => {
      const waits = s.bob.recvmsg();
      for (const text of ['to who waits', 'to the queue']) await s.say(text);
      await waits;
      s.bob.recvmmsg();
      s.bob.on('message', () => {});
      await s.say('to the listener');
    },
  ],
  copy_to_user: [
    'b',
    7,
    async (s) => {
      await s.say('queued');
      await s.bob.recvmsg({ peek: true });
      await s.bob.recvmsg();
      s.bob.on('message', () => {});
      await s.say('!');
    },
  ],
  copy_from_user: ['a', 7, (s) => s.say('seven b')],
  recv_ack_required: ['b', 1, (s) => s.clock.until(s.alice.sendmsg('x', TO, receipt))],
  send_ack_required: ['a', 1, (s) => s.clock.until(s.alice.sendmsg('x', TO, receipt))],
  recv_ping: ['b', 1, (s) => s.clock.until(s.a.ping(B))],
  recv_pong: ['a', 1, (s) => s.clock.until(s.a.ping(B))],
  send_ping: ['a', 1, (s) => s.clock.until(s.a.ping(B))],
  send_pong: ['b', 1, (s) => s.clock.until(s.a.ping(B))],
  // In a quiet minute each side asks once in a while, and each question is an answer too.
  send_hb_ping: ['a', 10, (s) => s.clock.advance(6 * LIVENESS_MS)],
  recv_hb_ping: ['b', 10, (s) => s.clock.advance(6 * LIVENESS_MS)],
  send_ping_dropped: [
    'a',
    6,
    async (s) => {
      manyPings(s, 1030);
      await s.clock.advance(2000);
    },
  ],
  send_pong_dropped: [
    'a',
    'some',
    async (s) => {
      const pings = Array.from({ length: 7000 }, (_, n) => {
        return frame({ seq: n + 2, sport: 2 + n, dport: 0 });
      });
      const stream = await callFrom(s, LOWER, map(), probe);
      s.network.partition(A, LOWER, 'one-way');
      stream.write(pings, () => {});
      await s.clock.advance(100);
    },
  ],
  send_control_lost: [
    'a',
    1,
    async (s) => {
      s.network.partition(A, B);
      s.alice.trySendmsg(FLOOD, TO);
      await s.clock.advance(10);
      manyPings(s, 1);
      s.a.resetConnection(B);
    },
  ],
  send_queue_empty: [
    'a',
    2,
    async (s) => {
      for (const text of ['1', '2']) await s.say(text);
    },
  ],
  send_queue_full: [
    'a',
    1,
    (s) => {
      s.network.partition(A, B);
      s.alice.trySendmsg(new Uint8Array(1000 * KIB), TO);
      expect(() => s.alice.trySendmsg(new Uint8Array(100 * KIB), TO)).toThrow(RdsError);
    },
  ],
  send_queued: ['a', 1, (s) => s.say()],
  send_acked: ['a', 1, (s) => s.say()],
  send_retransmitted: [
    'a',
    1,
    async (s) => {
      s.network.partition(A, B);
      s.alice.trySendmsg('x', TO);
      await s.clock.advance(10);
      await s.reconnect();
      s.network.heal(A, B);
      await s.clock.advance(60_000);
    },
  ],
  send_canceled: [
    'a',
    1,
    (s) => {
      s.alice.trySendmsg('x', TO);
      s.alice.cancelSentTo();
    },
  ],
  send_uncertain: [
    'a',
    1,
    async (s) => {
      s.network.partition(B, A, 'one-way');
      s.alice.trySendmsg('x', TO);
      await s.clock.advance(100);
      s.network.cut(A, B);
      s.network.kill(s.b.host);
      s.network.heal(A, B);
      await s.open(B);
      await s.clock.advance(60_000);
    },
  ],
  send_refused: [
    'a',
    1,
    (s) => s.clock.until(s.alice.sendmsg('x', { address: B, port: 6000 }, receipt).catch(() => {})),
  ],
  cong_update_queued: ['b', 1, congest],
  cong_update_received: ['a', 1, congest],
  cong_send_error: [
    'a',
    1,
    async (s) => {
      await congest(s);
      expect(() => s.alice.trySendmsg('x', TO)).toThrow(RdsError);
    },
  ],
  cong_send_blocked: [
    'a',
    1,
    async (s) => {
      await congest(s);
      const waits = s.alice.sendmsg('x', TO);
      s.bob.recvmmsg();
      await s.clock.until(waits);
    },
  ],
  recv_bytes_added_to_sock: ['b', 100, (s) => s.say('x'.repeat(100))],
  recv_bytes_freed_fromsock: [
    'b',
    100,
    async (s) => {
      await s.say('x'.repeat(100));
      s.bob.recvmmsg();
    },
  ],
  tcp_data_ready_calls: ['b', 1, (s) => s.say()],
  tcp_write_space_calls: ['a', 1, (s) => s.say()],
  tcp_sndbuf_full: [
    'a',
    1,
    async (s) => {
      s.network.partition(A, B);
      s.alice.trySendmsg(FLOOD, TO);
      await s.clock.advance(10);
    },
  ],
  tcp_read_paused: ['b', 1, (s) => s.say('x'.repeat(64 * KIB))],
  // The smaller address calls again while the other side has not noticed that the first is gone.
  tcp_connect_raced: [
    'b',
    1,
    async (s) => {
      s.network.cut(A, B, { unaware: [B] });
      await s.clock.advance(1000);
    },
  ],
  tcp_listen_closed_stale: [
    'a',
    1,
    async (s) => {
      const stream = await callFrom(s, C);
      stream.destroy();
      await s.clock.advance(100);
    },
  ],
  flow_miss_first: ['a', 1, (s) => s.say('x', TO, s.a.bind())],
  flow_miss_other_destination: [
    'a',
    2,
    async (s) => {
      await s.say('x', { address: B, port: 6000 });
      await s.say();
    },
  ],
  // A peer was forgotten, so that what is known of the ways must be looked at once more.
  flow_miss_epoch: [
    'a',
    1,
    async (s) => {
      const c = await s.open(C);
      await s.clock.until(c.ping(A));
      await s.clock.until(c.close());
      await s.say();
    },
  ],
};
const numbersOf = (stats: Stats) =>
  Object.entries(stats).flatMap(([name, value]) => (typeof value === 'number' ? [name] : []));

test('every counter has a story', () => {
  expect(Object.keys(rows).sort()).toEqual(numbersOf(new Stats()).sort());
});

test.each(Object.entries(rows))('%s', async (name, [whose, by, story]) => {
  const s = await scene();
  const count = () => Number(s[whose].info().counters[name]);
  const before = count();
  await story(s);
  if (by === 'some') expect(count()).toBeGreaterThan(before);
  else expect(count() - before).toBe(by);
});
