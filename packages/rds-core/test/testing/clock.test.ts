/** SimulatedClock: order, cancelling, and promises between events. */

import { SeededRandom, SimulatedClock } from '@rds-tcp/core/testing';
import { describe, expect, test } from 'vitest';
import type { Timer } from '../../src/runtime.js';

describe('SimulatedClock', () => {
  test('runs timers by time, and equal ones as they were set', async () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${clock.now()} ${name}`);
    clock.setTimer(20, note('late'));
    clock.setTimer(10, note('first'));
    clock.setTimer(10, note('second'));
    clock.setTimer(0, note('at once'));
    await clock.advance(20);
    expect(ran).toEqual(['0 at once', '10 first', '10 second', '20 late']);
  });

  test('never calls back from setTimer', () => {
    const clock = new SimulatedClock();
    let ran = false;
    clock.setTimer(0, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    clock.step();
    expect(ran).toBe(true);
  });

  test('keeps its order through random sets and cancels', () => {
    const clock = new SimulatedClock();
    const random = new SeededRandom(1);
    const due = new Map<number, number>();
    const timers: Timer[] = [];
    const ran: number[] = [];
    for (let id = 0; id < 2000; id++) {
      const atMs = random.integer(0, 300);
      due.set(id, atMs);
      timers.push(clock.setTimer(atMs, () => ran.push(id)));
      if (!random.chance(0.4)) continue;
      const victim = random.integer(0, id);
      timers[victim]?.cancel();
      due.delete(victim);
    }
    expect(clock.pending).toBe(due.size);
    while (clock.step());
    const expected = [...due].sort(([a, aMs], [b, bMs]) => aMs - bMs || a - b).map(([id]) => id);
    expect(ran).toEqual(expected);
  });

  test('counts what is pending', async () => {
    const clock = new SimulatedClock();
    const timer = clock.setTimer(5, () => {});
    clock.setTimer(6, () => {});
    expect(clock.pending).toBe(2);
    timer.cancel();
    timer.cancel();
    expect(clock.pending).toBe(1);
    await clock.advance(10);
    expect(clock.pending).toBe(0);
    timer.cancel();
  });

  test('lets a timer cancel its neighbour of the same instant', async () => {
    const clock = new SimulatedClock();
    let ran = false;
    clock.setTimer(5, () => neighbour.cancel());
    const neighbour = clock.setTimer(5, () => {
      ran = true;
    });
    await clock.advance(10);
    expect(ran).toBe(false);
  });

  test('advances by exactly what it was told, timers or not', async () => {
    const clock = new SimulatedClock(1000);
    const ran: number[] = [];
    clock.setTimer(10, () => ran.push(clock.now()));
    clock.setTimer(11, () => ran.push(clock.now()));
    await clock.advance(10);
    expect(clock.now()).toBe(1010);
    expect(ran).toEqual([1010]);
  });

  test('lets promises settle between two events of one instant', async () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    const chain = async (): Promise<void> => {
      for (let link = 0; link < 10; link++) await null;
      ran.push('promise');
    };
    clock.setTimer(1, () => void chain());
    clock.setTimer(1, () => ran.push('timer'));
    await clock.advance(1);
    expect(ran).toEqual(['promise', 'timer']);
  });

  test('lets three layers of async iteration see an event before the next one', async () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    const sleep = (delayMs: number): Promise<void> =>
      new Promise((resolve) => void clock.setTimer(delayMs, resolve));
    async function* ticks(): AsyncGenerator<number> {
      for (let tick = 0; tick < 3; tick++) {
        await sleep(1);
        yield tick;
      }
    }
    async function* doubled(): AsyncGenerator<number> {
      for await (const tick of ticks()) yield tick * 2;
    }
    void (async () => {
      for await (const tick of doubled()) ran.push(`${clock.now()} tick ${tick}`);
    })();
    for (const atMs of [1, 2, 3]) clock.setTimer(atMs + 0.001, () => ran.push('timer'));
    await clock.advance(5);
    expect(ran).toEqual(['1 tick 0', 'timer', '2 tick 2', 'timer', '3 tick 4', 'timer']);
  });

  test('settles long chains before a test looks', async () => {
    const clock = new SimulatedClock();
    let links = 0;
    clock.setTimer(1, async () => {
      for (; links < 100; links++) await null;
    });
    await clock.advance(1);
    expect(links).toBe(100);
  });

  test('runs until a condition holds, and no further', async () => {
    const clock = new SimulatedClock();
    let count = 0;
    const tick = (): void => {
      count++;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    await clock.runUntil(() => count === 3, 1000);
    expect(clock.now()).toBe(30);
  });

  test('rejects when the condition does not come true in time', async () => {
    const clock = new SimulatedClock();
    clock.setTimer(101, () => {});
    await expect(clock.runUntil(() => clock.now() > 100, 100)).rejects.toThrow('100 ms');
    expect(clock.now()).toBe(100);
    expect(clock.pending).toBe(1);
  });

  test('runs until a promise is settled, and passes on what came of it', async () => {
    const clock = new SimulatedClock();
    const after = <T>(delayMs: number, act: () => T): Promise<T> =>
      new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve)).then(act);
    expect(await clock.until(after(7, () => 'seven'))).toBe('seven');
    expect(clock.now()).toBe(7);
    const failing = after(1, () => {
      throw new Error('no');
    });
    await expect(clock.until(failing)).rejects.toThrow('no');
    await expect(clock.until(new Promise(() => {}), 50)).rejects.toThrow('50 ms');
  });

  test('passes on what an event throws, and can go on', async () => {
    const clock = new SimulatedClock();
    clock.setTimer(1, () => {
      throw new Error('broken');
    });
    await expect(clock.advance(10)).rejects.toThrow('broken');
    await clock.advance(10);
    expect(clock.now()).toBe(11);
  });

  test('has one driver at a time', async () => {
    const clock = new SimulatedClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow('driven already');
    await first;
    expect(clock.now()).toBe(10);
  });

  test('refuses times that never come', () => {
    const clock = new SimulatedClock();
    expect(() => clock.setTimer(Number.NaN, () => {})).toThrow();
    expect(() => clock.setTimer(Infinity, () => {})).toThrow();
    clock.setTimer(-5, () => {});
    clock.step();
    expect(clock.now()).toBe(0);
  });

  test('notices events that set off each other for ever', () => {
    const clock = new SimulatedClock();
    const again = (): void => void clock.setTimer(0, again);
    again();
    expect(() => {
      while (clock.step());
    }).toThrow('time stands still');
  });
});
