/** More than one path to a peer: how many, who uses which, and that nothing is lost or reordered. */

import { describe, expect, test } from 'vitest';
import type { NodeOptions, RdsNode } from '../src/index.js';
import { pathOfPort } from '../src/lane.js';
import { announcedPaths, ownFeatures } from '../src/wire/extension.js';
import { A, B, world } from './findings/world.js';

describe('the path of a socket', () => {
  test('is one that there is, and always the same', () => {
    for (let paths = 1; paths <= 8; paths++) {
      for (let port = 0; port <= 65_535; port++) {
        const path = pathOfPort(port, paths);
        if (!(path >= 0 && path < paths) || path !== pathOfPort(port, paths)) {
          expect([port, paths, path]).toBe('a path');
        }
      }
    }
  });

  test.each([1, 2, 8, 256])('differs enough for ports that are %i apart', (step) => {
    const counts = new Array<number>(8).fill(0);
    for (let at = 0; at < 200; at++) {
      const path = pathOfPort(2000 + at * step, 8);
      counts[path] = (counts[path] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(200 / 8 / 3);
  });
});

test.each([
  ['nothing', {}, 1],
  ['a kernel without SPORT_IDX', { npaths: 8 }, 1],
  ['a kernel with it', { npaths: 8, sportIndex: true }, 1],
  ['one of ours', { npaths: 1, own: { features: 0x01, tcpPort: 16_385 } }, 1],
  ['one of ours with five', { npaths: 1, own: { features: ownFeatures(5), tcpPort: 1 } }, 5],
  ['one of ours with all', { npaths: 8, own: { features: ownFeatures(8), tcpPort: 1 } }, 8],
] as const)('with %s', (_, extensions, paths) => {
  expect(announcedPaths(extensions)).toBe(paths);
});

describe('two nodes', () => {
  const states = (node: RdsNode) => node.info().connections[0]?.paths.map(({ state }) => state);

  async function pair(a: Partial<NodeOptions>, b: Partial<NodeOptions>) {
    const { clock, network, open } = world();
    const [alice, bob] = [await open(A, a), await open(B, b)];
    await clock.until(alice.ping(B));
    await clock.advance(2000);
    return { clock, network, open, alice, bob };
  }

  test.each([
    [1, 1, 1],
    [4, 1, 1],
    [1, 8, 1],
    [2, 2, 2],
    [3, 5, 3],
    [8, 4, 4],
    [8, 8, 8],
  ])('with %i and %i paths have %i', async (a, b, count) => {
    const { alice, bob, network } = await pair({ paths: a }, { paths: b });
    expect(states(alice)).toEqual(new Array(count).fill('up'));
    expect(states(bob)).toEqual(new Array(count).fill('up'));
    const ports = network.connections(A, B).map(({ fromPort }) => fromPort % 8);
    expect(ports).toHaveLength(count);
    if (count > 1) expect(ports.sort()).toEqual([...new Array(count).keys()]);
  });

  test('lose one connection, and the others go on', async () => {
    const { clock, network, alice, bob } = await pair({ paths: 4 }, { paths: 4 });
    const server = bob.bind(5000);
    const sockets = Array.from({ length: 8 }, (_, at) => alice.bind(4000 + at));
    const of = (lane: number) =>
      network.connections(A, B).find(({ fromPort }) => fromPort % 8 === lane);
    const cut = of(2);
    cut?.cut({ noticeMs: { min: 500, max: 500 } });
    for (const socket of sockets) {
      for (let sent = 0; sent < 3; sent++) socket.trySendmsg(`${sent}`, { address: B, port: 5000 });
    }
    const arrived = (lane: number) => {
      const received = server.recvmmsg(100);
      const from = received.map(({ from: { port } }) => port);
      expect(from.filter((port) => (pathOfPort(port, 4) === 2) !== (lane === 2))).toEqual([]);
      return received.length;
    };
    await clock.advance(100);
    const through = sockets.filter(({ port }) => pathOfPort(port, 4) !== 2).length;
    expect(through).toBeLessThan(8);
    expect(arrived(0)).toBe(3 * through);
    await clock.advance(2000);
    expect(arrived(2)).toBe(3 * (8 - through));
    expect(of(2)).not.toBe(cut);
    expect(states(alice)).toEqual(['up', 'up', 'up', 'up']);
    expect(alice.info().counters.conn_reset).toBe(1);
  });

  test.each([
    [8, 3],
    [3, 8],
    [4, 1],
    [1, 4],
  ])('that have %i paths, and then the peer has %i', async (before, after) => {
    const { clock, network, open, alice, bob } = await pair({ paths: 8 }, { paths: before });
    network.kill(bob.host);
    const sockets = Array.from({ length: 8 }, (_, at) => alice.bind(4000 + at));
    await clock.advance(100);
    // Nothing of this can leave before the next life of the peer is there.
    for (let sent = 0; sent < 20; sent++) {
      for (const socket of sockets) socket.trySendmsg(`${sent}`, { address: B, port: 5000 });
    }
    expect(alice.info().connections[0]?.sendQueueMessages).toBe(160);
    const next = await open(B, { paths: after });
    const server = next.bind(5000);
    await clock.advance(60_000);
    expect(states(alice)).toEqual(new Array(after).fill('up'));
    expect(states(next)).toEqual(new Array(after).fill('up'));
    const received = server.recvmmsg(1000);
    for (const { port } of sockets) {
      const texts = received
        .filter(({ from }) => from.port === port)
        .map(({ data }) => textOf(data));
      expect(texts).toEqual(Array.from({ length: 20 }, (_, sent) => `${sent}`));
    }
    expect(alice.info().counters.send_uncertain).toBe(0);
  });

  test('let sockets have more under way together, as many as there are', async () => {
    const { clock, network, open, alice, bob } = await pair({ paths: 4 }, { paths: 4 });
    const sockets = [alice.bind(4000), alice.bind(4001)];
    const sent = () => {
      const counts = [0, 0];
      for (let round = 0; round < 64; round++) {
        for (const [at, socket] of sockets.entries()) {
          try {
            socket.trySendmsg(new Uint8Array(64 * 1024), { address: B, port: 5000 });
            counts[at] = (counts[at] ?? 0) + 1;
          } catch {}
        }
      }
      return counts;
    };
    network.kill(bob.host);
    expect(sent()).toEqual([64, 64]);
    for (const socket of sockets) socket.cancelSentTo();
    await open(B, { paths: 1 });
    await clock.advance(60_000);
    expect(sent()).toEqual([43, 42]);
  });

  test('close, and nothing of what was accepted is lost on any path', async () => {
    const { clock, alice, bob } = await pair({ paths: 4 }, { paths: 4 });
    const server = bob.bind(5000);
    const sockets = Array.from({ length: 8 }, (_, at) => alice.bind(4000 + at));
    for (const socket of sockets) {
      for (let sent = 0; sent < 20; sent++) {
        socket.trySendmsg(new Uint8Array(5000), { address: B, port: 5000 });
      }
    }
    expect(await clock.until(alice.close())).toEqual({ messages: 0, bytes: 0 });
    expect(server.recvmmsg(1000)).toHaveLength(160);
    await clock.advance(10_000);
    expect(bob.info().connections).toEqual([]);
  });
});

function textOf(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}
