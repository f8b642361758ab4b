/**
 * The tasks of `rds stress`, both sides in a simulated world: every request is answered, in
 * order, whatever happens to the connections; and whatever is wrong with a message is noticed.
 */

import type { RdsNode, RdsSocket } from '@rds-tcp/core';
import { createSimulation, type Simulation } from '@rds-tcp/core/testing';
import { describe, expect, test } from 'vitest';
import { makeFiller } from '../../src/cli/stress/filler.js';
import { Latency } from '../../src/cli/stress/latency.js';
import { ACK, makeMessage, REQUEST, stamp } from '../../src/cli/stress/message.js';
import type { Settings } from '../../src/cli/stress/settings.js';
import { Tally } from '../../src/cli/stress/tally.js';
import { Task } from '../../src/cli/stress/task.js';

const SETTINGS: Settings = {
  depth: 1,
  requestBytes: 1024,
  ackBytes: 63,
  tasks: 1,
  basePort: 4000,
  runSeconds: 0,
  oneWay: false,
  verify: true,
  summaryOnly: false,
  tos: 0,
};

const HERE = '10.0.0.1';
const THERE = '10.0.0.2';

/** One side: its tasks, what they counted, and what was wrong. */
class Side {
  readonly tally = new Tally();
  readonly latency = new Latency();
  readonly errors: string[] = [];
  readonly tasks: readonly Task[];

  constructor(simulation: Simulation, node: RdsNode, peerAddress: string, settings: Settings) {
    const share = {
      settings,
      peerAddress,
      filler: settings.verify
        ? makeFiller(Math.max(settings.requestBytes, settings.ackBytes))
        : null,
      tally: this.tally,
      latency: this.latency,
      asks: peerAddress === THERE || !settings.oneWay,
      now: () => simulation.clock.now(),
      failed: (error: Error) => this.errors.push(error.message),
    };
    this.tasks = Array.from({ length: settings.tasks }, (_, n) => new Task(node, n, share));
  }

  start(): void {
    for (const task of this.tasks) task.start();
  }

  stopAsking(): void {
    for (const task of this.tasks) task.stopAsking();
  }

  get unanswered(): number {
    return this.tasks.reduce((sum, task) => sum + task.unanswered, 0);
  }
}

async function world(changes: Partial<Settings> = {}) {
  const settings = { ...SETTINGS, ...changes };
  const simulation = createSimulation({ seed: 7 });
  const here = await simulation.openNode({ address: HERE });
  const there = await simulation.openNode({ address: THERE });
  const active = new Side(simulation, here, THERE, settings);
  const passive = new Side(simulation, there, HERE, settings);
  return { simulation, settings, here, there, active, passive };
}

/** Lets it run, then asks no more, and waits for the answers. */
async function runFor(simulation: Simulation, sides: readonly Side[], ms: number) {
  for (const side of sides) side.start();
  await simulation.clock.advance(ms);
  for (const side of sides) side.stopAsking();
  await simulation.clock.runUntil(() => sides.every(({ unanswered }) => unanswered === 0));
}

