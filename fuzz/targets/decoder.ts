/**
 * The decoder: any bytes, cut anywhere. Whole, byte by byte and in random pieces they must give the
 * frames that a few lines written from PROTOCOL.md find in them, and keep no more memory than came.
 */

import { SeededRandom } from '../../packages/rds-core/src/testing/index.js';
import { FrameDecoder, type FrameSink } from '../../packages/rds-core/src/wire/frame-decoder.js';
import { HEADER_BYTES, type Header } from '../../packages/rds-core/src/wire/header.js';
import { hashOf, itemsOf, join } from '../input.js';
import { wireSeeds } from '../seeds.js';
import { check, type Target } from '../target.js';

/** maxMessageBytes; the first byte of an operation at the start picks one. */
const LIMITS = [1 << 20, 1, 48, 200, 8191, 8192, 8193, 1 << 16];
const MAP_BYTES = 8192;
/** Longer streams are cut at every byte once in so many times. */
const SHORT_BYTES = 128;
const LONG_EVERY = 16;
const GATHER_BYTES = 64 * 1024;
const GROWTH = 4;
const LARGE_BYTES = 256 * 1024;
const HELD_DECODERS = 64;

interface Said {
  readonly frames: number;
  readonly hash: number;
  readonly fault: string | null;
  /** Of the frame at the end, if it is large: what it announces, and what of it came. */
  readonly partial?: { readonly length: number; readonly came: number };
}

/** Where chunks lie: at an odd place, with bytes behind them that would be noticed. */
const chunks = new Uint8Array(32_768);
const CHUNK_AT = 7;

/** Decoders in the middle of something, as those of connections that stand still. */
const held: { decoder: FrameDecoder; length: number; came: number }[] = [];

export const decoderTarget: Target = {
  name: 'decoder',
  grammar: 'frames',
  maxInputBytes: 20_000,
  batch: 1024,
  seeds: wireSeeds(),
  /** What was announced costs nothing, what came at most its size and the step in which it grows. */
  get heldBytes() {
    return held.reduce((sum, { length, came }) => {
      return sum + (came === 0 ? 0 : Math.min(length, Math.max(GATHER_BYTES, GROWTH * came)));
    }, 0);
  },

  execute(input) {
    const items = itemsOf(input);
    const first = items[0];
    const choice = first?.kind === 'operation' ? (first.bytes[1] as number) : 0;
    const limit = LIMITS[choice % LIMITS.length] as number;
    const cuts: number[] = [];
    const pieces: Uint8Array[] = [];
    let length = 0;
    // An operation is no part of the stream. It is a place where to cut it.
    for (const { kind, bytes } of items) {
      if (kind === 'operation') cuts.push(length);
      else length += pieces[pieces.push(bytes) - 1]?.byteLength ?? 0;
    }
    const stream = join(pieces);
    const expected = reference(stream, limit);
    compare('in one chunk', expected, decode(stream, [], limit, expected.partial));
    compare('in the cuts of the input', expected, decode(stream, cuts, limit));
    compare('in random pieces', expected, decode(stream, randomCuts(stream), limit));
    const features = [`${expected.fault} after ${Math.min(expected.frames, 8)} of ${choice % 8}`];
    if (length <= SHORT_BYTES || expected.hash % LONG_EVERY === 0) {
      const everywhere = Array.from({ length }, (_, at) => at);
      compare('byte by byte', expected, decode(stream, everywhere, limit));
    }
    return features;
  },
};

function compare(how: string, expected: Said, said: Said): void {
  const same =
    said.frames === expected.frames && said.hash === expected.hash && said.fault === expected.fault;
  if (!same) throw new Error(`${how}: ${JSON.stringify(said)}, not ${JSON.stringify(expected)}`);
}

function randomCuts(stream: Uint8Array): number[] {
  const random = new SeededRandom(hashOf(stream.subarray(0, 256)));
  const cuts: number[] = [];
  for (let at = 0; at < stream.byteLength; at += random.integer(1, 2 * HEADER_BYTES)) cuts.push(at);
  return cuts;
}

function decode(
  stream: Uint8Array,
  cuts: readonly number[],
  limit: number,
  partial?: Said['partial'],
): Said {
  const decoder = new FrameDecoder(limit);
  let frames = 0;
  let hash = 1;
  let fault: string | null = null;
  const hear = (header: Header, payload: Uint8Array): boolean => {
    check(fault === null, 'a frame after the end');
    check(payload.byteLength === header.length, 'a payload of another length');
    const own = payload.buffer !== chunks.buffer;
    check(!own || payload.buffer.byteLength === header.length, 'more memory than the payload');
    frames++;
    const { sequence, ack, sport, dport, flags, extended, extensions } = header;
    hash = mix(hash, [sequence, ack, sport, dport, flags]);
    if (extended) hash = hashOf(extensions, hash);
    hash = hashOf(payload, hash);
    return true;
  };
  const sink: FrameSink = { frame: hear, nextFrame: hear };
  let start = 0;
  for (let index = 0; index <= cuts.length; index++) {
    const end = cuts[index] ?? stream.byteLength;
    const chunkEnd = CHUNK_AT + end - start;
    const chunk = chunks.subarray(CHUNK_AT, chunkEnd);
    chunk.set(stream.subarray(start, end));
    chunks.fill(0xa5, chunkEnd, chunkEnd + HEADER_BYTES);
    const found = decoder.push(chunk, sink);
    check(fault === null || found === fault, 'another fault than before');
    fault = found;
    start = end;
  }
  if (partial !== undefined) hold({ decoder, ...partial });
  return { frames, hash, fault };
}

function hold(one: (typeof held)[number]): void {
  held.push(one);
  if (held.length > HELD_DECODERS) held.shift();
}

/** What the stream holds, as the description has it. */
function reference(stream: Uint8Array, limit: number): Said {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let frames = 0;
  let hash = 1;
  let at = 0;
  const said = (fault: string | null): Said => ({ frames, hash, fault });
  while (stream.byteLength - at >= HEADER_BYTES) {
    const sequence = view.getBigUint64(at);
    const ack = view.getBigUint64(at + 8);
    const length = view.getUint32(at + 16);
    const sport = view.getUint16(at + 20);
    const dport = view.getUint16(at + 22);
    const flags = view.getUint8(at + 24);
    if (sequence >= 2n ** 53n || ack >= 2n ** 53n) return said('bad-header');
    if (flags === 1 && length !== MAP_BYTES) return said('bad-header');
    const most = sport === 0 && dport === 0 ? Math.max(limit, MAP_BYTES) : limit;
    if (flags !== 1 && length > most) return said('frame-too-large');
    const end = at + HEADER_BYTES + length;
    if (end > stream.byteLength && length >= LARGE_BYTES) {
      const came = stream.byteLength - at - HEADER_BYTES;
      return { frames, hash, fault: null, partial: { length, came } };
    }
    if (end > stream.byteLength) break;
    frames++;
    hash = mix(hash, [Number(sequence), Number(ack), sport, dport, flags]);
    if (stream[at + 32] !== 0) hash = hashOf(stream.subarray(at + 32, at + HEADER_BYTES), hash);
    hash = hashOf(stream.subarray(at + HEADER_BYTES, end), hash);
    at = end;
  }
  return said(null);
}

function mix(start: number, numbers: readonly number[]): number {
  let hash = start;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x01000193);
    hash = Math.imul(hash ^ (number / 2 ** 32), 0x01000193);
  }
  return hash >>> 0;
}
