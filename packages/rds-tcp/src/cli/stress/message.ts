/**
 * Message: what tasks send each other. A header of 63 bytes, 96 with IPv6, then filler; all
 * numbers big-endian:
 *
 *   0 sequence u32 · 4 from, 8 to: IPv4, or zero · 12 from port, 14 to port, 16 index: u16
 *   18 operation u8 · 19 what only RDMA uses, zero · with IPv6: 64 from, 80 to
 *
 * The receiver checks all of it but what RDMA uses.
 */

import { ipFromBytes, ipToBytes } from '../ip-bytes.js';

/** One of some, sent and not yet answered. */
export const REQUEST = 1;
/** The answer to a request, which bears its index. */
export const ACK = 2;

const IPV4 = { from: 4, to: 8 };
const IPV6 = { from: 64, to: 80 };
/** What every header has, whatever its version. */
export const LEAST_HEADER_BYTES = 19;

/** Who writes to whom. */
export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
}

/** A message of `sizeBytes` with all that stays the same; `stamp` fills in the rest. */
export function makeMessage(
  operation: number,
  { from, to, fromPort, toPort }: Ends,
  sizeBytes: number,
  headerBytes: number,
  filler: Buffer | null,
): Uint8Array {
  const message = new Uint8Array(sizeBytes);
  writeAddress(message, 'from', from);
  writeAddress(message, 'to', to);
  setU16(message, 12, fromPort);
  setU16(message, 14, toPort);
  message[18] = operation;
  if (filler !== null) message.set(filler.subarray(0, sizeBytes - headerBytes), headerBytes);
  return message;
}

/** What differs from message to message of one task. */
export function stamp(message: Uint8Array, sequence: number, toPort: number, index: number): void {
  message[0] = sequence >>> 24;
  message[1] = sequence >>> 16;
  message[2] = sequence >>> 8;
  message[3] = sequence;
  setU16(message, 14, toPort);
  setU16(message, 16, index);
}

/** Whether the header is that of `expected`, a message of `makeMessage` that was stamped. */
export function hasHeaderOf(message: Uint8Array, expected: Uint8Array): boolean {
  for (let at = 0; at < LEAST_HEADER_BYTES; at++) if (message[at] !== expected[at]) return false;
  if (!hasIpv6(expected)) return true;
  for (let at = IPV6.from; at < IPV6.to + 16; at++) {
    if (message[at] !== expected[at]) return false;
  }
  return true;
}

/** Where the filler differs first, as an offset into the message; -1 if it is all right. */
export function corruptedAt(message: Uint8Array, headerBytes: number, filler: Buffer): number {
  const length = message.length - headerBytes;
  if (filler.compare(message, headerBytes, message.length, 0, length) === 0) return -1;
  let at = 0;
  while (message[headerBytes + at] === filler[at]) at++;
  return headerBytes + at;
}

/** The fields that differ, each with what was expected and what came. */
export function differences(message: Uint8Array, expected: Uint8Array): string {
  const wanted = fields(expected);
  return fields(message)
    .map(([name, value], index) => [name, wanted[index]?.[1], value] as const)
    .filter(([, want, value]) => want !== value)
    .map(([name, want, value]) => `${name} is ${value} and not ${want}`)
    .join(', ');
}

function fields(message: Uint8Array): (readonly [string, string | number])[] {
  const { buffer, byteOffset, byteLength } = message;
  const view = new DataView(buffer, byteOffset, byteLength);
  const at = hasIpv6(message) ? IPV6 : IPV4;
  const length = at === IPV6 ? 16 : 4;
  return [
    ['sequence', view.getUint32(0)],
    ['from', ipFromBytes(message.subarray(at.from, at.from + length))],
    ['to', ipFromBytes(message.subarray(at.to, at.to + length))],
    ['from port', view.getUint16(12)],
    ['to port', view.getUint16(14)],
    ['index', view.getUint16(16)],
    ['operation', view.getUint8(18)],
  ];
}

/** With IPv6 the place of the older addresses is empty. */
function hasIpv6(message: Uint8Array): boolean {
  return message[IPV4.from] === 0 && message[IPV4.to] === 0 && message.length >= IPV6.to + 16;
}

function writeAddress(message: Uint8Array, end: 'from' | 'to', address: string): void {
  const bytes = ipToBytes(address);
  message.set(bytes, (bytes.length === 4 ? IPV4 : IPV6)[end]);
}

function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
