/** Pending: a call that waits ends once, and leaves neither a timer nor a listener behind. */

import { getEventListeners } from 'node:events';
import { SimulatedClock } from '@rds-tcp/core/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { RdsError } from '../src/errors.js';
import { Pending, type WaitOptions } from '../src/pending.js';

const details = { syscall: 'recvmsg', address: '10.0.0.1', port: 4000 };

let clock: SimulatedClock;
let gaveUp: number;
beforeEach(() => {
  clock = new SimulatedClock();
  gaveUp = 0;
});

function wait(options?: WaitOptions): Pending<string> {
  const pending = new Pending<string>(clock, options, details, () => gaveUp++);
  pending.promise.catch(() => {});
  return pending;
}

/** How it ended, once all that was to happen has happened; null if it did not. */
async function endOf(pending: Pending<string>): Promise<unknown> {
  let end: unknown = null;
  const note = (value: unknown): void => {
    end = value;
  };
  pending.promise.then(note, note);
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
  return end;
}

describe('a call that waits', () => {
  test('ends with what it waited for', async () => {
    const { signal } = new AbortController();
    const pending = wait({ timeoutMs: 100, signal });
    expect(pending.isSettled).toBe(false);
    pending.resolve('a message');
    expect(pending.isSettled).toBe(true);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await endOf(pending)).toBe('a message');
    expect(gaveUp).toBe(0);
  });

  test('ends with an error', async () => {
    const { signal } = new AbortController();
    const pending = wait({ timeoutMs: 100, signal });
    const error = new RdsError('EBADF', 'closed');
    pending.reject(error);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await endOf(pending)).toBe(error);
    expect(gaveUp).toBe(0);
  });

  test('fails with what it was about, and what is known of its message', async () => {
    const pending = wait();
    pending.outcome = 'not-delivered';
    pending.fail('ECANCELED', 'the socket was closed', 'a cause');
    expect(gaveUp).toBe(0);
    const error = await endOf(pending);
    const known = { ...details, outcome: 'not-delivered', cause: 'a cause' };
    expect(error).toMatchObject({ code: 'ECANCELED', ...known });
  });

  test('ends once', async () => {
    const controller = new AbortController();
    const pending = wait({ timeoutMs: 100, signal: controller.signal });
    pending.resolve('first');
    pending.resolve('second');
    pending.reject(new RdsError('EBADF', 'closed'));
    controller.abort();
    expect(await endOf(pending)).toBe('first');
    expect(gaveUp).toBe(0);
  });

  test.each(['abort', {}, { aborted: true }, 5])('takes %j for no signal', async (signal) => {
    const pending = wait({ timeoutMs: 100, signal: signal as never });
    expect(pending.isSettled).toBe(true);
    expect(clock.pending).toBe(0);
    expect(await endOf(pending)).toMatchObject({ code: 'EINVAL', ...details });
    expect(gaveUp).toBe(0);
  });

  test('waits for ever if nobody says how long', async () => {
    for (const options of [undefined, {}, { timeoutMs: Infinity }]) {
      expect(await endOf(wait(options))).toBeNull();
    }
  });
});

describe('a time limit', () => {
  test('ends the call when it is over, and not before', async () => {
    const { signal } = new AbortController();
    const pending = wait({ timeoutMs: 100, signal });
    await clock.advance(99);
    expect(pending.isSettled).toBe(false);
    await clock.advance(1);
    expect(pending.isSettled).toBe(true);
    expect(gaveUp).toBe(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const error = await endOf(pending);
    expect(error).toBeInstanceOf(RdsError);
    expect(error).toMatchObject({ code: 'ETIMEDOUT', ...details, outcome: undefined });
    expect((error as RdsError).message).toContain('100 ms');
  });

  test('of 0 ends the call soon, but not at once', async () => {
    const pending = wait({ timeoutMs: 0 });
    expect(pending.isSettled).toBe(false);
    expect(await endOf(pending)).toMatchObject({ code: 'ETIMEDOUT' });
  });

  test.each([-1, Number.NaN, -Infinity, 'soon'])('is not %s', async (timeoutMs) => {
    const pending = wait({ timeoutMs: timeoutMs as number });
    expect(pending.isSettled).toBe(true);
    expect(gaveUp).toBe(0);
    const error = await endOf(pending);
    expect(error).toMatchObject({ code: 'EINVAL', ...details });
    expect((error as RdsError).message).toContain('timeoutMs');
  });

  test('that is none leaves nothing behind on a signal', () => {
    const { signal } = new AbortController();
    wait({ timeoutMs: -1, signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a signal', () => {
  test('ends the call when it aborts, and says why', async () => {
    const controller = new AbortController();
    const pending = wait({ timeoutMs: 100, signal: controller.signal });
    await clock.advance(50);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(pending.isSettled).toBe(true);
    expect(gaveUp).toBe(1);
    const error = await endOf(pending);
    expect(error).toMatchObject({ code: 'ABORT_ERR', cause: reason, ...details });
    expect(gaveUp).toBe(1);
  });

  test('that has aborted already ends the call before it begins', async () => {
    const signal = AbortSignal.abort('too late');
    const pending = wait({ timeoutMs: 100, signal });
    expect(pending.isSettled).toBe(true);
    expect(await endOf(pending)).toMatchObject({ code: 'ABORT_ERR', cause: 'too late' });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

test('who gives up hears what is known of the message', async () => {
  const controller = new AbortController();
  const pending = wait({ signal: controller.signal });
  pending.outcome = 'unknown';
  controller.abort();
  expect(await endOf(pending)).toMatchObject({ code: 'ABORT_ERR', outcome: 'unknown' });
});
