/** SendQuota: one buffer, shared by the destinations at one peer, and whose turn it is. */

import { SimulatedClock } from '@rds-tcp/core/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { RdsError } from '../src/errors.js';
import { Flow, type Route } from '../src/flow.js';
import { chargeBytes } from '../src/message.js';
import { Outstanding } from '../src/outstanding.js';
import { Pending } from '../src/pending.js';
import { type RoomWaiter, SendQuota } from '../src/send-quota.js';
import type { MessageOwner } from '../src/train.js';

const KIB = 1024;
const WINDOW_BYTES = 4096 * KIB;

describe('SendQuota', () => {
  test('has room up to its limit', () => {
    const quota = new SendQuota(1000, new Outstanding(WINDOW_BYTES));
    quota.reserve(600);
    expect([quota.hasRoom(400), quota.hasRoom(401)]).toEqual([true, false]);
    quota.reserve(400);
    expect(quota.usedBytes).toBe(1000);
    expect(quota.hasRoom(0)).toBe(false);
    quota.release(600);
    expect(quota.hasRoom(600)).toBe(true);
  });

  test('counts small messages as 64 bytes', () => {
    const quota = new SendQuota(128, new Outstanding(WINDOW_BYTES));
    quota.reserve(0);
    quota.reserve(1);
    expect([quota.usedBytes, quota.hasRoom(0)]).toEqual([128, false]);
    expect([quota.release(64), quota.usedBytes]).toEqual([false, 64]);
    expect([quota.release(64), quota.usedBytes]).toEqual([true, 0]);
  });

  test('takes one message when it is empty, however small it is itself', () => {
    const quota = new SendQuota(10, new Outstanding(WINDOW_BYTES));
    expect(quota.hasRoom(10)).toBe(true);
    quota.reserve(10);
    expect(quota.hasRoom(0)).toBe(false);
  });

  test('wakes nobody who has no room', () => {
    const quota = new SendQuota(1000, new Outstanding(WINDOW_BYTES));
    const woken: number[] = [];
    quota.reserve(500);
    quota.reserve(500);
    const waiter: RoomWaiter = {
      roomNeeded: 600,
      roomCame: () => {
        woken.push(quota.usedBytes);
        return false;
      },
    };
    quota.wait(waiter);
    quota.release(500);
    expect(woken).toEqual([]);
    quota.release(500);
    expect(woken).toEqual([0]);
  });
});

describe('quotas of sockets that send to the same peer', () => {
  /** Fills them in turn with messages of 1 KiB. What each of them then has, in KiB. */
  function fill(quotas: readonly SendQuota[]): number[] {
    for (let hadRoom = true; hadRoom; ) {
      hadRoom = false;
      for (const quota of quotas) {
        if (!quota.admits(KIB)) continue;
        quota.reserve(KIB);
        hadRoom = true;
      }
    }
    return quotas.map(({ usedBytes }) => usedBytes / KIB);
  }

  /** Of sockets whose send buffers are the window: 600 KiB, unless something else is said. */
  function quotas(count: number, ofAll = new Outstanding(600 * KIB), limitBytes = 600 * KIB) {
    return Array.from({ length: count }, () => new SendQuota(limitBytes, ofAll));
  }

  test.each([
    [1, 600],
    [2, 400],
    [3, 300],
    [11, 100],
    [100, 64],
  ])('%i of them may have %i KiB each', (count, each) => {
    const all = quotas(count);
    const shares = all.map(({ shareBytes }) => shareBytes / KIB);
    expect(shares).toEqual(shares.map(() => 600));
    expect(fill(all)).toEqual(all.map(() => each));
    expect(all.map(({ shareBytes }) => shareBytes / KIB)).toEqual(all.map(() => each));
  });

  test('may have all of their buffers where the window holds them', () => {
    expect(fill(quotas(11, new Outstanding(3600 * KIB)))).toEqual(Array(11).fill(600));
    expect(fill(quotas(12, new Outstanding(600 * KIB), 10 * KIB))).toEqual(Array(12).fill(10));
  });

  test('with larger buffers than the others may fill one alone', () => {
    const ofAll = new Outstanding(600 * KIB);
    const [large] = quotas(1, ofAll, 6000 * KIB) as [SendQuota];
    expect([fill([large]), fill(quotas(1, ofAll))]).toEqual([[6000], [64]]);
  });

  test('leave room for one that comes late', () => {
    const ofAll = new Outstanding(600 * KIB);
    const [early, late] = quotas(2, ofAll) as [SendQuota, SendQuota];
    expect([fill([early]), fill([late])]).toEqual([[600], [300]]);
    early.release(600 * KIB);
    expect(fill([late])).toEqual([600]);
    late.release(600 * KIB);
    expect(ofAll.bytes).toBe(0);
  });

  test('let one go on when it has nothing under way, however much others have', () => {
    const [busy, waiting] = quotas(2) as [SendQuota, SendQuota];
    let woken = 0;
    fill([busy, waiting]);
    waiting.wait({ roomNeeded: 450 * KIB, roomCame: () => woken++ > 0 });
    waiting.release(399 * KIB);
    expect([woken, waiting.usedBytes]).toEqual([0, KIB]);
    waiting.release(KIB);
    expect(woken).toBe(1);
  });

  test('go on when what another had is canceled, and are asked no more than once', () => {
    const ofAll = new Outstanding(600 * KIB);
    const [busy, waiting] = quotas(2, ofAll) as [SendQuota, SendQuota];
    let woken = 0;
    fill([busy, waiting]);
    waiting.wait({ roomNeeded: KIB, roomCame: () => ++woken > 1 });
    busy.release(busy.usedBytes);
    expect(woken).toBe(0);
    ofAll.roomCame();
    ofAll.roomCame();
    expect(woken).toBe(1);
  });
});