describe('two sides', () => {
  test.each<Partial<Settings>>([
    {},
    { verify: false, depth: 8 },
    { tasks: 3, depth: 4 },
    { requestBytes: 63, depth: 7 },
    { requestBytes: 1 << 20, ackBytes: 1 << 20, depth: 2, tasks: 2 },
    { requestBytes: 64 << 10, ackBytes: 4096, depth: 64 },
    { requestBytes: 60, ackBytes: 61 },
  ])('answer all requests of each other, with %j', async (changes) => {
    const { simulation, active, passive } = await world(changes);
    await runFor(simulation, [active, passive], 500);
    expect([...active.errors, ...passive.errors]).toEqual([]);
    expect(active.tally.requestsSent).toBeGreaterThan(10);
    expect(passive.tally.requestsSent).toBeGreaterThan(10);
    expect(active.tally).toMatchObject({
      acksReceived: active.tally.requestsSent,
      requestsReceived: passive.tally.requestsSent,
      acksSent: passive.tally.requestsSent,
      strays: 0,
    });
    expect(passive.tally.acksReceived).toBe(passive.tally.requestsSent);
  });

  test('one way: the passive side only answers', async () => {
    const { simulation, active, passive } = await world({ oneWay: true, depth: 4, tasks: 2 });
    await runFor(simulation, [active, passive], 500);
    expect(passive.tally.requestsSent).toBe(0);
    expect(active.tally.requestsSent).toBeGreaterThan(10);
    expect(passive.tally.acksSent).toBe(active.tally.requestsSent);
  });

  test('lose nothing while connections are cut', async () => {
    const { simulation, active, passive } = await world({ depth: 8, tasks: 2 });
    for (const side of [active, passive]) side.start();
    for (let cuts = 0; cuts < 20; cuts++) {
      await simulation.clock.advance(50);
      simulation.network.cut(HERE, THERE);
    }
    for (const side of [active, passive]) side.stopAsking();
    await simulation.clock.runUntil(() => active.unanswered + passive.unanswered === 0);
    expect([...active.errors, ...passive.errors]).toEqual([]);
    expect(active.tally.acksReceived).toBe(active.tally.requestsSent);
    expect(passive.tally.acksReceived).toBe(passive.tally.requestsSent);
  });

  test('wait while the peer is away, with no more under way than the depth', async () => {
    const { simulation, active, passive } = await world({ depth: 16, tasks: 2 });
    simulation.network.partition(HERE, THERE, 'both');
    active.start();
    await simulation.clock.advance(5000);
    expect(active.tally.requestsSent).toBe(2 * 2 * 16);
    simulation.network.heal(HERE, THERE);
    await simulation.clock.runUntil(() => active.tally.requestsSent > 1000);
    active.stopAsking();
    await simulation.clock.runUntil(() => active.unanswered === 0);
    expect([...active.errors, ...passive.errors]).toEqual([]);
    expect(active.tally.requestsSent).toBeGreaterThan(2 * 2 * 16);
  });

  test('go on when a full send buffer has emptied', async () => {
    // A mebibyte is the least buffer, and more is to be under way to each of the peer's tasks.
    const { simulation, here, active, passive } = await world({
      depth: 200,
      tasks: 8,
      requestBytes: 60_000,
    });
    await runFor(simulation, [active, passive], 1000);
    expect(here.info().counters.send_queue_full).toBeGreaterThan(0);
    expect([...active.errors, ...passive.errors]).toEqual([]);
    expect(active.tally.acksReceived).toBe(active.tally.requestsSent);
  });

  test('measure the time of the way there and back', async () => {
    const { simulation, active, passive } = await world({ oneWay: true });
    simulation.network.link(HERE, THERE).latencyMs = { min: 20, max: 20 };
    simulation.network.link(THERE, HERE).latencyMs = { min: 30, max: 30 };
    await runFor(simulation, [active, passive], 10_000);
    const { requestsSent, rttUs } = active.tally;
    // The first one waits for the connection.
    expect(active.latency.summary()).toMatchObject({ count: requestsSent, p50Us: 50_015 });
    expect(rttUs / requestsSent).toBeGreaterThan(50_000);
  });
});

test('two sides with IPv6 addresses answer all requests of each other', async () => {
  const settings = { ...SETTINGS, requestBytes: 200, ackBytes: 96, depth: 3, tasks: 2 };
  const simulation = createSimulation();
  const here = await simulation.openNode({ address: 'fd00::1' });
  const there = await simulation.openNode({ address: 'fd00::2' });
  const one = new Side(simulation, here, 'fd00::2', settings);
  const other = new Side(simulation, there, 'fd00::1', settings);
  await runFor(simulation, [one, other], 500);
  expect([...one.errors, ...other.errors]).toEqual([]);
  expect(one.tally.requestsSent).toBeGreaterThan(10);
  expect(one.tally).toMatchObject({ acksReceived: one.tally.requestsSent, strays: 0 });
  expect(other.tally).toMatchObject({ acksReceived: other.tally.requestsSent, strays: 0 });
});

test('a congested peer is left alone until it is not', async () => {
  const simulation = createSimulation();
  const here = await simulation.openNode({ address: HERE });
  const there = await simulation.openNode({ address: THERE });
  const slow = there.bind({ port: 4001, receiveBufferBytes: 100_000 });
  const to = { address: THERE, port: 4001 };
  const other = here.bind();
  for (let n = 0; n < 2; n++) await other.sendmsg(new Uint8Array(60_000), to);
  await simulation.clock.advance(1000);

  const active = new Side(simulation, here, THERE, { ...SETTINGS, depth: 4 });
  active.start();
  await simulation.clock.advance(1000);
  expect(here.info().counters.cong_send_error).toBe(1);
  expect(active.tally.requestsSent).toBe(0);

  expect(slow.recvmmsg().length).toBe(2);
  await simulation.clock.advance(1000);
  expect(active.tally.requestsSent).toBe(4);
  expect(slow.recvmmsg().length).toBe(4);
  expect(active.errors).toEqual([]);
});

/** The other side, of which the test decides what it says. */
class Forger {
  readonly #socket: RdsSocket;
  readonly #settings: Settings;
  readonly #address: string;

  constructor(node: RdsNode, settings: Settings, port = settings.basePort + 1) {
    this.#socket = node.bind({ port, receiveBufferBytes: 100_000 });
    this.#settings = settings;
    this.#address = node.address;
  }

  message(operation: number, sequence: number, index: number): Uint8Array {
    const { requestBytes, ackBytes } = this.#settings;
    const bytes = operation === ACK ? ackBytes : requestBytes;
    const ends = {
      from: this.#address,
      to: HERE,
      fromPort: this.#socket.port,
      toPort: 4001,
    };
    const message = makeMessage(operation, ends, bytes, 63, makeFiller(bytes));
    stamp(message, sequence, 4001, index);
    return message;
  }

