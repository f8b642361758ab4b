/**
 * Input: the grammar of the bytes that a target runs. A sequence of items: operations of 4 bytes
 * that begin with 0xff, which no frame does, and frames as they stand on the wire. Any bytes are
 * an input, so nothing that a mutation makes is lost.
 */

import { HEADER_BYTES } from '../packages/rds-core/src/wire/header.js';

const OPERATION = 0xff;
const OPERATION_BYTES = 4;

export interface Item {
  /** A frame is whole only if it is the last thing that can be cut short. */
  readonly kind: 'operation' | 'frame' | 'rest';
  readonly bytes: Uint8Array;
}

export function itemsOf(input: Uint8Array): Item[] {
  const items: Item[] = [];
  let at = 0;
  while (at < input.byteLength) {
    const item = itemAt(input, at);
    items.push(item);
    at += item.bytes.byteLength;
  }
  return items;
}

function itemAt(input: Uint8Array, at: number): Item {
  const left = input.byteLength - at;
  if (input[at] === OPERATION && left >= OPERATION_BYTES) {
    return { kind: 'operation', bytes: input.subarray(at, at + OPERATION_BYTES) };
  }
  if (left < HEADER_BYTES) return { kind: 'rest', bytes: input.subarray(at) };
  const { byteOffset, buffer } = input;
  const length = new DataView(buffer, byteOffset).getUint32(at + 16);
  const end = at + HEADER_BYTES + Math.min(length, left - HEADER_BYTES);
  return { kind: 'frame', bytes: input.subarray(at, end) };
}

export function operation(code: number, a = 0, b = 0): Uint8Array {
  return Uint8Array.of(OPERATION, code, a, b);
}

export function join(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/** FNV-1a: what chance an execution needs comes from its input, so that a replay is the same. */
export function hashOf(bytes: Uint8Array, start = 0x811c9dc5): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