/** A peer that takes what it is sent, and acknowledges when it is told to. */
class Peer {
  readonly quota: SendQuota;
  readonly clock = new SimulatedClock();
  /** Port and length of each message, as sent. */
  readonly sent: [port: number, length: number][] = [];
  readonly #unacknowledged: { readonly length: number; readonly owner: MessageOwner }[] = [];
  readonly #route: Route = {
    isCongested: () => false,
    awaitUncongested: () => {},
    send: (_, length, _sport, dport, owner) => {
      this.sent.push([dport, length]);
      this.#unacknowledged.push({ length, owner });
    },
    cancel: () => ({ messages: 0, bytes: 0 }),
    outstanding: new Outstanding(WINDOW_BYTES),
    isGone: false,
  };

  constructor(limitBytes: number, ofAll = new Outstanding(WINDOW_BYTES)) {
    this.quota = new SendQuota(limitBytes, ofAll);
  }

  flow(port: number): Flow {
    const owner = { port: 4000, blocked: () => {}, emptied: () => {} };
    return new Flow({ address: '10.0.0.2', port }, this.#route, this.quota, owner);
  }

  /** The oldest message is acknowledged. False if there is none. */
  acknowledge(): boolean {
    const message = this.#unacknowledged.shift();
    if (message === undefined) return false;
    const chargedBytes = chargeBytes(message.length);
    message.owner.settled({ count: 1, chargedBytes, receipt: null }, 'delivered', null);
    return true;
  }

  /** As sendmsg does: at once, or behind all that wait. */
  send(flow: Flow, length: number): Pending<void> {
    const payload = new Uint8Array(length);
    const pending = new Pending<void>(this.clock, undefined, {}, () => flow.gaveUp());
    pending.promise.catch(() => {});
    if (flow.trySend(payload, length, null) === null) pending.resolve();
    else flow.wait({ pending, payload, length, receipt: null, group: flow.group });
    return pending;
  }

  get ports(): number[] {
    return this.sent.map(([port]) => port);
  }
}

