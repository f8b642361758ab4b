/** `npm start`: copying files while connections are cut. */

import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { filesToCopy } from '../src/copy-files.js';
import { example, type Program } from './program.js';

/** Copies take as long as it takes to be cut often enough. */
vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'rds-copy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DIRECTIONS = 6;
const repository = fileURLToPath(new URL('../../..', import.meta.url));

function file(name: string, content: string | Uint8Array = ''): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Some bytes that are nowhere the same. */
function noise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => Math.imul(index, 2654435761) >>> 13);
}

function summary({ lastLine }: Program): Record<string, number> {
  expect(lastLine).toMatch(
    /^files=\d+ messages=\d+ bytes=\d+ cuts=\d+ lost=\d+ duplicated=\d+ reordered=\d+$/,
  );
  const pairs = [...(lastLine ?? '').matchAll(/(\w+)=(\d+)/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, Number(value)]));
}

async function expectCopied(program: Program, files: number, bytes: number): Promise<void> {
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.errors).toBe('');
  const { cuts = 0, ...counts } = summary(program);
  expect(cuts).toBeGreaterThanOrEqual(20);
  const rounds = (counts.files ?? 0) / files / DIRECTIONS;
  expect(Number.isInteger(rounds)).toBe(true);
  expect(rounds).toBeGreaterThan(0);
  expect(counts).toMatchObject({ bytes: bytes * DIRECTIONS * rounds });
  expect(counts).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
  expect(counts.messages).toBeGreaterThanOrEqual(counts.files ?? 0);
}

describe('copies', () => {
  test('several files, also by names with spaces and from where the user is', async () => {
    const sizes = [1, 1000, 300_000];
    file('one', noise(1));
    file('a thousand bytes.bin', noise(1000));
    const large = file('large', noise(300_000));
    await using copy = example('copy', ['one', 'a thousand bytes.bin', large], {
      INIT_CWD: folder,
    });
    await expectCopied(
      copy,
      3,
      sizes.reduce((sum, size) => sum + size),
    );
  });

  test('an empty file', async () => {
    await using copy = example('copy', [file('empty')]);
    await expectCopied(copy, 1, 0);
  });

  test('a file larger than all buffers', async () => {
    const bytes = 12_000_000;
    await using copy = example('copy', [file('larger', noise(bytes))]);
    await expectCopied(copy, 1, bytes);
  });

  test('its own repository, if nothing is said', async () => {
    const files = await filesToCopy([]);
    await using copy = example('copy');
    await expectCopied(
      copy,
      files.length,
      files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  });
});

describe('refuses', () => {
  test.each([
    { what: 'a file that does not exist', name: 'no such file', says: 'There is no file no such' },
    { what: 'a directory', name: '.', says: '. is a directory' },
  ])('$what', async ({ name, says }) => {
    await using copy = example('copy', [name], { INIT_CWD: folder });
    expect(await copy.ended).toEqual({ code: 2, signal: null });
    expect(copy.output).toBe('');
    expect(copy.errors).toContain(says);
    expect(copy.errors.trim().split('\n')).toHaveLength(1);
  });
});

describe.skipIf(process.platform === 'win32')('leaves no process behind', () => {
  test('when interrupted', async () => {
    await using copy = await endless();
    copy.kill('SIGINT');
    // Which tells of the workers as well: it waits until nobody has our pipe any more.
    expect(await copy.ended).toEqual({ code: 130, signal: null });
    expect(copy.errors).toBe('');
  });

  test('when killed', async () => {
    await using copy = await endless();
    copy.kill('SIGKILL');
    expect(await copy.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  /** Copying what takes long, but no room on the disk. */
  async function endless(): Promise<Program> {
    const path = file('endless');
    truncateSync(path, 300_000_000);
    const copy = example('copy', [path]);
    await copy.says('copies 1 file');
    return copy;
  }
});

describe('without git', () => {
  test('the repository is what is in its folder, save what was made there', async () => {
    const tracked = names(await filesToCopy([]));
    mkdirSync(join(folder, 'no programs'));
    vi.stubEnv('PATH', join(folder, 'no programs'));
    try {
      const found = names(await filesToCopy([]));
      expect(found).toEqual(expect.arrayContaining(tracked));
      expect(found.filter((name) => /^(\.git|.*node_modules|.*dist)\//.test(name))).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  function names(files: Awaited<ReturnType<typeof filesToCopy>>): string[] {
    return files.map(({ path }) => relative(repository, path).replaceAll('\\', '/'));
  }
});
