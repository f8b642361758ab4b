/**
 * Header: the 48 bytes that stand before every message. Mirrors `struct rds_header` in
 * net/rds/rds.h; the offsets are those of a captured kernel frame.
 *
 *    0 be64 sequence     16 be32 len      20 be16 sport    22 be16 dport
 *    8 be64 ack          24 u8 flags      25 u8 credit     26 4 bytes padding
 *   30 be16 csum         32 16 bytes of extension headers
 *
 * One DataView and plain arithmetic: BigInt or Buffer's readers cost ten times as much, and this
 * runs once per message. Sequences are numbers, because 2^53 messages is 285 years at a million
 * a second; a larger one on the wire is not a sequence but a stranger's bytes.
 */

import { EXTENSION_SPACE_BYTES } from './extension.js';

export const HEADER_BYTES = 48;
const EXTENSIONS_AT = 32;
const TWO_TO_32 = 0x1_0000_0000;
/** The high half of a sequence below 2^53. */
const MAX_SEQUENCE_HIGH = 0x1f_ffff;

/** Flags as in rds.h. A frame whose flags are anything but exactly CONGESTION_MAP is a message. */
export const FLAG_CONGESTION_MAP = 0x01;
export const FLAG_ACK_REQUIRED = 0x02;
export const FLAG_RETRANSMITTED = 0x04;
/** Between our own nodes, on an unsequenced frame 0 → 0: the sender has closed for good. */
export const FLAG_GOODBYE = 0x80;

/** The fields of a header. Reading is into one reused object: nothing is allocated per message. */
export class Header {
  sequence = 0;
  ack = 0;
  length = 0;
  sport = 0;
  dport = 0;
  flags = 0;
  /** True if there are extension headers; `extensions` is only then filled. */
  extended = false;
  readonly extensions = new Uint8Array(EXTENSION_SPACE_BYTES);
}

/**
 * Reads the header at `at`. False if a 64-bit field is beyond 2^53, which no RDS sender writes:
 * that is how HTTP, TLS and lost framing are told from RDS.
 */
export function readHeader(header: Header, bytes: Uint8Array, view: DataView, at: number): boolean {
  const sequenceHigh = view.getUint32(at);
  const ackHigh = view.getUint32(at + 8);
  header.sequence = sequenceHigh * TWO_TO_32 + view.getUint32(at + 4);
  header.ack = ackHigh * TWO_TO_32 + view.getUint32(at + 12);
  header.length = view.getUint32(at + 16);
  header.sport = view.getUint16(at + 20);
  header.dport = view.getUint16(at + 22);
  header.flags = view.getUint8(at + 24);
  header.extended = view.getUint8(at + EXTENSIONS_AT) !== 0;
  if (header.extended) {
    const from = at + EXTENSIONS_AT;
    header.extensions.set(bytes.subarray(from, from + EXTENSION_SPACE_BYTES));
  }
  return sequenceHigh <= MAX_SEQUENCE_HIGH && ackHigh <= MAX_SEQUENCE_HIGH;
}

/** Writes a header without extensions; `writeExtensions` adds those of a probe. */
export function writeHeader(
  view: DataView,
  at: number,
  sequence: number,
  ack: number,
  length: number,
  sport: number,
  dport: number,
  flags: number,
): void {
  prepareHeader(view, at, length, sport, dport);
  stampHeader(view, at, sequence, ack, flags);
}

/** Writes what is known of a frame when it is made; it is stamped when it leaves. */
export function prepareHeader(
  view: DataView,
  at: number,
  length: number,
  sport: number,
  dport: number,
): void {
  view.setUint32(at + 16, length);
  view.setUint32(at + 20, (sport << 16) | dport);
  // The buffer is used again and again, so what a kernel leaves zero must be made zero.
  view.setUint32(at + 28, 0);
  view.setFloat64(at + 32, 0);
  view.setFloat64(at + 40, 0);
}

/** Writes what is known when the frame leaves, at each transmission. */
export function stampHeader(
  view: DataView,
  at: number,
  sequence: number,
  ack: number,
  flags: number,
): void {
  stampWords(view, at, sequence / TWO_TO_32, sequence, ack / TWO_TO_32, ack, flags);
}

/** The same for all frames from `start` to `end`, numbered from `sequence` on. */
export function stampHeaders(
  view: DataView,
  start: number,
  end: number,
  sequence: number,
  ack: number,
  flags: number,
): void {
  // Halves are taken apart once, and integers counted: doubles cost several times as much.
  const ackHigh = (ack / TWO_TO_32) | 0;
  const ackLow = ack | 0;
  let high = (sequence / TWO_TO_32) | 0;
  let low = sequence | 0;
  for (let at = start; at < end; at += HEADER_BYTES + lengthAt(view, at)) {
    stampWords(view, at, high, low, ackHigh, ackLow, flags);
    low = (low + 1) | 0;
    if (low === 0) high++;
  }
}

function stampWords(
  view: DataView,
  at: number,
  high: number,
  low: number,
  ackHigh: number,
  ackLow: number,
  flags: number,
): void {
  view.setUint32(at, high);
  view.setUint32(at + 4, low);
  view.setUint32(at + 8, ackHigh);
  view.setUint32(at + 12, ackLow);
  view.setUint32(at + 24, flags << 24);
}

/**
 * True if the header at `at` is a plain one, and like `header` but for its length and its number,
 * which is one higher.
 */
export function goesOn(header: Header, view: DataView, at: number): boolean {
  return (
    view.getUint32(at) <= MAX_SEQUENCE_HIGH &&
    view.getUint32(at + 4) + view.getUint32(at) * TWO_TO_32 === header.sequence + 1 &&
    view.getUint32(at + 12) + view.getUint32(at + 8) * TWO_TO_32 === header.ack &&
    view.getUint32(at + 20) === ((header.sport << 16) | header.dport) >>> 0 &&
    view.getUint8(at + 24) === 0 &&
    view.getUint8(at + EXTENSIONS_AT) === 0
  );
}

/** The payload length in the header at `at`. */
export function lengthAt(view: DataView, at: number): number {
  return view.getUint32(at + 16);
}

export function writeExtensions(bytes: Uint8Array, at: number, extensions: Uint8Array): void {
  bytes.set(extensions, at + EXTENSIONS_AT);
}
