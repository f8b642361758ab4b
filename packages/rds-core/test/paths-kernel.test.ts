/**
 * A kernel of 2026, which tells its paths apart: two of them use up to eight, and one of our nodes
 * is spoken to on one path, as by 6.1, however many it may have.
 */

import { expect, test } from 'vitest';
import { LinuxPeer, SeededRandom } from '../src/testing/index.js';
import { world } from './findings/world.js';

const SMALL = '10.0.0.1';
const OURS = '10.0.0.2';
const LARGE = '10.0.0.3';
const MESSAGES = 30;
const SOCKETS = 12;
/** What arrives of each socket. */
const ALL = Array.from({ length: MESSAGES }, (_, sent) => sent).join(' ');

/** Notes what arrives, by the port of its sender. */
class Notes {
  readonly #arrived = new Map<number, number[]>();

  readonly take = ({ data, from }: { data: Uint8Array; from: { port: number } }): void => {
    const numbers = this.#arrived.get(from.port) ?? [];
    this.#arrived.set(from.port, [...numbers, data[0] as number]);
  };

  get texts(): string[] {
    return [...this.#arrived.values()].map((numbers) => numbers.join(' '));
  }
}

function meet() {
  const { clock, network, open } = world();
  const boot = async (address: string, generation: 6.1 | 2026) => {
    const kernel = new LinuxPeer(network, new SeededRandom(7), { address, generation });
    await kernel.start();
    return kernel;
  };
  /** Connections break at random, 25 in a second. */
  const cutAll = (a: string, b: string) => {
    const random = new SeededRandom(3);
    for (let cut = 1; cut < 25; cut++) {
      clock.setTimer(cut * 40, () => {
        const connections = network.connections(a, b);
        if (connections.length > 0) random.pick(connections).cut();
      });
    }
  };
  return { clock, network, open, boot, cutAll };
}

/** A socket that sends a message every 20 ms, as a program on a kernel does. */
function sendAll(kernel: LinuxPeer, to: string, clock: ReturnType<typeof meet>['clock']) {
  const sockets = Array.from({ length: SOCKETS }, () => kernel.bind());
  for (let sent = 0; sent < MESSAGES; sent++) {
    clock.setTimer(sent * 20, () => {
      for (const socket of sockets) {
        socket.send(new Uint8Array(100).fill(sent), { address: to, port: 5000 });
      }
    });
  }
}

test('two kernels use eight paths, and a socket one of them', async () => {
  const { clock, network, boot } = meet();
  const [a, b] = [await boot(SMALL, 2026), await boot(LARGE, 2026)];
  const [atA, atB] = [new Notes(), new Notes()];
  a.bind(5000).onMessage = atA.take;
  b.bind(5000).onMessage = atB.take;
  sendAll(a, LARGE, clock);
  sendAll(b, SMALL, clock);
  await clock.advance(60_000);
  for (const { texts } of [atA, atB]) expect(texts).toEqual(new Array(SOCKETS).fill(ALL));
  const ports = network.connections(SMALL, LARGE).map(({ fromPort }) => fromPort % 8);
  expect(ports.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test.each([
  [SMALL, 2026, 1],
  [LARGE, 2026, 1],
  [SMALL, 2026, 8],
  [LARGE, 2026, 8],
  [SMALL, 6.1, 8],
  [LARGE, 6.1, 8],
] as const)('a kernel at %s of %d and a node with %d paths use one', async (at, year, paths) => {
  const { clock, network, open, boot, cutAll } = meet();
  const node = await open(OURS, { reconnect: 'kernel', paths });
  const kernel = await boot(at, year);
  const [here, there] = [new Notes(), new Notes()];
  node.bind(5000).on('message', here.take);
  kernel.bind(5000).onMessage = there.take;
  sendAll(kernel, OURS, clock);
  const sockets = Array.from({ length: SOCKETS }, () => node.bind());
  for (let sent = 0; sent < MESSAGES; sent++) {
    for (const socket of sockets) {
      socket.trySendmsg(new Uint8Array(100).fill(sent), { address: at, port: 5000 });
    }
  }
  cutAll(OURS, at);
  await clock.advance(60_000);
  for (const { texts } of [here, there]) expect(texts).toEqual(new Array(SOCKETS).fill(ALL));
  expect(network.connections(OURS, at)).toHaveLength(1);
  expect(node.info().connections[0]?.paths).toHaveLength(1);
  expect(kernel.violations).toEqual([]);
});
