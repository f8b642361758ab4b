/**
 * The parts of the interop suite that need no kernel: what it takes for right, what it does where
 * there is no kernel, and that both ends mean the same by a message.
 */

import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { message, Tallier } from '../interop/message.mjs';
import { casesOf, titleOf } from '../interop/scenario.mjs';
import { fitProcessor } from '../interop/uml.mjs';
import { checkComplete, checkOrder, checkRange } from '../interop/verdict.mjs';
import { widenFp } from '../interop/wide-fp.mjs';

const folder = fileURLToPath(new URL('../interop', import.meta.url));

describe('a verdict', () => {
  /** What was read, when these messages came in this order. */
  const tallyOf = (numbers: readonly number[], bytes = 64) => {
    const tallier = new Tallier();
    for (const number of numbers) tallier.add(message(5000, 6000, number, bytes), 5000, 6000);
    return tallier.report();
  };
  const sent = (count: number) => ({
    sent: count,
    bytes: 64 * count,
    digest: tallyOf(Array.from({ length: count }, (_, number) => number)).digest,
    error: null,
    waits: { EAGAIN: 0, ENOBUFS: 0 },
  });

  test('is good if all came once, in order and unaltered', () => {
    expect(() => checkComplete(tallyOf([0, 1, 2, 3]), sent(4), 'x')).not.toThrow();
    expect(() => checkOrder(tallyOf([0, 1, 3, 7]), 'x')).not.toThrow();
  });

  test.each([
    ['one is missing', [0, 1, 3]],
    ['the last is missing', [0, 1, 2]],
    ['the first is missing', [1, 2, 3]],
    ['one came twice', [0, 1, 1, 2, 3]],
    ['two changed places', [0, 2, 1, 3]],
    ['one too many came', [0, 1, 2, 3, 4]],
    ['none came', []],
  ])('is bad if %s', (_, numbers) => {
    expect(() => checkComplete(tallyOf(numbers), sent(4), 'x')).toThrow('read');
  });

  test.each([
    ['one came twice', [0, 1, 1]],
    ['two changed places', [0, 2, 1]],
  ])('on order alone is bad if %s', (_, numbers) => {
    expect(() => checkOrder(tallyOf(numbers), 'x')).toThrow('repeated or out of order');
  });

  test.each([0, 15, 16, 63])('is bad if a bit of byte %i was altered', (index) => {
    const data = Buffer.from(message(5000, 6000, 0, 64));
    data.writeUInt8(data.readUInt8(index) ^ 1, index);
    const tallier = new Tallier();
    tallier.add(data, 5000, 6000);
    expect(() => checkRange(tallier.report(), 1, 'x')).toThrow();
  });

  test('is bad if a message of another sender came', () => {
    const tallier = new Tallier();
    tallier.add(message(5001, 6000, 0, 64), 5000, 6000);
    expect(() => checkRange(tallier.report(), 1, 'x')).toThrow('altered');
  });

  test('is bad if a send failed', () => {
    expect(() => checkComplete(tallyOf([]), { ...sent(0), error: 'EPIPE' }, 'x')).toThrow('EPIPE');
  });
});

describe('a case', () => {
  test('is each combination, and says which', () => {
    const cases = casesOf({ ours: ['lower', 'higher'], sockets: [1, 8] });
    expect(cases.map(titleOf)).toEqual([
      'lower, 1 sockets',
      'lower, 8 sockets',
      'higher, 1 sockets',
      'higher, 8 sockets',
    ]);
  });
});

describe('a processor with a large floating-point state', () => {
  const place = [0x48, 0xc7, 0x45, 0xf0, 0x88, 0x0a, 0, 0, 0x90, 0x90, 0xbf, 0x05, 0x42, 0, 0];
  const elsewhere = [0x48, 0xc7, 0x45, 0xf0, 0x88, 0x0a, 0, 0, ...Array(30).fill(0x90)];
  const amx = 'processor: 0\nflags : fpu sse amx_tile avx\n';

  test('gets a kernel with another length, and no other difference', () => {
    const program = Buffer.from([...elsewhere, ...place, 0x90]);
    const wide = widenFp(program);
    const different = [...program].flatMap((byte, at) => (wide?.[at] === byte ? [] : [at]));
    const at = elsewhere.length + 4;
    expect(different).toEqual([at, at + 1, at + 2]);
    expect(wide?.readUInt32LE(at)).toBe(65_536);
  });

  test.each([
    ['nowhere', elsewhere],
    ['twice', [...place, ...place]],
  ])('gets none if the place is found %s', (_, bytes) => {
    expect(widenFp(Buffer.from(bytes))).toBeNull();
  });

  test('and only that, gets a copy', () => {
    const dir = mkdtempSync(join(tmpdir(), 'rds-wide-'));
    try {
      const program = join(dir, 'linux');
      writeFileSync(program, Buffer.from(place));
      expect(fitProcessor(program, dir, amx.replace('amx_tile', 'sse2'))).toBe(program);
      const copy = fitProcessor(program, dir, amx);
      expect(readFileSync(copy).readUInt32LE(4)).toBe(65_536);
      expect(readFileSync(program)).toEqual(Buffer.from(place));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('where no kernel can run', () => {
  test('nothing passes: the exit code is 77, and the last line says why', () => {
    const main = join(folder, 'main.mjs');
    const { status, stdout } = spawnSync(process.execPath, [main], {
      encoding: 'utf8',
      env: { ...process.env, PATH: '' },
    });
    expect(status).toBe(77);
    const why = /^interop: 0 passed, 0 failed, all skipped \(.+\)$/;
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(why);
  });
});

describe('docs/LINUX.md', () => {
  test('names scenarios that exist', () => {
    const main = join(folder, 'main.mjs');
    const { stdout } = spawnSync(process.execPath, [main, '--list'], { encoding: 'utf8' });
    const scenarios = stdout.split('\n').map((line) => line.split(' ')[0]);
    const text = readFileSync(join(folder, '../docs/LINUX.md'), 'utf8');
    const named = [...text.matchAll(/\[`([\w-]+)`\]/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !scenarios.includes(name))).toEqual([]);
  });
});

const python = spawnSync('python3', ['-c', 'import ctypes, fcntl, termios']);

describe.skipIf(process.platform !== 'linux' || python.status !== 0)('the agent', () => {
  test('makes the same messages as we do', async () => {
    const sizes = [0, 1, 15, 16, 17, 64, 251, 4096, 65_536, 1_048_576];
    const code = [
      'import hashlib, sys',
      `sys.path.insert(0, ${JSON.stringify(join(folder, 'agent'))})`,
      'from traffic import message',
      `for size in ${JSON.stringify(sizes)}:`,
      '  print(hashlib.sha256(message(65535, 6000, 2**40 + 7, size)).hexdigest())',
    ].join('\n');
    const { stdout } = await promisify(execFile)('python3', ['-B', '-c', code]);
    const ours = sizes.map((size) =>
      createHash('sha256')
        .update(message(65_535, 6000, 2 ** 40 + 7, size))
        .digest('hex'),
    );
    expect(stdout.trim().split('\n')).toEqual(ours);
  });
});
