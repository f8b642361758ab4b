/** Options: the defaults, and for each value that can not be a sentence that names its option. */

import { describe, expect, test } from 'vitest';
import { RdsError } from '../src/errors.js';
import { type NodeOptions, resolveBindOptions, resolveNodeOptions } from '../src/options.js';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const address = '10.0.0.1';
const node = resolveNodeOptions({ address });

/** Options as a program without types may pass them. */
const resolve = (options: unknown) => resolveNodeOptions(options as NodeOptions);
const bind = (options: unknown) => resolveBindOptions(options as number, node);

/** The whole numbers that each option takes, from the least to the most. */
const nodeRanges: [name: string, min: number, max: number][] = [
  ['tcpPort', 0, 65535],
  ['sendBufferBytes', 1, 2 ** 31 - 1],
  ['receiveBufferBytes', 1, 2 ** 31 - 1],
  ['maxMessageBytes', 1, 64 * MIB],
  ['maxQueuedBytes', 1, 2 ** 31 - 1],
  ['maxPeers', 1, 65536],
  ['livenessMs', 1000, HOUR_MS],
  ['connectTimeoutMs', 1, HOUR_MS],
  ['handshakeTimeoutMs', 1, HOUR_MS],
  ['paths', 1, 8],
];
const bindRanges: typeof nodeRanges = [
  ['sendBufferBytes', 1, 2 ** 31 - 1],
  ['receiveBufferBytes', 1, 2 ** 31 - 1],
  ['tos', 0, 255],
];
const neverNumbers = ['5000', 1500.5, Number.NaN, Infinity, true, {}, [], 5000n, Symbol('x')];

describe('resolveNodeOptions', () => {
  test('has a default for everything but the address', () => {
    const { ip, ...rest } = node;
    expect(ip.text).toBe(address);
    expect(rest).toEqual({
      tcpPort: 16385,
      sendBufferBytes: 4 * MIB,
      receiveBufferBytes: 4 * MIB,
      maxMessageBytes: MIB,
      maxQueuedBytes: 64 * MIB,
      maxPeers: 8192,
      reconnect: { minDelayMs: 1, maxDelayMs: 30_000 },
      livenessMs: 10_000,
      connectTimeoutMs: 5000,
      handshakeTimeoutMs: 5000,
      paths: 1,
    });
    const nothing = Object.fromEntries(nodeRanges.map(([name]) => [name, undefined]));
    expect(resolve({ address, ...nothing, reconnect: undefined })).toEqual(node);
  });

  test.each(nodeRanges)('takes %s from %d to %d, and nothing else', (name, min, max) => {
    for (const value of [min, max]) {
      expect(resolve({ address, [name]: value })).toMatchObject({ [name]: value });
    }
    for (const value of [min - 1, max + 1, ...neverNumbers]) {
      const error = errorOf(() => resolve({ address, [name]: value }));
      expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
      expect(error.message).toContain(
        `${name} is ${String(value)}, not a whole number from ${min} to ${max}`,
      );
    }
  });

  test.each([undefined, null, 'localhost', '0.0.0.0', 'ff02::1', 5, ['10.0.0.1']])(
    'refuses the address %s',
    (wrong) => {
      const error = errorOf(() => resolve({ address: wrong }));
      expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
      expect(error.message).toContain('address');
    },
  );

  test.each([undefined, null, '10.0.0.1', 5, () => {}])('refuses %s for options', (options) => {
    const error = errorOf(() => resolve(options));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
    expect(error.message).toContain('address');
  });
});

describe('the option reconnect', () => {
  const reconnect = (value: unknown) => resolve({ address, reconnect: value }).reconnect;

  test('knows the profile of the kernel', () => {
    expect(reconnect('kernel')).toEqual({ minDelayMs: 1, maxDelayMs: 1000 });
  });

  test('takes either bound alone', () => {
    expect(reconnect({})).toEqual({ minDelayMs: 1, maxDelayMs: 30_000 });
    expect(reconnect({ maxDelayMs: 500 })).toEqual({ minDelayMs: 1, maxDelayMs: 500 });
    expect(reconnect({ minDelayMs: 50 })).toEqual({ minDelayMs: 50, maxDelayMs: 30_000 });
    expect(reconnect({ minDelayMs: 60_000 })).toEqual({ minDelayMs: 60_000, maxDelayMs: 60_000 });
    expect(reconnect({ minDelayMs: 9, maxDelayMs: 9 })).toEqual({ minDelayMs: 9, maxDelayMs: 9 });
  });

  test.each([
    [{ minDelayMs: 0 }, 'minDelayMs is 0'],
    [{ minDelayMs: HOUR_MS + 1 }, 'minDelayMs is 3600001'],
    [{ minDelayMs: '1' }, 'minDelayMs is 1'],
    [{ maxDelayMs: HOUR_MS + 1 }, 'maxDelayMs is 3600001'],
    [{ minDelayMs: 10, maxDelayMs: 9 }, 'maxDelayMs is 9, not a whole number from 10'],
    ['fast', 'reconnect is'],
    [5, 'reconnect is'],
    [false, 'reconnect is'],
  ])('refuses %j', (value, sentence) => {
    const error = errorOf(() => reconnect(value));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'createNode' });
    expect(error.message).toContain(sentence);
  });
});

describe('resolveBindOptions', () => {
  const defaults = { port: 0, sendBufferBytes: 4 * MIB, receiveBufferBytes: 4 * MIB, tos: 0 };

  test('takes a port, options, or nothing for any port', () => {
    for (const nothing of [undefined, null, 0, {}, { port: 0 }, { port: undefined }]) {
      expect(bind(nothing)).toEqual(defaults);
    }
    expect(bind(4000)).toEqual({ ...defaults, port: 4000 });
    expect(bind({ port: 65535, tos: 3 })).toEqual({ ...defaults, port: 65535, tos: 3 });
  });

  test('has the buffers of its node, unless it says otherwise', () => {
    const small = resolveNodeOptions({ address, sendBufferBytes: 10, receiveBufferBytes: 20 });
    expect(resolveBindOptions(4000, small)).toMatchObject({
      sendBufferBytes: 10,
      receiveBufferBytes: 20,
    });
    expect(resolveBindOptions({ port: 4000, sendBufferBytes: 30 }, small)).toMatchObject({
      sendBufferBytes: 30,
      receiveBufferBytes: 20,
    });
  });

  test.each(bindRanges)('takes %s from %d to %d, and nothing else', (name, min, max) => {
    for (const value of [min, max])
      expect(bind({ [name]: value })).toMatchObject({ [name]: value });
    for (const value of [min - 1, max + 1, ...neverNumbers]) {
      const error = errorOf(() => bind({ [name]: value }));
      expect(error).toMatchObject({ code: 'EINVAL', syscall: 'bind' });
      expect(error.message).toContain(
        `${name} is ${String(value)}, not a whole number from ${min} to ${max}`,
      );
    }
  });

  test.each([1, -1, 65536, 4000.5, Number.NaN, '4000', true])('refuses the port %s', (port) => {
    for (const options of [port, { port }]) {
      const error = errorOf(() => bind(options));
      expect(error).toMatchObject({ code: 'EINVAL', syscall: 'bind' });
      expect(error.message).toContain(`port ${port} is not in 2–65535`);
    }
  });
});

function errorOf(call: () => unknown): RdsError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(RdsError);
    return error as RdsError;
  }
  throw new Error('there was no error');
}