describe('flows that wait for room', () => {
  let peer: Peer;
  let one: Flow;
  let other: Flow;
  beforeEach(() => {
    peer = new Peer(1000);
    one = peer.flow(5001);
    other = peer.flow(5002);
  });

  test('keep the order of their own messages', () => {
    for (const length of [900, 200, 64, 700, 100]) peer.send(one, length);
    while (peer.acknowledge());
    expect(peer.sent.map(([, length]) => length)).toEqual([900, 200, 64, 700, 100]);
  });

  test('take turns', () => {
    for (let count = 0; count < 3; count++) peer.send(one, 1000);
    for (let count = 0; count < 3; count++) peer.send(other, 1000);
    while (peer.acknowledge());
    expect(peer.ports).toEqual([5001, 5001, 5002, 5001, 5002, 5002]);
  });

  test('never use more than there is, and all get through', () => {
    const send = fc.record({ flow: fc.nat(2), length: fc.nat(1000) });
    const step = fc.oneof({ weight: 3, arbitrary: send }, fc.constant(null));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const busy = new Peer(1000);
        const flows = [5001, 5002, 5003].map((port) => busy.flow(port)) as [Flow, Flow, Flow];
        const expected: number[][] = [[], [], []];
        for (const each of steps) {
          if (each === null) busy.acknowledge();
          else {
            busy.send(flows[each.flow] as Flow, each.length);
            expected[each.flow]?.push(each.length);
          }
          expect(busy.quota.usedBytes).toBeLessThanOrEqual(1000);
        }
        while (busy.acknowledge()) expect(busy.quota.usedBytes).toBeLessThanOrEqual(1000);
        for (const [index, lengths] of expected.entries()) {
          const sent = busy.sent.filter(([port]) => port === 5001 + index);
          expect(sent.map(([, length]) => length)).toEqual(lengths);
        }
        expect(busy.quota.usedBytes).toBe(0);
        expect(flows.every((flow) => flow.isIdle)).toBe(true);
      }),
    );
  });

  test('get through on several sockets that share, and leave nothing counted', () => {
    const limits = fc.constantFrom(100 * KIB, 200 * KIB, 400 * KIB);
    const send = fc.record({ socket: fc.nat(2), length: fc.nat(100 * KIB) });
    const step = fc.oneof({ weight: 3, arbitrary: send }, fc.constant(null));
    fc.assert(
      fc.property(
        fc.tuple(limits, limits, limits),
        fc.array(step, { maxLength: 60, size: 'max' }),
        (limitsBytes, steps) => {
          const ofAll = new Outstanding(200 * KIB);
          const peers = limitsBytes.map((limitBytes) => new Peer(limitBytes, ofAll));
          const flows = peers.map((peer) => peer.flow(5001));
          const expected: number[][] = [[], [], []];
          for (const [index, each] of steps.entries()) {
            if (each === null) peers[index % 3]?.acknowledge();
            else {
              peers[each.socket]?.send(flows[each.socket] as Flow, each.length);
              expected[each.socket]?.push(each.length);
            }
            const used = peers.reduce((sum, { quota }) => sum + quota.usedBytes, 0);
            expect(ofAll.bytes).toBe(used);
          }
          for (const [index, peer] of peers.entries()) {
            while (peer.acknowledge());
            expect(peer.sent.map(([, length]) => length)).toEqual(expected[index]);
          }
          expect(ofAll.bytes).toBe(0);
        },
      ),
    );
  });

  test('are not overtaken for ever by small messages of another that need not wait', () => {
    for (let count = 0; count < 10; count++) peer.send(other, 100);
    const large = peer.send(one, 1000);
    for (let round = 0; round < 1000 && !large.isSettled; round++) {
      peer.acknowledge();
      peer.send(other, 100);
    }
    expect(large.isSettled).toBe(true);
  });

  test('go when one that waited for more before them gives up', () => {
    for (const length of [300, 100, 300]) peer.send(peer.flow(5003), length);
    const large = peer.send(one, 900);
    const small = peer.send(other, 400);
    peer.acknowledge();
    // There is room for the small one, but it is not its turn.
    expect([large.isSettled, small.isSettled]).toEqual([false, false]);
    large.reject(new RdsError('ABORT_ERR', 'aborted'));
    one.gaveUp();
    expect(small.isSettled).toBe(true);
  });

  test('go at the next acknowledgement at the latest when one before them gave up', () => {
    for (const length of [100, 300, 300]) peer.send(peer.flow(5003), length);
    const large = peer.send(one, 900);
    const small = peer.send(other, 400);
    large.reject(new RdsError('ABORT_ERR', 'aborted'));
    one.gaveUp();
    peer.acknowledge();
    expect(small.isSettled).toBe(true);
  });
});
