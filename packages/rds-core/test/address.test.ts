/** Addresses: what is one, how it is written, which is smaller, and which are refused and why. */

import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPort, compareNodes, type IpAddress, parseIp, unicastIp } from '../src/address.js';
import { RdsError } from '../src/errors.js';

const ip = (text: string): IpAddress => unicastIp(text, 'bind');
const hex = (text: string): string => Buffer.from(parseIp(text)?.bytes ?? []).toString('hex');

/** Eight groups, most of them zero, as addresses have them. */
const anyGroups = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.constantFrom(0x10, 0x20, 0x100, 0xdb0, 0xfd00, 1, 0xa, 0xffff),
    fc.integer({ min: 0, max: 65535 }),
  ),
  { minLength: 8, maxLength: 8 },
);
const isMapped = (groups: readonly number[]): boolean =>
  groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);

describe('parseIp', () => {
  test.each([
    ['10.0.0.1', '0000000000000000' + '0000ffff0a000001', '10.0.0.1'],
    ['255.255.255.254', '0000000000000000' + '0000fffffffffffe', '255.255.255.254'],
    ['::ffff:10.0.0.1', '0000000000000000' + '0000ffff0a000001', '10.0.0.1'],
    ['::FFFF:a00:1', '0000000000000000' + '0000ffff0a000001', '10.0.0.1'],
    ['::', '00'.repeat(16), '::'],
    ['::1', `${'00'.repeat(15)}01`, '::1'],
    ['1::', `0001${'00'.repeat(14)}`, '1::'],
    ['2001:DB8::1', '20010db8000000000000000000000001', '2001:db8::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '20010db8000000000000000000000001', '2001:db8::1'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:10.0.0.1', '0001000200030004000500060a000001', '1:2:3:4:5:6:a00:1'],
    ['64:ff9b::10.0.0.1', '0064ff9b00000000000000000a000001', '64:ff9b::a00:1'],
    // RFC 5952: the longest run is shortened, the first of two, and never a single group.
    ['1:0:0:2:0:0:0:3', '00010000000000020000000000000003', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '00010000000000020003000000000004', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '00010000000200030004000500060007', '1:0:2:3:4:5:6:7'],
    // Groups that end in zeros look like a run.
    ['fd00:0:0:1::1', 'fd000000000000010000000000000001', 'fd00:0:0:1::1'],
    ['20:0:1::1:1:1', '00200000000100000000000100010001', '20:0:1::1:1:1'],
  ])('reads %s', (text, bytes, written) => {
    expect(hex(text)).toBe(bytes);
    expect(parseIp(text)?.text).toBe(written);
  });

  test.each([
    '',
    ' ',
    'localhost',
    '10.0.0',
    '10.0.0.1.2',
    '10.0.0.256',
    '10.0.0.01',
    '10.0.0.-1',
    '10.0.0.1 ',
    ' 10.0.0.1',
    '10.0.0.1:80',
    '0x0a.0.0.1',
    '1e1.0.0.1',
    '10.0..1',
    '167772161',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '::12345',
    '::g',
    ':1::',
    '1:',
    '[::1]',
    '::1/64',
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.256',
    '1.2.3.4::',
    '1:1.2.3.4::5',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::ffff:010.0.0.1',
    'fe80::1%eth0',
  ])('finds no address in "%s"', (text) => {
    expect(parseIp(text)).toBeNull();
  });

  test('agrees with Node about what is an address', () => {
    const part = fc.oneof(
      fc.constantFrom(':', ':', '::', '.', '0', '1', 'ffff', '255', '1.2.3.4', 'a:b:c', 'g'),
      fc.integer({ min: 0, max: 300 }).map(String),
    );
    const likely = fc.array(part, { maxLength: 15 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(likely, fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        fc.pre(!text.includes('%'));
        expect(parseIp(text) !== null).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  test('writes IPv6 addresses as the rest of the world does', () => {
    fc.assert(
      fc.property(anyGroups, (groups) => {
        fc.pre(!isMapped(groups));
        const text = groups.map((group) => group.toString(16)).join(':');
        expect(`[${parseIp(text)?.text}]`).toBe(new URL(`http://[${text}]`).hostname);
      }),
      { numRuns: 1000 },
    );
  });

  test('reads what it has written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const first = parseIp(text);
        expect(first).not.toBeNull();
        expect(parseIp(first?.text ?? '')).toEqual(first);
      }),
    );
  });
});

describe('compareNodes', () => {
  const compare = (a: string, b: string, aPort = 1, bPort = 1): number =>
    Math.sign(compareNodes({ ip: ip(a), tcpPort: aPort }, { ip: ip(b), tcpPort: bPort }));

  test.each([
    ['10.0.0.1', '10.0.0.2'],
    ['9.255.255.255', '10.0.0.0'],
    // As bytes, not as text or as signed numbers.
    ['10.0.0.9', '10.0.0.10'],
    ['127.0.0.1', '128.0.0.1'],
    // An IPv4 address is ::ffff:0:0/96 among the IPv6 addresses.
    ['::1', '10.0.0.1'],
    ['::fffe:ffff:ffff', '0.0.0.1'],
    ['255.255.255.254', '::1:0:0:0'],
    ['10.0.0.1', '2001:db8::1'],
    ['2001:db8::ffff', '2001:db8::1:0'],
  ])('finds %s smaller than %s', (smaller, larger) => {
    expect(compare(smaller, larger)).toBe(-1);
    expect(compare(larger, smaller)).toBe(1);
    expect(compare(smaller, larger, 2, 1)).toBe(-1);
  });

  test('decides between nodes of one address by their TCP ports', () => {
    expect(compare('10.0.0.1', '10.0.0.1')).toBe(0);
    expect(compare('10.0.0.1', '::ffff:10.0.0.1')).toBe(0);
    expect(compare('10.0.0.1', '10.0.0.1', 9, 10)).toBe(-1);
    expect(compare('10.0.0.1', '10.0.0.1', 40_000, 10)).toBe(1);
  });
});

describe('unicastIp', () => {
  test.each([
    ['0.0.0.0', 'is the wildcard address'],
    ['::', 'is the wildcard address'],
    ['::ffff:0.0.0.0', 'is the wildcard address'],
    ['255.255.255.255', 'is the broadcast address'],
    ['224.0.0.0', 'is a multicast address'],
    ['239.255.255.255', 'is a multicast address'],
    ['::ffff:224.0.0.1', 'is a multicast address'],
    ['ff02::1', 'is a multicast address'],
    ['localhost', 'is not an IP address'],
    ['', 'is not an IP address'],
    [undefined, 'is not an IP address'],
    [null, 'is not an IP address'],
    [17, 'is not an IP address'],
    [{ address: '10.0.0.1' }, 'is not an IP address'],
    [10n, 'is not an IP address'],
    [Symbol('x'), 'is not an IP address'],
  ])('refuses %s and says why', (text, reason) => {
    const error = errorOf(() => unicastIp(text, 'connect'));
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'connect' });
    expect(error.message).toContain(reason);
    expect(error.message).toContain('RDS needs one like 10.0.0.1');
  });

  test.each(['10.0.0.1', '127.0.0.1', '223.255.255.255', '240.0.0.1', '::1', 'fe80::1', '0.0.0.1'])(
    'takes %s',
    (text) => {
      expect(ip(text).text).toBe(text);
      expect(ip(text).family).toBe(text.includes(':') ? 6 : 4);
    },
  );
});

describe('checkPort', () => {
  test('takes 2 to 65535', () => {
    expect([2, 65535].map((port) => checkPort(port, 'bind'))).toEqual([2, 65535]);
  });

  test.each([0, 1, -1, 65536, 4000.5, Number.NaN, '4000', null, undefined, 4000n, {}])(
    'refuses %s',
    (port) => {
      const error = errorOf(() => checkPort(port, 'bind'));
      expect(error).toMatchObject({ code: 'EINVAL', syscall: 'bind' });
      expect(error.message).toContain(`port ${String(port)} is not in 2–65535`);
    },
  );
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
