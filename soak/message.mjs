// A message of the soak: who sent it, its number, when, and bytes that nobody could guess.
//
// Bytes 0–1 the sender's incarnation, 2–5 the number in its flow, 6–13 the time of sending, then
// the rest. A message shorter than a name has none; its place in the flow names it.

import { hash } from 'node:crypto';
import { between } from './random.mjs';

/** @typedef {import('./random.mjs').Random} Random */

export const NAME_BYTES = 6;
const STAMPED_BYTES = 14;
const MAX_BYTES = 256 * 1024;

/** One in so many messages is too short for a name. */
const NAMELESS_SHARE = 0.04;
/** Mostly small ones; the rest of the largest kind. */
const SIZES = [
  { share: 0.7, bytes: 2048 },
  { share: 0.94, bytes: 32 * 1024 },
  { share: 1, bytes: MAX_BYTES },
];

/** @param {Random} random */
export function bytesPool(random) {
  const pool = Buffer.alloc(2 * MAX_BYTES);
  for (let at = 0; at < pool.length; at += 4) pool.writeUInt32LE(random() * 2 ** 32, at);
  return pool;
}

/**
 * @param {Random} random
 * @param {boolean} mayBeNameless
 */
export function randomLength(random, mayBeNameless) {
  if (mayBeNameless && random() < NAMELESS_SHARE) return between(random, 0, NAME_BYTES - 1);
  const kind = random();
  const most = SIZES.find(({ share }) => kind < share)?.bytes ?? MAX_BYTES;
  return between(random, NAME_BYTES, most);
}

/**
 * @param {Buffer} pool
 * @param {Random} random
 * @param {{ incarnation: number, number: number, length: number, atMs: number }} message
 */
export function encodeMessage(pool, random, { incarnation, number, length, atMs }) {
  const start = between(random, 0, pool.length - length);
  const data = Buffer.from(pool.subarray(start, start + length));
  if (length >= NAME_BYTES) {
    data.writeUInt16BE(incarnation, 0);
    data.writeUInt32BE(number, 2);
  }
  if (length >= STAMPED_BYTES) data.writeDoubleBE(atMs, 6);
  return data;
}

/**
 * What a message says of itself; null if it is too short to say anything.
 *
 * @param {Uint8Array} data
 */
export function decodeMessage(data) {
  if (data.byteLength < NAME_BYTES) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const atMs = data.byteLength >= STAMPED_BYTES ? view.getFloat64(6) : 0;
  return { incarnation: view.getUint16(0), number: view.getUint32(2), atMs };
}

/** @param {Uint8Array} data */
export function digestOf(data) {
  return hash('sha256', data, 'base64url');
}
