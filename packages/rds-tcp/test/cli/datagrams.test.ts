/** Datagrams in byte streams, and what commands are told as text. */

import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseIp } from '../../../rds-core/src/address.js';
import {
  duration,
  formatHostAndPort,
  hostAndPort,
  resolveHost,
  wholeNumber,
} from '../../src/cli/arguments.js';
import {
  type Format,
  MAX_DATAGRAM_BYTES,
  readDatagrams,
  writeDatagram,
} from '../../src/cli/datagrams.js';

/** `bytes` in pieces of these sizes, and the rest. */
async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function read(format: Format, bytes: Uint8Array, sizes: number[], max = 100) {
  const found: string[] = [];
  for await (const data of readDatagrams(format, pieces(bytes, sizes), max)) {
    found.push(Buffer.from(data).toString('hex'));
  }
  return found;
}

const SIZES = fc.array(fc.nat(7), { maxLength: 20 });

describe('datagrams', () => {
  test('in lines come out as they went in, however the stream is cut', async () => {
    const line = fc
      .uint8Array({ maxLength: 20 })
      .map((bytes) => bytes.filter((byte) => byte !== 10));
    await fc.assert(
      fc.asyncProperty(fc.array(line), SIZES, async (lines, sizes) => {
        const stream = Buffer.concat(lines.map((data) => writeDatagram('lines', data)));
        const expected = lines.map((data) => Buffer.from(data).toString('hex'));
        expect(await read('lines', stream, sizes)).toEqual(expected);
      }),
    );
  });

  test('behind their length may have any bytes', async () => {
    const record = fc.uint8Array({ maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(record), SIZES, async (records, sizes) => {
        const stream = Buffer.concat(records.map((data) => writeDatagram('length-prefixed', data)));
        const expected = records.map((data) => Buffer.from(data).toString('hex'));
        expect(await read('length-prefixed', stream, sizes)).toEqual(expected);
      }),
    );
  });

  test('a last line needs no newline, and a whole stream is one', async () => {
    expect(await read('lines', Buffer.from('a\nb'), [1])).toEqual(['61', '62']);
    expect(await read('whole', Buffer.from('a\nb'), [1])).toEqual(['610a62']);
    expect(await read('whole', Buffer.alloc(0), [])).toEqual(['']);
    expect(await read('lines', Buffer.alloc(0), [])).toEqual([]);
  });

  test.each<[Format, string]>([
    ['lines', 'line 2'],
    ['whole', 'the input'],
  ])('of %s that are too long are refused', async (format, what) => {
    const reading = read(format, Buffer.from('ab\nabcdef\n'), [4, 4], 5);
    await expect(reading).rejects.toThrow(`${what} has more than 5 bytes`);
  });

  test('that are long are copied once', async () => {
    const concat = vi.spyOn(Buffer, 'concat');
    onTestFinished(() => concat.mockRestore());
    const stream = Buffer.alloc(4 << 20, 'a');
    stream[stream.byteLength - 1] = 10;
    const sizes = Array<number>(stream.byteLength / 4096).fill(4096);
    const [line = ''] = await read('lines', stream, sizes, stream.byteLength);
    expect(line.length / 2).toBe(stream.byteLength - 1);
    const copies = concat.mock.results.map(({ value }) => (value as Buffer).byteLength);
    const copied = copies.reduce((sum, bytes) => sum + bytes, 0);
    expect(copied).toBe(stream.byteLength - 1);
  });

  test('that are too long are told with what would allow them, if anything does', async () => {
    await expect(read('lines', Buffer.from('ab\n'), [], 1)).rejects.toThrow(
      /^line 1 has more than 1 bytes, which no datagram may; --max-message allows more, on both/,
    );
    const most = MAX_DATAGRAM_BYTES;
    await expect(read('whole', Buffer.alloc(most + 1), [], most)).rejects.toThrow(
      /^the input has more than 67108864 bytes, which no datagram may$/,
    );
  });

  test('of which the stream announces too much are refused before it comes', async () => {
    const reading = read('length-prefixed', Buffer.from([0, 0, 0, 6]), [], 5);
    await expect(reading).rejects.toThrow('record 1 has more than 5 bytes');
  });

  test('a stream that ends within a record is told', async () => {
    const reading = read('length-prefixed', Buffer.from([0, 0, 0, 1, 7, 0, 0]), [2]);
    await expect(reading).rejects.toThrow('ends in the middle of record 2');
  });
});

describe('arguments', () => {
  test.each([
    ['2', 2000],
    ['.5', 500],
    ['0.25s', 250],
    ['20ms', 20],
    ['20msec', 20],
    ['3000us', 3],
    ['3000usec', 3],
  ])('%s is so many milliseconds', (text, ms) => {
    expect(duration('-i', 1, 10_000)(text)).toBe(ms);
  });

  test.each(['', 'x', '1x', '-1', '0', '11', '1e3', '1 s'])(
    '%j is no time from 1 ms to 10 s',
    (text) => {
      expect(() => duration('-i', 1, 10_000)(text)).toThrow(`-i is '${text}', not a time`);
    },
  );

  test.each(['', '1.5', '-1', '0x10', '11', '1e1', ' 1'])('%j is no number up to 10', (text) => {
    expect(() => wholeNumber('-c', 0, 10)(text)).toThrow('not a whole number from 0 to 10');
  });

  test.each([
    ['10.0.0.1:4000', '10.0.0.1'],
    ['[fd00::1]:4000', 'fd00::1'],
    ['host:4000', 'host'],
  ])('%s is an address and a port', (text, host) => {
    expect(hostAndPort(text)).toEqual({ host, port: 4000 });
    expect(formatHostAndPort(host, 4000)).toBe(text);
  });

  test.each([
    ['FD00:0:0::0001', 'fd00::1'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:1', '10.0.0.1'],
    ['::1.2.3.4', '::102:304'],
    ['::', '::'],
    ['127.0.0.1', '127.0.0.1'],
    ['fe80::1%lo', 'fe80::1%lo'],
  ])('%s is the address that nodes spell %s', async (text, spelt) => {
    expect(await resolveHost(text)).toBe(spelt);
  });

  test('every IPv6 address is spelt as a node spells it', async () => {
    const group = fc.constantFrom(0, 0, 0, 1, 0xffff).map((value) => value.toString(16));
    const eight = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));
    await fc.assert(
      fc.asyncProperty(eight, async (text) => {
        expect(await resolveHost(text)).toBe(parseIp(text)?.text);
      }),
    );
  });

  test.each(['10.0.0.1', ':4000', 'fd00::1:4000', '[]:4000', '10.0.0.1:', '10.0.0.1:x'])(
    '%j is none',
    (text) => {
      expect(() => hostAndPort(text)).toThrow('is not ADDRESS:PORT');
    },
  );
});
