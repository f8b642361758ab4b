/**
 * IpBytes: an IP address as the bytes that it has on the wire, and back.
 */

import { isIP } from 'node:net';

const IPV6_BYTES = 16;

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

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
