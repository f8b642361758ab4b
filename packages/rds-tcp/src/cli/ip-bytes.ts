/**
 * IpBytes: an IP address as the bytes that it has on the wire, and back; and so its one spelling,
 * in which two can be compared.
 */

import { isIP } from 'node:net';

const IPV6_BYTES = 16;
/** What stands before an IPv4 address that is written as IPv6. */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** 4 or 16 bytes. `text` is an IP address without a zone. */
export function ipToBytes(text: string): Uint8Array {
  if (isIP(text) === 4) return Uint8Array.from(text.split('.'), Number);
  // An IPv4 address in the end counts as two groups.
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) => {
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const gap = Array<number>(IPV6_BYTES / 2 - left.length - right.length).fill(0);
  return Uint8Array.from([...left, ...gap, ...right].flatMap((group) => [group >> 8, group]));
}

/** An IPv6 address is spelt as the address of a URL, which is the short form. */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== IPV6_BYTES) return bytes.join('.');
  const hex = Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/....(?!$)/g, '$&:');
  return new URL(`http://[${hex}]`).hostname.slice(1, -1);
}

/** `text` as a node spells it; what is no IP address, or has a zone, as it is. */
export function canonicalAddress(text: string): string {
  if (isIP(text) !== 6 || text.includes('%')) return text;
  const bytes = ipToBytes(text);
  const isMapped = MAPPED_PREFIX.every((byte, index) => bytes[index] === byte);
  return ipFromBytes(isMapped ? bytes.subarray(MAPPED_PREFIX.length) : bytes);
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
