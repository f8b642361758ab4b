/**
 * A small cluster under faults, run from a seed: whatever breaks and when, each message between
 * two live nodes arrives once, in order and unaltered, every receipt is true, every call settles,
 * and in the end nothing is left: no message, no timer.
 */

import { describe, expect, test } from 'vitest';
import { openNode, type RdsNode, type RdsSocket } from '../src/index.js';
import { SeededRandom, SimulatedClock, SimulatedNetwork } from '../src/testing/index.js';

const SEEDS = Number(process.env.RDS_TEST_SEEDS ?? 60);
const FIRST_SEED = Number(process.env.RDS_TEST_FIRST_SEED ?? 1);
const PORTS = [4000, 4001];
const MESSAGES = 300;

interface Host {
  readonly address: string;
  readonly node: RdsNode;
  readonly sockets: RdsSocket[];
}

/** The state of one seed. */
class Cluster {
  readonly random: SeededRandom;
  readonly clock = new SimulatedClock();
  readonly network: SimulatedNetwork;
  readonly hosts: Host[] = [];
  /** Per "from → to": the numbers sent, and those received, in order. */
  readonly sent = new Map<string, number[]>();
  readonly received = new Map<string, number[]>();
  readonly problems: string[] = [];
  pending = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork(this.clock, this.random.fork(), { poison: true });
  }

  async start(): Promise<void> {
    const count = this.random.integer(2, 4);
    const buffers = this.random.pick([
      {},
      { sendBufferBytes: 64 * 1024, receiveBufferBytes: 32 * 1024 },
      { receiveBufferBytes: 1024, maxQueuedBytes: 128 * 1024 },
    ]);
    const tcpPort = this.random.pick([16385, 7000]);
    for (let index = 1; index <= count; index++) {
      const address = `10.0.0.${index}`;
      const runtime = this.network.runtime({ wallClockStartUs: 1_700_000_000_000_000 + index });
      const reconnect = { maxDelayMs: 500 };
      const node = await openNode({ address, tcpPort, ...buffers, reconnect }, runtime);
      const sockets = PORTS.map((port) => node.bind(port));
      this.hosts.push({ address, node, sockets });
      for (const socket of sockets) void this.#receive(socket);
    }
  }

  /** Reads slowly or at once, by every way there is. */
  async #receive(socket: RdsSocket): Promise<void> {
    const listen = this.random.chance(0.4);
    if (listen) {
      socket.on('message', ({ data, from }) => this.#check(socket, data, from));
      return;
    }
    const slow = this.random.chance(0.5);
    for await (const { data, from } of socket) {
      this.#check(socket, data, from);
      for (const more of slow ? [] : socket.recvmmsg(5)) this.#check(socket, more.data, more.from);
      if (slow) await this.sleep(this.random.integer(0, 20));
    }
  }

  #check(socket: RdsSocket, data: Uint8Array, from: { address: string; port: number }): void {
    const key = `${from.address}:${from.port} → ${socket.address}:${socket.port}`;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const number = view.getUint32(0);
    for (let at = 4; at < data.byteLength; at++) {
      if (data[at] !== ((number + at) & 255)) {
        this.problems.push(`${key}: message ${number} is altered at ${at}`);
        break;
      }
    }
    append(this.received, key, number);
  }

  send(number: number): void {
    const from = this.random.pick(this.random.pick(this.hosts).sockets);
    const host = this.random.pick(this.hosts);
    const to = { address: host.address, port: this.random.pick(PORTS) };
    const key = `${from.address}:${from.port} → ${to.address}:${to.port}`;
    const data = new Uint8Array(this.random.integer(4, this.random.pick([8, 500, 30_000])));
    new DataView(data.buffer).setUint32(0, number);
    for (let at = 4; at < data.byteLength; at++) data[at] = (number + at) & 255;
    append(this.sent, key, number);
    this.pending++;
    const receipt = this.random.chance(0.5);
    from
      .sendmsg(data, to, receipt ? { until: 'delivered' } : undefined)
      .then(
        async () => {
          // The reader may get the message in the same moment, a few promises later.
          await this.sleep(0);
          if (receipt && !this.received.get(key)?.includes(number) && !isQueued(host, to.port)) {
            this.problems.push(`${key}: the receipt of ${number} came before the message`);
          }
        },
        (error) => this.problems.push(`${key}: ${number}: ${error}`),
      )
      .finally(() => this.pending--);
  }

  fault(): void {
    const [a, b] = this.random.shuffle([...this.hosts]) as [Host, Host];
    const { network, random } = this;
    const what = random.pick(['cut', 'cut', 'partition', 'stall', 'reset', 'half-open', 'ping']);
    if (what === 'cut') network.cut(a.address, b.address);
    if (what === 'reset' && a.node.info().connections.some((c) => c.address === b.address)) {
      a.node.resetConnection(b.address);
    }
    if (what === 'ping') void a.node.ping(b.address).catch(() => {});
    if (what === 'half-open') network.cut(a.address, b.address, { unaware: [a.address] });
    if (what === 'partition') {
      const direction = random.pick(['both', 'one-way'] as const);
      network.partition(a.address, b.address, direction);
      this.clock.setTimer(random.integer(1, 3000), () => network.heal(a.address, b.address));
    }
    if (what === 'stall')
      (a.node.runtime as never as { stall(ms: number): void }).stall(random.integer(1, 2000));
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(delayMs, () => resolve());
    });
  }

  async close(): Promise<void> {
    const closing = this.hosts.map(({ node }) => node.close());
    await this.clock.until(Promise.all(closing), 60_000);
  }
}

describe('a cluster under faults loses, repeats, reorders and alters nothing', () => {
  test.each(Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index))(
    'seed %i',
    async (seed) => {
      const cluster = new Cluster(seed);
      await cluster.start();
      for (let number = 0; number < MESSAGES; number++) {
        cluster.send(number);
        if (cluster.random.chance(0.2)) await cluster.clock.advance(cluster.random.integer(0, 30));
        if (cluster.random.chance(0.05)) cluster.fault();
      }
      await cluster.clock.runUntil(() => cluster.pending === 0, 120_000).catch(() => {});
      await cluster.clock.advance(20_000);
      expect(cluster.problems).toEqual([]);
      expect(cluster.pending).toBe(0);
      for (const [key, numbers] of cluster.sent) {
        expect({ [key]: cluster.received.get(key) }).toEqual({ [key]: numbers });
      }
      await cluster.close();
      await cluster.clock.advance(100);
      expect(cluster.clock.pending).toBe(0);
    },
  );
});

function isQueued({ sockets }: Host, port: number): boolean {
  return (sockets.find((socket) => socket.port === port)?.info().queuedMessages ?? 0) > 0;
}

function append(map: Map<string, number[]>, key: string, number: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [number]);
  else list.push(number);
}
