/** Peers that begin well and then lie: of what is congested, received, and who they are. */

import { describe, expect, test } from 'vitest';
import { coreOf } from '../../src/node.js';
import { decodeExtensions } from '../../src/wire/extension.js';
import { frame, map } from '../findings/raw.js';
import { type Attacker, besiege, HONEST, LARGER, type Siege, SMALLER } from './siege.js';

const SOON_MS = 10;
const ours = (generation = 77, tcpPort = 16385) => ({
  npaths: 1,
  generation,
  own: { features: 1, tcpPort },
});

/** A connection on which all has been said that one of our nodes says. */
async function ownPeer({ clock, dial }: Siege, from = SMALLER): Promise<Attacker> {
  const peer = dial(from);
  peer.write(map(), frame({ ext: ours() }));
  await clock.advance(SOON_MS);
  return peer;
}

const highest = ({ frames }: Attacker): number => Math.max(...frames.map((f) => f.sequence));

describe('a peer that floods congestion maps', () => {
  test('is heard to the end; who waited for it to be uncongested goes on', async () => {
    const siege = await besiege();
    const { clock, victim } = siege;
    const peer = await ownPeer(siege);
    const all = map(Array.from({ length: 65_536 }, (_, port) => port));
    const sender = victim.bind(4001);
    peer.write(all);
    await clock.advance(SOON_MS);
    const sends = Array.from({ length: 100 }, (_, n) =>
      sender.sendmsg(`${n}`, { address: SMALLER, port: 2 + n }),
    );
    const { cong_update_queued: queued } = victim.info().counters;
    // Each port in turn is the only one that is not congested.
    for (let n = 0; n < 2000; n++) {
      const one = all.slice();
      one[48 + ((2 + (n % 100)) >> 3)] = 0;
      peer.write(one, all);
      if (n % 20 === 0) await clock.advance(1);
    }
    await clock.advance(1000);
    await Promise.all(sends);
    expect(victim.info().counters.cong_update_received).toBeGreaterThan(4000);
    expect(victim.info().counters.cong_update_queued).toBe(queued);
    expect(clock.pending).toBeLessThan(20);
  });

  test('does not make a node with one sender do more work than reading', async () => {
    const siege = await besiege();
    const peer = await ownPeer(siege, SMALLER);
    siege.victim.on('congestion', () => {});
    for (let n = 0; n < 1000; n++) peer.write(map([n + 2]));
    await siege.clock.advance(1000);
    const connection = siege.victim.info().connections.find((c) => c.address === SMALLER);
    expect(connection).toMatchObject({ state: 'up', congestedPorts: [1001] });
  });
});

describe('a peer that acknowledges', () => {
  test('one more than was ever sent is hung up on', async () => {
    const siege = await besiege();
    const peer = await ownPeer(siege);
    const sender = siege.victim.bind(4001);
    await sender.sendmsg('x', { address: SMALLER, port: 6000 });
    await siege.clock.advance(SOON_MS);
    peer.write(frame({ ack: highest(peer) }));
    await siege.clock.advance(SOON_MS);
    expect(peer.overAtMs).toBeNull();
    peer.write(frame({ ack: highest(peer) + 1 }));
    await siege.clock.advance(SOON_MS);
    expect(siege.events.at(-1)).toMatchObject({ type: 'down', reason: 'bad-ack' });
  });

  test('less and less settles nothing twice, and nothing back', async () => {
    const siege = await besiege();
    const { clock, victim } = siege;
    const peer = await ownPeer(siege);
    const sender = victim.bind(4001);
    let settled = 0;
    for (let n = 0; n < 10; n++) {
      const receipt = sender.sendmsg('x', { address: SMALLER, port: 6000 }, { until: 'delivered' });
      void receipt.then(() => settled++);
    }
    await clock.advance(SOON_MS);
    const last = highest(peer);
    const acknowledged = victim.info().counters.send_acked ?? 0;
    const counts: number[] = [];
    for (const ack of [last - 5, last - 8, 0, 1, last - 5, last - 4, last, last - 9, last]) {
      peer.write(frame({ ack }));
      await clock.advance(SOON_MS);
      counts.push(settled);
    }
    expect(counts).toEqual([5, 5, 5, 5, 5, 6, 10, 10, 10]);
    // The honest peer acknowledges by sending; it is sent nothing.
    expect(victim.info().counters.send_acked).toBe(acknowledged + 10);
    expect(peer.overAtMs).toBeNull();
  });
});

