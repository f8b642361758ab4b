/**
 * Nodes that die and come back, from a seed. No message arrives twice, not even at two
 * incarnations; what arrives is in order; and each receipt tells the truth.
 */

import { describe, expect, test } from 'vitest';
import { openNode, type RdsError, type RdsNode, type RdsSocket } from '../src/index.js';
import { SeededRandom, SimulatedClock, SimulatedNetwork } from '../src/testing/index.js';

const SEEDS = Number(process.env.RDS_TEST_SEEDS ?? 60);
const FIRST_SEED = Number(process.env.RDS_TEST_FIRST_SEED ?? 1);
const PORT = 4000;
const MESSAGES = 200;

interface Arrival {
  readonly incarnation: string;
  readonly sender: string;
}

class Cluster {
  readonly random: SeededRandom;
  readonly clock = new SimulatedClock();
  readonly network: SimulatedNetwork;
  readonly nodes = new Map<string, { node: RdsNode; socket: RdsSocket; incarnation: string }>();
  readonly arrivals = new Map<number, Arrival[]>();
  readonly lastArrival = new Map<string, number>();
  readonly problems: string[] = [];
  pending = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork(this.clock, this.random.fork(), { poison: true });
  }

  async open(address: string): Promise<void> {
    const runtime = this.network.runtime();
    const node = await openNode({ address, reconnect: { maxDelayMs: 200 } }, runtime);
    const incarnation = `${address}@${this.clock.now()}`;
    const socket = node.bind(PORT);
    socket.on('message', ({ data }) => this.#arrived(incarnation, data));
    this.nodes.set(address, { node, socket, incarnation });
  }

  #arrived(incarnation: string, data: Uint8Array): void {
    const number = new DataView(data.buffer, data.byteOffset).getUint32(0);
    const sender = String.fromCharCode(...data.subarray(4, 34));
    const before = this.arrivals.get(number) ?? [];
    if (before.length > 0) {
      this.problems.push(`${number} arrived at ${before[0]?.incarnation} and at ${incarnation}`);
    }
    this.arrivals.set(number, [...before, { incarnation, sender }]);
    const pair = `${sender} → ${incarnation}`;
    if (number < (this.lastArrival.get(pair) ?? -1))
      this.problems.push(`${pair}: ${number} is late`);
    this.lastArrival.set(pair, number);
  }

  send(number: number): void {
    const { socket, incarnation } = this.random.pick([...this.nodes.values()]);
    const address = this.random.pick([...this.nodes.keys()]);
    const data = new Uint8Array(40 + this.random.integer(0, 2000));
    new DataView(data.buffer).setUint32(0, number);
    const name = incarnation.padEnd(30).slice(0, 30);
    data.set(
      [...name].map((letter) => letter.charCodeAt(0)),
      4,
    );
    this.pending++;
    socket
      .sendmsg(data, { address, port: PORT }, { until: 'delivered' })
      .then(
        () => {
          if (!this.arrivals.has(number)) this.problems.push(`${number}: a receipt, no message`);
        },
        (error: RdsError) => this.#failed(number, error),
      )
      .finally(() => this.pending--);
  }

  #failed(number: number, error: RdsError): void {
    if (error.outcome === undefined && error.code !== 'EBADF') {
      this.problems.push(`${number}: ${error} has no outcome`);
    }
    if (error.outcome !== 'not-delivered') return;
    if (this.arrivals.has(number)) this.problems.push(`${number} arrived, but: ${error}`);
    this.arrivals.set(number, [{ incarnation: 'nowhere', sender: '' }]);
  }

  async fault(): Promise<void> {
    const [a, b] = this.random.shuffle([...this.nodes.keys()]) as [string, string];
    const { network, random } = this;
    const what = random.pick(['cut', 'half-open', 'partition', 'restart', 'restart']);
    if (what === 'cut') network.cut(a, b);
    if (what === 'half-open') network.cut(a, b, { unaware: [a] });
    if (what === 'partition') {
      network.partition(a, b);
      this.clock.setTimer(random.integer(1, 2000), () => network.heal(a, b));
    }
    if (what === 'restart') {
      await this.clock.until((this.nodes.get(a) as { node: RdsNode }).node.destroy());
      await this.clock.advance(random.integer(0, 300));
      await this.open(a);
    }
  }
}

describe('nodes that restart', () => {
  test.each(Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index))(
    'seed %i',
    async (seed) => {
      const cluster = new Cluster(seed);
      for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) await cluster.open(address);
      for (let number = 0; number < MESSAGES; number++) {
        cluster.send(number);
        if (cluster.random.chance(0.3)) await cluster.clock.advance(cluster.random.integer(0, 20));
        if (cluster.random.chance(0.04)) await cluster.fault();
      }
      await cluster.clock.advance(60_000);
      expect(cluster.problems).toEqual([]);
      expect(cluster.pending).toBe(0);
      const closing = [...cluster.nodes.values()].map(({ node }) => node.close());
      await cluster.clock.until(Promise.all(closing), 60_000);
      await cluster.clock.advance(100);
      expect(cluster.clock.pending).toBe(0);
    },
  );
});
