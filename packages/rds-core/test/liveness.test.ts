/** Liveness: a peer that vanished is noticed in time, and no other is taken for one. */

import { SimulatedClock } from '@rds-tcp/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Liveness } from '../src/liveness.js';
import type { Clock, Timer } from '../src/runtime.js';

/** An event loop that can stand still: timers that come due meanwhile run when it goes on. */
class EventLoop implements Clock {
  readonly clock = new SimulatedClock();
  #stalledUntilMs = 0;

  now(): number {
    return this.clock.now();
  }

  stall(durationMs: number): void {
    this.#stalledUntilMs = this.now() + durationMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let timer = this.clock.setTimer(delayMs, () => {
      const lateMs = this.#stalledUntilMs - this.now();
      if (lateMs > 0) timer = this.clock.setTimer(lateMs, callback);
      else callback();
    });
    return { cancel: () => timer.cancel() };
  }

  /** Something arrives. After a stall it is read behind the timers, as in a real event loop. */
  arrive(delayMs: number, callback: () => void): void {
    this.clock.setTimer(delayMs, () => {
      const lateMs = this.#stalledUntilMs - this.now();
      if (lateMs > 0) this.clock.setTimer(lateMs + 1, callback);
      else callback();
    });
  }
}

/** A peer that answers after `latencyMs` while it lives. */
class Watched {
  readonly loop = new EventLoop();
  readonly asked: number[] = [];
  readonly silent: number[] = [];
  readonly liveness: Liveness;
  /** What `askForSign` says: whether the peer is known to answer. */
  answers = true;
  lives: boolean;
  latencyMs = 1;

  constructor(livenessMs: number, lives = true) {
    this.lives = lives;
    this.liveness = new Liveness(this.loop, livenessMs, {
      askForSign: () => {
        this.asked.push(this.loop.now());
        if (this.answers) this.loop.arrive(this.latencyMs, () => this.#hear());
        return this.answers ? 'asked' : 'mute';
      },
      silent: () => this.silent.push(this.loop.now()),
    });
  }

  advance(durationMs: number): Promise<void> {
    return this.loop.clock.advance(durationMs);
  }

  #hear(): void {
    if (this.lives) this.liveness.heard = true;
  }
}

describe('a peer that vanished', () => {
  test.each([1000, 10_000, 60_000])('is noticed within %d ms', async (livenessMs) => {
    const peer = new Watched(livenessMs, false);
    await peer.advance(livenessMs * 3);
    expect(peer.silent).toHaveLength(1);
    expect(peer.silent[0]).toBeLessThanOrEqual(livenessMs);
    expect(peer.asked.length).toBeGreaterThanOrEqual(3);
    expect(peer.loop.clock.pending).toBe(0);
  });

  test('is noticed in time whenever it vanished, and not before it was given a chance', async () => {
    const livenessMs = 1000;
    await fc.assert(
      fc.asyncProperty(fc.nat(3000), async (vanishedAtMs) => {
        const peer = new Watched(livenessMs);
        await peer.advance(vanishedAtMs);
        expect(peer.silent).toEqual([]);
        peer.liveness.heard = true;
        peer.lives = false;
        await peer.advance(2 * livenessMs);
        expect(peer.silent).toHaveLength(1);
        const noticedMs = (peer.silent[0] as number) - vanishedAtMs;
        expect(noticedMs).toBeLessThanOrEqual(livenessMs);
        expect(noticedMs).toBeGreaterThan(livenessMs / 2);
      }),
    );
  });

  test('is noticed, in the end, though our event loop stalls again and again', async () => {
    const peer = new Watched(1000, false);
    for (let stalls = 0; stalls < 10; stalls++) {
      peer.loop.stall(500);
      await peer.advance(1000);
    }
    expect(peer.silent).toHaveLength(1);
  });

  test('is noticed within a second if there is a hint', async () => {
    const peer = new Watched(10_000);
    await peer.advance(31_000);
    peer.lives = false;
    peer.liveness.heard = true;
    peer.liveness.suspect();
    expect(peer.asked.at(-1)).toBe(31_000);
    await peer.advance(1000);
    expect(peer.silent).toHaveLength(1);
  });

  test('is not noticed any more once we are told to stop', async () => {
    const peer = new Watched(1000, false);
    await peer.advance(500);
    peer.liveness.cancel();
    await peer.advance(10_000);
    expect(peer.silent).toEqual([]);
    expect(peer.loop.clock.pending).toBe(0);
  });
});

describe('a peer that lives', () => {
  test('is asked while it says nothing, and believed', async () => {
    const peer = new Watched(1000);
    await peer.advance(100_000);
    expect(peer.silent).toEqual([]);
    expect(peer.asked.length).toBeGreaterThan(100);
  });

  test('is not asked while it says something', async () => {
    const peer = new Watched(1000);
    for (let elapsedMs = 0; elapsedMs < 10_000; elapsedMs += 50) {
      peer.liveness.heard = true;
      await peer.advance(50);
    }
    expect(peer.asked).toEqual([]);
  });

  test('may take more than half of the time to answer', async () => {
    const peer = new Watched(1000);
    peer.latencyMs = 550;
    await peer.advance(60_000);
    expect(peer.silent).toEqual([]);
  });

  test('is believed if it does not answer because it never does', async () => {
    const peer = new Watched(1000);
    peer.answers = false;
    await peer.advance(60_000);
    expect(peer.silent).toEqual([]);
  });

  test('is not given up because our own event loop stood still', async () => {
    for (const livenessMs of [1000, 10_000]) {
      const peer = new Watched(livenessMs);
      for (let atMs = 0; atMs < 60; atMs++) {
        await peer.advance(livenessMs / 7 + atMs);
        peer.loop.stall(2000);
        await peer.advance(2000);
      }
      expect(peer.silent).toEqual([]);
    }
  });

  test('is not given up because we stood still while its slow answer was under way', async () => {
    for (let workMs = 1; workMs < 1500; workMs += 20) {
      const peer = new Watched(1000);
      peer.latencyMs = 550;
      await peer.advance(workMs);
      peer.loop.stall(2000);
      await peer.advance(5000);
      expect(peer.silent).toEqual([]);
    }
  });

  test('is not given up for stalls of any length at any time', async () => {
    const work = fc.integer({ min: 2, max: 1500 });
    const pauses = fc.array(fc.tuple(work, fc.nat(3000)), { maxLength: 12, size: 'max' });
    await fc.assert(
      fc.asyncProperty(pauses, fc.integer({ min: 1, max: 300 }), async (all, latencyMs) => {
        const peer = new Watched(1000);
        peer.latencyMs = latencyMs;
        for (const [workMs, stallMs] of all) {
          await peer.advance(workMs);
          peer.loop.stall(stallMs);
          await peer.advance(stallMs);
        }
        await peer.advance(2000);
        expect(peer.silent).toEqual([]);
      }),
    );
  });

  test('is asked as seldom as before once a suspicion was wrong', async () => {
    const peer = new Watched(10_000);
    peer.liveness.suspect();
    await peer.advance(5000);
    peer.asked.length = 0;
    await peer.advance(100_000);
    expect(peer.silent).toEqual([]);
    expect(peer.asked.length).toBeLessThanOrEqual(50);
  });
});
