/**
 * Addresses: IP addresses as 16 bytes, and the names of sockets and nodes. Mirrors what
 * net/rds/bind.c accepts: unicast only, IPv4 as v4-mapped IPv6 when two are compared.
 *
 * The parser is ours because the core may not import `node:net`.
 */

import { RdsError } from './errors.js';

/** The name of a socket: the IP address of its node and its RDS port. */
export interface Address {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** 2 to 65535. */
  readonly port: number;
  /**
   * The TCP port of that node, where it differs from the own node's: several nodes can share one
   * IP address.
   */
  readonly tcpPort?: number | undefined;
}

/** An IP address, read once: compared as bytes, printed in one way. */
export interface IpAddress {
  readonly text: string;
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
}

/** Port 0 means "any" and pings; port 1 is where probes come from (wire rule). */
export const FIRST_PORT = 2;
export const LAST_PORT = 65535;
/** IANA's port for RDS over TCP, and the kernel's. */
export const RDS_TCP_PORT = 16385;

/** Reads `text`; null if it is no IP address. IPv4-mapped IPv6 is read as IPv4. */
export function parseIp(text: string): IpAddress | null {
  const four = parseIpv4(text);
  if (four !== null) return fromIpv4(four);
  const bytes = parseIpv6(text);
  if (bytes === null) return null;
  const mapped = bytes.subarray(0, 10).every((byte) => byte === 0);
  if (mapped && bytes[10] === 0xff && bytes[11] === 0xff) return fromIpv4(bytes.subarray(12));
  return { text: formatIpv6(bytes), family: 6, bytes };
}

/** A unicast address, or EINVAL with a sentence that says what is wrong with it. */
export function unicastIp(text: unknown, syscall: string): IpAddress {
  const ip = typeof text === 'string' ? parseIp(text) : null;
  const wrong = ip === null ? 'is not an IP address' : notUnicast(ip);
  if (ip !== null && wrong === null) return ip;
  throw new RdsError('EINVAL', `${String(text)} ${wrong}; RDS needs one like 10.0.0.1`, {
    syscall,
    address: String(text),
  });
}

/** An RDS port that a socket can have, or EINVAL. */
export function checkPort(port: unknown, syscall: string): number {
  if (isInteger(port, FIRST_PORT, LAST_PORT)) return port;
  throw new RdsError('EINVAL', `port ${String(port)} is not in 2–65535 (0 and 1 are reserved)`, {
    syscall,
    port: typeof port === 'number' ? port : undefined,
  });
}

export function isInteger(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

/**
 * Which of two nodes dials: the smaller one, by its address as 16 bytes (the kernel's rule), then
 * by its TCP port. Negative if `a` is smaller.
 */
export function compareNodes(
  a: { ip: IpAddress; tcpPort: number },
  b: { ip: IpAddress; tcpPort: number },
): number {
  for (let index = 0; index < 16; index++) {
    const difference = (a.ip.bytes[index] as number) - (b.ip.bytes[index] as number);
    if (difference !== 0) return difference;
  }
  return a.tcpPort - b.tcpPort;
}

function notUnicast({ family, bytes }: IpAddress): string | null {
  if (bytes.every((byte, index) => byte === 0 || (family === 4 && index < 12))) {
    return 'is the wildcard address';
  }
  if (family === 6) return bytes[0] === 0xff ? 'is a multicast address' : null;
  const first = bytes[12] as number;
  if (first >= 224 && first < 240) return 'is a multicast address';
  return bytes.subarray(12).every((byte) => byte === 255) ? 'is the broadcast address' : null;
}

function fromIpv4(four: Uint8Array): IpAddress {
  const bytes = new Uint8Array(16);
  bytes.fill(0xff, 10, 12);
  bytes.set(four, 12);
  return { text: four.join('.'), family: 4, bytes };
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  // Leading zeros are refused: some readers take them for octal.
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | null {
  const [head, tail, ...more] = text.split('::');
  if (head === undefined || more.length > 0) return null;
  const front = parseGroups(head, tail === undefined);
  const back = tail === undefined ? [] : parseGroups(tail, true);
  if (front === null || back === null) return null;
  const missing = 16 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  return Uint8Array.from([...front, ...new Array<number>(missing).fill(0), ...back]);
}

/** The bytes of "a:b:c", or of "a:b:1.2.3.4" where that ends the address. */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const four = last && index === groups.length - 1 ? parseIpv4(group) : null;
    if (four === null) return null;
    bytes.push(...four);
  }
  return bytes;
}

/** As RFC 5952 wants it: lower case, the first of the longest runs of zeros shortened. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] as number) << 8) | (bytes[index * 2 + 1] as number)).toString(16),
  );
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length === 1) return groups.join(':');
  const front = groups.slice(0, best.start).join(':');
  const back = groups.slice(best.start + best.length).join(':');
  return `${front}::${back}`;
}
