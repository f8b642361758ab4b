/**
 * What `rds stress` puts on the wire, byte by byte: the options block, as a real rds-stress sent
 * it, messages and their filler.
 */

import { describe, expect, test } from 'vitest';
import { ipFromBytes, ipToBytes } from '../../src/cli/ip-bytes.js';
import { makeFiller } from '../../src/cli/stress/filler.js';
import {
  ACK,
  corruptedAt,
  differences,
  hasHeaderOf,
  makeMessage,
  REQUEST,
  stamp,
} from '../../src/cli/stress/message.js';
import { encodeOptions, readOptions } from '../../src/cli/stress/options-block.js';
import { checkSettings, headerBytes, type Settings } from '../../src/cli/stress/settings.js';

const SETTINGS: Settings = {
  depth: 1,
  requestBytes: 64,
  ackBytes: 64,
  tasks: 1,
  basePort: 4000,
  runSeconds: 1,
  oneWay: false,
  verify: false,
  summaryOnly: false,
  tos: 0,
};
const ADDRESSES = { active: '10.99.0.101', passive: '10.99.0.102' };

/** `rds-stress -r 10.99.0.101 -s 10.99.0.102 -q 64 -a 64 -T 1`, version 2.0.7. */
const CAPTURED =
  '00000001 00000040 00000040 00000000 0a630066 0a630065 0fa0 0001 00000001 ' +
  '000000000000 01 0000 01 0000 ff 0000 00000001 00000000 00000000';

describe('the options block', () => {
  test('is that of rds-stress', () => {
    expect(hexOf(encodeOptions(SETTINGS, ADDRESSES, '2.0.7'))).toBe(unspaced(CAPTURED));
  });

  test('of rds-stress is understood', async () => {
    const block = await readOptions(reader(unspaced(CAPTURED)), false);
    expect(block).toEqual({ settings: SETTINGS, activeAddress: ADDRESSES.active });
  });

  test.each([
    ['one way', { oneWay: true }],
    ['verify', { verify: true }],
    ['only a summary', { summaryOnly: true }],
    ['sizes, depth, tasks', { requestBytes: 1 << 20, ackBytes: 4096, depth: 65_535, tasks: 15 }],
    ['port and time', { basePort: 60_000, runSeconds: 2 ** 32 - 1 }],
    ['a type of service', { tos: 7 }],
  ])('carries %s', async (_what, changes) => {
    const settings = { ...SETTINGS, ...changes };
    const bytes = encodeOptions(settings, ADDRESSES, '2.0.7');
    const block = await readOptions(reader(hexOf(bytes)), false);
    expect(block).toEqual({ settings, activeAddress: ADDRESSES.active });
  });

  test('with a type of service begins with the version, and has 77 bytes', () => {
    const bytes = encodeOptions({ ...SETTINGS, tos: 5 }, ADDRESSES, '2.0.7');
    expect(bytes.length).toBe(77);
    const version = `${Buffer.from('2.0.7').toString('hex')}${'00'.repeat(11)}`;
    expect(hexOf(bytes)).toBe(`${version}${unspaced(CAPTURED)}0500`);
  });

  test('of the tool, whose version is padded with ff, is understood', async () => {
    const version = `${Buffer.from('2.0.7\0').toString('hex')}${'ff'.repeat(10)}`;
    const block = await readOptions(reader(`${version}${unspaced(CAPTURED)}0900`), false);
    expect(block.settings.tos).toBe(9);
    expect(block.activeAddress).toBe(ADDRESSES.active);
  });

  test('with IPv6 addresses has 113 bytes', async () => {
    const addresses = { active: 'fd00::1', passive: 'fd00::2' };
    const bytes = encodeOptions(SETTINGS, addresses, '2.3.3');
    expect(bytes.length).toBe(113);
    const block = await readOptions(reader(hexOf(bytes)), true);
    expect(block).toEqual({ settings: SETTINGS, activeAddress: 'fd00::1' });
  });

  test.each([
    [
      'another protocol',
      Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex'),
      /not the beginning/,
    ],
    ['JSON', `${Buffer.from('2.3.3\0\0\0json\0\0\0\0').toString('hex')}`, /JSON/],
    ['RDMA', unspaced(CAPTURED.replace('00000040 00000000', '00000040 00001000')), /RDMA/],
  ])('that asks for %s is refused', async (_what, hex, sentence) => {
    await expect(readOptions(reader(hex), false)).rejects.toThrow(sentence);
  });
});

describe('settings', () => {
  test.each<[string, Partial<Settings>, RegExp]>([
    ['less than a header', { requestBytes: 59 }, /request size is 59, .* from 60/],
    ['more than RDS takes', { ackBytes: (1 << 20) + 1 }, /ack size/],
    ['no depth', { depth: 0 }, /depth is 0/],
    ['no task', { tasks: 0 }, /number of tasks/],
    ['ports past the last', { basePort: 65_535 }, /port of the last task is 65536/],
    ['more pairs than memory is given to', { tasks: 129 }, /tasks is 129, .* from 1 to 128$/],
    ['more large messages than we keep', { tasks: 64, requestBytes: 1 << 20 }, /request \+ ack/],
    ['more under way than we remember', { tasks: 128, depth: 65 }, /tasks × tasks × depth/],
  ])('with %s are refused', (_what, changes, sentence) => {
    expect(() => checkSettings({ ...SETTINGS, ...changes }, '10.0.0.1')).toThrow(sentence);
  });

  test.each<Partial<Settings>>([
    { tasks: 32, requestBytes: 1 << 20, ackBytes: 1 << 20 },
    { tasks: 32, depth: 64, requestBytes: 1 << 20 },
    { tasks: 128, depth: 64 },
  ])('like those of rds-stress are taken: %j', (changes) => {
    expect(() => checkSettings({ ...SETTINGS, ...changes }, '10.0.0.1')).not.toThrow();
  });

  test('have the header of their address family, or that of an old peer', () => {
    expect(headerBytes(SETTINGS, '10.0.0.1')).toBe(63);
    expect(headerBytes({ ...SETTINGS, ackBytes: 60 }, '10.0.0.1')).toBe(60);
    expect(headerBytes({ ...SETTINGS, requestBytes: 500, ackBytes: 96 }, 'fd00::1')).toBe(96);
    expect(() => checkSettings(SETTINGS, 'fd00::1')).toThrow(/from 96/);
  });
});

