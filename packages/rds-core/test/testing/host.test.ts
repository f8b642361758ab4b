/** SimulatedHost: turns, and what a stall does to them. */

import { describe, expect, test } from 'vitest';
import { World } from './world.js';

describe('SimulatedHost', () => {
  test('defers before any other event, and yields after all of the instant', async () => {
    const { a, clock } = new World();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(name);
    a.clock.setTimer(1, () => {
      a.yield(note('yielded'));
      a.clock.setTimer(0, note('event'));
      a.defer(() => {
        ran.push('deferred');
        a.defer(note('deferred by deferred'));
        a.clock.setTimer(0, note('later event'));
      });
      ran.push('turn');
    });
    a.clock.setTimer(1, note('other timer'));
    await clock.advance(1);
    expect(ran).toEqual([
      ...['turn', 'deferred', 'deferred by deferred'],
      ...['other timer', 'event', 'later event', 'yielded'],
    ]);
    expect(clock.now()).toBe(1);
  });

  test('yields after all input of the instant', async () => {
    const world = new World({ maxChunkBytes: 1 });
    const { a, b } = await world.connect();
    const seen: number[] = [];
    b.onReceived = () => world.b.yield(() => seen.push(b.byteCount));
    a.write(1, 2, 3, 4);
    await world.clock.advance(10);
    expect(b.chunks).toHaveLength(4);
    expect(seen).toEqual([4, 4, 4, 4]);
  });

  test('begins its sequences at wall-clock microseconds', async () => {
    const { a, clock, network } = new World();
    const start = a.initialSequence();
    expect(start).toBe(1_700_000_000_000_000);
    await clock.advance(1.5);
    expect(a.initialSequence()).toBe(start + 1500);
    expect(network.runtime({ wallClockStartUs: 5 }).initialSequence()).toBe(1505);
  });

  test('has chance of its own, the same for the same seed', () => {
    const [one, same, other] = [new World({}, 3), new World({}, 3), new World({}, 4)];
    const draw = ({ a }: World): number[] => [a.random(), a.random(), a.random()];
    expect(draw(one)).toEqual(draw(same));
    expect(draw(one)).not.toEqual(draw(other));
    expect(one.a.random()).not.toBe(one.b.random());
  });

  test('holds everything back in a stall, and then gives it in order, sockets last', async () => {
    const world = new World();
    const { a, b } = await world.connect();
    const startMs = world.clock.now();
    world.b.stall(100);
    world.trace.length = 0;
    for (const atMs of [50, 20]) {
      world.b.clock.setTimer(atMs, () => world.trace.push(`${world.clock.now()} timer ${atMs}`));
    }
    await world.clock.advance(30);
    a.write(1, 2);
    a.stream.end();
    await world.clock.advance(69);
    expect(b.events).toEqual([]);
    await world.clock.advance(1);
    const nowMs = startMs + 100;
    expect(world.trace).toEqual([
      `${startMs + 30} a done`,
      `${nowMs} timer 20`,
      `${nowMs} timer 50`,
      `${nowMs} b received 2`,
      `${nowMs} b ended`,
    ]);
  });

  test('keeps the order between what it held and what comes as it ends', async () => {
    const { a, clock } = new World();
    const ran: number[] = [];
    for (const atMs of [1, 2, 10]) a.clock.setTimer(atMs, () => ran.push(atMs));
    a.stall(10);
    await clock.advance(20);
    expect(ran).toEqual([1, 2, 10]);
  });

  test('holds what was deferred, and the done of what was written, before the stall', async () => {
    const world = new World();
    const { a } = await world.connect();
    const startMs = world.clock.now();
    world.trace.length = 0;
    world.a.defer(() => world.trace.push(`${world.clock.now()} deferred`));
    a.write(1);
    world.a.stall(10);
    await world.clock.advance(20);
    expect(world.trace).toEqual([
      `${startMs + 1} b received 1`,
      `${startMs + 10} deferred`,
      `${startMs + 10} a done`,
    ]);
  });

  test('tells nothing of a stream that was destroyed by an event held before', async () => {
    const world = new World();
    await world.listen();
    const a = world.dial();
    world.a.clock.setTimer(1, () => a.stream.destroy());
    world.a.stall(10);
    await world.clock.advance(20);
    expect(a.events).toEqual(['closed']);
  });

  test('lets each held event have its own turn', async () => {
    const { a, clock } = new World();
    const ran: string[] = [];
    for (const name of ['first', 'second']) {
      a.clock.setTimer(1, () => {
        ran.push(name);
        a.defer(() => ran.push(`${name} deferred`));
        a.yield(() => ran.push(`${name} yielded`));
        void Promise.resolve().then(() => ran.push(`${name} promise`));
      });
    }
    a.stall(10);
    await clock.advance(20);
    expect(ran).toEqual([
      ...['first', 'first promise', 'first deferred'],
      ...['second', 'second promise', 'second deferred'],
      ...['first yielded', 'second yielded'],
    ]);
  });

  test('stalls as long as the longest of overlapping stalls, and again', async () => {
    const { a, clock } = new World();
    const ran: number[] = [];
    a.stall(20);
    a.stall(5);
    a.clock.setTimer(1, () => ran.push(clock.now()));
    await clock.advance(25);
    expect(ran).toEqual([20]);
    a.stall(10);
    a.clock.setTimer(1, () => {
      ran.push(clock.now());
      a.stall(10);
    });
    a.clock.setTimer(2, () => ran.push(clock.now()));
    await clock.advance(100);
    expect(ran).toEqual([20, 35, 45]);
    expect(clock.pending).toBe(0);
  });

  test('does not run a timer that was cancelled while it was held', async () => {
    const { a, clock } = new World();
    const ran: string[] = [];
    a.clock.setTimer(1, () => victim.cancel());
    const victim = a.clock.setTimer(2, () => ran.push('cancelled'));
    a.clock.setTimer(3, () => ran.push('kept'));
    a.stall(10);
    await clock.advance(20);
    expect(ran).toEqual(['kept']);
  });

  test('keeps its kernel alive in a stall', async () => {
    const world = new World();
    await world.listen();
    world.b.stall(100);
    const a = world.dial();
    await world.clock.advance(10);
    expect(a.events).toEqual(['opened']);
  });
});