test('a peer that announces 65,535 paths has one', async () => {
  const siege = await besiege();
  const { clock, network, victim } = siege;
  const ext = { ...ours(), npaths: 65_535 };
  const peer = siege.dial(SMALLER);
  const { dials } = network;
  peer.write(map(), frame({ seq: 1, sport: 1, ext }), frame({ seq: 2, dport: 1, ext }));
  await clock.advance(SOON_MS);
  const kernel = siege.dial('10.0.0.4');
  kernel.write(map(), frame({ seq: 1, sport: 1, ext: { npaths: 65_535 } }));
  await clock.advance(1000);
  expect(network.dials).toBe(dials + 1);
  expect(network.connections(SMALLER, victim.address)).toHaveLength(1);
  expect(victim.info().connections).toHaveLength(3);
});

describe('a peer that claims to be the honest one', () => {
  const identity = (siege: Siege) => decodeExtensions(coreOf(siege.honest).introduction.extensions);

  test.each([SMALLER, LARGER])('from %s, by its generation and port', async (address) => {
    const siege = await besiege();
    const ext = identity(siege);
    const liar = siege.dial(address);
    liar.write(map([], ext), frame({ seq: 1, sport: 1, ext }));
    liar.write(frame({ seq: 2, sport: 4000, dport: 5000, data: Uint8Array.of(0x58) }));
    await siege.clock.advance(60_000);
    liar.stream.destroy();
    await siege.clock.advance(SOON_MS);
    const before = siege.traffic.received.filter((text) => text !== 'X');
    // It is a peer of its own, under its own address.
    expect(siege.traffic.received.length - before.length).toBeLessThanOrEqual(1);
    siege.traffic.received.splice(0, Infinity, ...before);
  });

  test('from its address, on another TCP port', async () => {
    const siege = await besiege();
    const { generation } = identity(siege);
    const ext = ours(generation, 7000);
    for (let n = 0; n < 20; n++) {
      const liar = siege.dial(HONEST);
      liar.write(map([5000, 4000], ext), frame({ seq: n * 2 ** 40, ack: n, sport: 1, ext }));
      await siege.clock.advance(SOON_MS);
      liar.stream.destroy();
    }
    await siege.clock.advance(1000);
    const known = siege.victim.info().connections.find((c) => c.address === HONEST);
    expect(known).toMatchObject({ tcpPort: 16385, state: 'up', congestedPorts: [] });
  });

  test('from its address and on its port: it comes back when the liar is gone', async () => {
    // Whoever connects from an address is who lives there: nothing else is promised.
    const siege = await besiege();
    const { clock, open, victim } = siege;
    const other = await open(SMALLER);
    const sender = other.bind(4000);
    const to = { address: victim.address, port: 6000 };
    victim.bind(6000).on('message', () => {});
    await clock.until(sender.sendmsg('before', to, { until: 'delivered' }));
    for (let n = 0; n < 20; n++) {
      const liar = siege.dial(SMALLER);
      const ext = ours(n + 1);
      const data = Uint8Array.of(n);
      liar.write(map([4000], ext), frame({ ext }));
      liar.write(frame({ seq: 2 ** 53 - 1, sport: 4000, dport: 6000, data }));
      liar.write(frame({ seq: 5, flags: 0x84, sport: 4000, dport: 6000, data }));
      await clock.advance(SOON_MS);
      liar.stream.destroy();
    }
    await clock.advance(1000);
    await clock.until(sender.sendmsg('after', to, { until: 'delivered' }), 10_000);
    expect(await clock.until(victim.ping(SMALLER))).toBeLessThan(SOON_MS);
    await other.destroy();
  });

  test('from its address, to a victim that calls it', async () => {
    // The victim is smaller: whoever calls it from there can only be knocking.
    const siege = await besiege();
    const ext = identity(siege);
    for (let n = 0; n < 20; n++) {
      const liar = siege.dial(HONEST);
      liar.write(map([], ext), frame({ seq: 1, sport: 1, ext: ours(n + 1) }));
      await siege.clock.advance(SOON_MS);
      expect(liar.overAtMs).not.toBeNull();
    }
  });
});