  send(message: Uint8Array): Promise<void> {
    return this.#socket.sendmsg(message, { address: HERE, port: 4001 });
  }

  received(): Uint8Array[] {
    return this.#socket.recvmmsg().map(({ data }) => data);
  }
}

describe('a message is wrong', () => {
  type Forge = (forger: Forger) => Uint8Array[];
  const request = (forger: Forger, sequence = 0, index = 0) =>
    forger.message(REQUEST, sequence, index);
  const changed = (message: Uint8Array, at: number) => {
    message[at] = (message[at] as number) ^ 0x40;
    return message;
  };

  test.each<[string, Forge, RegExp]>([
    ['a message is missing', (f) => [request(f, 1)], /sequence is 1 and not 0/],
    [
      'it comes twice',
      (f) => [request(f), request(f)],
      /a request: sequence is 0 and not 1, index/,
    ],
    ['an index is skipped', (f) => [request(f, 0, 1)], /index is 1 and not 0/],
    ['it was for another', (f) => [changed(request(f), 15)], /to port is 4065 and not 4001/],
    ['it is from another', (f) => [changed(request(f), 7)], /from is 10\.0\.0\.66/],
    ['it is cut', (f) => [request(f).subarray(0, 100)], /a request has 100 bytes and not 1024/],
    ['it is nothing', () => [new Uint8Array(10)], /10 bytes is neither a request nor an ack/],
    ['the operation is unknown', (f) => [f.message(3, 0, 0)], /neither a request nor an ack/],
    ['nothing was asked', (f) => [f.message(ACK, 0, 0)], /an ack came without a request/],
    ['it is corrupted', (f) => [changed(request(f), 700)], /corrupted from its byte 700 on/],
  ])('if %s', async (_what, forge, sentence) => {
    const settings = { ...SETTINGS, oneWay: true, depth: 3 };
    const simulation = createSimulation();
    const here = await simulation.openNode({ address: HERE });
    const there = await simulation.openNode({ address: THERE });
    const side = new Side(simulation, here, THERE, settings);
    const forger = new Forger(there, settings);
    for (const message of forge(forger)) await forger.send(message);
    await simulation.clock.advance(1000);
    expect(side.errors[0]).toMatch(/^bad message from 10\.0\.0\.2:4001 to port 4001: /);
    expect(side.errors[0]).toMatch(sentence);
  });

  test('if more requests come than the depth, while their acks can not be sent', async () => {
    const settings = { ...SETTINGS, oneWay: true, depth: 2 };
    const simulation = createSimulation();
    const here = await simulation.openNode({ address: HERE });
    const there = await simulation.openNode({ address: THERE });
    const side = new Side(simulation, here, THERE, settings);
    // The acks find a congested port.
    const forger = new Forger(there, settings);
    const filler = here.bind();
    const to = { address: THERE, port: 4001 };
    for (let n = 0; n < 2; n++) await filler.sendmsg(new Uint8Array(60_000), to);
    await simulation.clock.advance(1000);
    for (const [n, index] of [0, 1, 0].entries()) {
      await forger.send(forger.message(REQUEST, n, index));
    }
    await simulation.clock.advance(1000);
    expect(side.errors).toEqual([
      'bad message from 10.0.0.2:4001 to port 4001: more than 2 requests came without waiting for acks',
    ]);
  });

  test('if the sender is no task', async () => {
    const simulation = createSimulation();
    const here = await simulation.openNode({ address: HERE });
    const there = await simulation.openNode({ address: THERE });
    const side = new Side(simulation, here, THERE, SETTINGS);
    const forger = new Forger(there, SETTINGS, 5000);
    await forger.send(request(forger));
    await simulation.clock.advance(1000);
    expect(side.errors[0]).toMatch(/from 10\.0\.0\.2:5000 to port 4001: there is no such task/);
  });

  test('but from elsewhere it is only counted', async () => {
    const simulation = createSimulation();
    const here = await simulation.openNode({ address: HERE });
    const elsewhere = await simulation.openNode({ address: '10.0.0.9' });
    const side = new Side(simulation, here, THERE, SETTINGS);
    const forger = new Forger(elsewhere, SETTINGS);
    await forger.send(request(forger));
    await simulation.clock.advance(1000);
    expect(side.errors).toEqual([]);
    expect(side.tally).toMatchObject({ strays: 1, requestsReceived: 0 });
  });
});

test('an old peer, whose header is shorter, has its filler right behind it', async () => {
  const settings = { ...SETTINGS, requestBytes: 100, ackBytes: 60 };
  const simulation = createSimulation();
  const here = await simulation.openNode({ address: HERE });
  const there = await simulation.openNode({ address: THERE });
  const side = new Side(simulation, here, THERE, settings);
  const forger = new Forger(there, settings);
  const message = forger.message(REQUEST, 0, 0);
  message.set(makeFiller(40), 60);
  await forger.send(message);
  await simulation.clock.advance(1000);
  expect(side.errors).toEqual([]);
  expect(forger.received().map(({ length }) => length)).toEqual([60]);
});