describe('the filler', () => {
  test('is the sequence of the tool, computed in 32 bits', () => {
    let value = 11n;
    const wanted = Array.from({ length: 5000 }, (_, index) => {
      const byte = Number(value & 255n);
      value = BigInt.asUintN(32, 41n * (value + 3n) + (BigInt(index + 1) >> 8n));
      return byte;
    });
    expect([...makeFiller(5000)]).toEqual(wanted);
    expect(wanted.slice(0, 4)).toEqual([11, 62, 105, 76]);
  });

  test('shows where a message is corrupted', () => {
    const filler = makeFiller(500);
    const message = makeMessage(REQUEST, ENDS, 500, 63, filler);
    expect(corruptedAt(message, 63, filler)).toBe(-1);
    message[499] = (message[499] as number) ^ 1;
    expect(corruptedAt(message, 63, filler)).toBe(499);
    message[63] = (message[63] as number) ^ 1;
    expect(corruptedAt(message, 63, filler)).toBe(63);
  });
});

const ENDS = { from: '10.99.0.101', to: '10.99.0.102', fromPort: 4001, toPort: 4002 };

describe('a message', () => {
  test('has its fields where the tool has them', () => {
    const message = makeMessage(ACK, ENDS, 70, 63, makeFiller(7));
    stamp(message, 0x01020304, 4003, 513);
    const header = '01020304 0a630065 0a630066 0fa1 0fa3 0201 02';
    const filler = hexOf(makeFiller(7));
    expect(hexOf(message)).toBe(`${unspaced(header)}${'00'.repeat(44)}${filler}`);
  });

  test('with IPv6 has its addresses behind', () => {
    const ends = { ...ENDS, from: 'fd00::1', to: 'fd00::2' };
    const message = makeMessage(REQUEST, ends, 96, 96, null);
    const addresses = `fd00${'00'.repeat(13)}01fd00${'00'.repeat(13)}02`;
    const header = `${'00'.repeat(12)}0fa10fa2000001${'00'.repeat(45)}`;
    expect(hexOf(message)).toBe(`${header}${addresses}`);
  });

  test.each([
    ['sequence', 3, 'sequence is 8 and not 0'],
    ['from', 7, 'from is 10.99.0.109 and not 10.99.0.101'],
    ['to', 11, 'to is 10.99.0.110 and not 10.99.0.102'],
    ['from port', 13, 'from port is 4009 and not 4001'],
    ['to port', 15, 'to port is 4010 and not 4002'],
    ['index', 17, 'index is 8 and not 0'],
    ['operation', 18, 'operation is 9 and not 1'],
  ])('whose %s differs is told apart', (_field, at, sentence) => {
    const wanted = makeMessage(REQUEST, ENDS, 63, 63, null);
    const other = wanted.slice();
    expect(hasHeaderOf(other, wanted)).toBe(true);
    other[at] = (other[at] as number) ^ 8;
    expect(hasHeaderOf(other, wanted)).toBe(false);
    expect(differences(other, wanted)).toBe(sentence);
  });

  test('with another IPv6 address is told apart', () => {
    const ends = { ...ENDS, from: 'fd00::1', to: 'fd00::2' };
    const wanted = makeMessage(REQUEST, ends, 96, 96, null);
    const other = makeMessage(REQUEST, { ...ends, to: 'fd00::3' }, 96, 96, null);
    expect(hasHeaderOf(other, wanted)).toBe(false);
    expect(differences(other, wanted)).toBe('to is fd00::3 and not fd00::2');
  });

  test('may have anything where only RDMA has something', () => {
    const wanted = makeMessage(REQUEST, ENDS, 63, 63, null);
    const other = wanted.slice().fill(0xff, 19, 63);
    expect(hasHeaderOf(other, wanted)).toBe(true);
  });
});

test.each([
  '10.0.255.1',
  'fd00::1',
  '::',
  '::1',
  'fe80::1:2:3:4',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
])('%s is the same address after a journey', (address) => {
  expect(ipFromBytes(ipToBytes(address))).toBe(shortForm(address));
});

test('an IPv6 address may end like an IPv4 address', () => {
  expect(hexOf(ipToBytes('64:ff9b::10.0.1.2'))).toBe(`0064ff9b${'00'.repeat(8)}0a000102`);
});

/** As URLs spell it. */
function shortForm(address: string): string {
  if (!address.includes(':')) return address;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function reader(hex: string): (bytes: number) => Promise<Uint8Array> {
  let rest = Buffer.from(hex, 'hex');
  return async (bytes) => {
    expect(rest.length).toBeGreaterThanOrEqual(bytes);
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    return taken;
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function unspaced(hex: string): string {
  return hex.replaceAll(' ', '');
}
