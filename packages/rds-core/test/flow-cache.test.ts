/**
 * The remembered way and the way looked up anew give the same bytes: two senders do the same million
 * things, and one of them may remember nothing.
 */

import { createHash } from 'node:crypto';
import { SeededRandom, SimulatedClock } from '@rds-tcp/core/testing';
import { expect, test } from 'vitest';
import type { Address } from '../src/address.js';
import { RdsError } from '../src/errors.js';
import type { Route } from '../src/flow.js';
import type { Link } from '../src/link.js';
import { Outbound, type OutboundSource } from '../src/outbound.js';
import { Outstanding } from '../src/outstanding.js';
import { Sender } from '../src/sender.js';
import { SlabPool } from '../src/slab.js';
import { Stats } from '../src/stats.js';

const OPERATIONS = 1_000_000;
const PEERS = ['10.0.0.2', '10.0.0.3', 'fd00::4'];
const SOCKETS = 4;
const PORTS = 5;
const FIRST_SEQUENCE = 2 ** 40;

const SOURCE: OutboundSource = {
  asksForRefusals: true,
  slabFull() {},
  noteLeft() {},
  allSent: () => false,
  takeAck: () => 77,
  extensions: new Uint8Array(16),
  mapExtensions: null,
  copyMap() {},
};

/** Everything from a socket's send to what TCP is given. */
class Rig {
  readonly stats = new Stats();
  readonly senders: Sender[];
  readonly #hash = createHash('sha256');
  readonly #paths = new Map<string, { outbound: Outbound; route: Route }>();
  #epoch = 0;

  constructor(remembers: boolean) {
    const router = {
      stats: this.stats,
      clock: new SimulatedClock(),
      maxMessageBytes: 1 << 20,
      // An epoch that is another one each time it is looked at: nothing remembered is good.
      epoch: 0,
      route: (to: Address) => ({ route: this.#pathTo(to.address).route, to: { ...to } }),
    };
    if (!remembers) Object.defineProperty(router, 'epoch', { get: () => ++this.#epoch });
    this.senders = Array.from({ length: SOCKETS }, (_, n) => new Sender(router, 4000 + n, 30_000));
  }

  send(socket: number, data: Uint8Array, to: Address): string {
    try {
      this.senders[socket]?.trySend(data, to);
      return 'sent';
    } catch (error) {
      if (error instanceof RdsError) return error.code;
      throw error;
    }
  }

  write(address: string): void {
    const write = (chunks: readonly Uint8Array[], _: number, done: () => void): void => {
      for (const chunk of chunks) this.#hash.update(chunk);
      done();
    };
    this.#pathTo(address).outbound.flush({ unwrittenBytes: 0, write } as unknown as Link);
  }

  /** All but the last so many messages are acknowledged. */
  acknowledge(address: string, butLast: number): number {
    const { outbound } = this.#pathTo(address);
    const last = outbound.fromWire(outbound.nextSequence) - 1 - butLast;
    return outbound.queue.acknowledge(last);
  }

  breakLink(address: string): void {
    this.#pathTo(address).outbound.queue.rewind();
  }

  get digest(): string {
    return this.#hash.copy().digest('hex');
  }

  #pathTo(address: string) {
    const known = this.#paths.get(address);
    if (known !== undefined) return known;
    const outbound = new Outbound(SOURCE, new SlabPool(), FIRST_SEQUENCE, this.stats);
    const route: Route = {
      outstanding: new Outstanding(1),
      isGone: false,
      isCongested: () => false,
      awaitUncongested() {},
      send: (payload, length, sport, dport, owner, receipt) =>
        outbound.send(payload, length, sport, dport, owner, receipt),
      cancel: (matches) => {
        const canceled = outbound.queue.takeWhere(({ owner }) => matches(owner));
        const messages = canceled.reduce((sum, { count }) => sum + count, 0);
        const bytes = canceled.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
        for (const train of canceled) train.settle('canceled');
        return { messages, bytes };
      },
    };
    const path = { outbound, route };
    this.#paths.set(address, path);
    return path;
  }
}

test('a remembered way gives the bytes of one that is looked up', () => {
  const rigs = [new Rig(true), new Rig(false)] as const;
  const random = new SeededRandom(5);
  const below = (limit: number) => Math.floor(random.next() * limit);
  const memory = new Uint8Array(40_000).map((_, at) => at * 7);
  let to: Address = { address: '10.0.0.2', port: 5000 };
  const both = (what: (rig: Rig) => unknown) => {
    const [first, second] = rigs.map(what);
    if (JSON.stringify(first) !== JSON.stringify(second)) expect(second).toEqual(first);
  };
  for (let n = 0; n < OPERATIONS; n++) {
    const die = below(100);
    const peer = PEERS[below(PEERS.length)] as string;
    if (die < 88) {
      if (below(3) === 0) to = { address: peer, port: 5000 + below(PORTS) };
      const length = below(50) === 0 ? below(25_000) : below(200);
      const at = below(1000);
      const socket = below(4) === 0 ? below(SOCKETS) : 0;
      both((rig) => rig.send(socket, memory.subarray(at, at + length), to));
    } else if (die < 94) both((rig) => rig.write(peer));
    else if (die < 98) {
      const butLast = below(4) === 0 ? below(20) : 0;
      both((rig) => rig.acknowledge(peer, butLast));
    } else if (die < 99) both((rig) => rig.breakLink(peer));
    else {
      const socket = below(SOCKETS);
      const only = below(2) === 0 ? undefined : to;
      both((rig) => rig.senders[socket]?.cancel(only));
    }
    if (n % 10_000 === 0) both((rig) => rig.digest);
  }
  both((rig) => rig.digest);
  const [remembering, forgetful] = rigs.map(({ stats }) => stats) as [Stats, Stats];
  // Both did much, and each in its way.
  expect(remembering.flow_miss_epoch).toBe(0);
  expect(forgetful.flow_miss_epoch).toBeGreaterThan(OPERATIONS / 4);
  expect(remembering.send_queue_full).toBeGreaterThan(1000);
});
