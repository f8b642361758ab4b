/** A decoder that is stopped gives nothing, keeps everything, and goes on as if nothing had been. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameDecoder } from '../../src/wire/frame-decoder.js';
import { frame } from '../findings/raw.js';

const MAX = 100_000;
const stream = (count: number): Uint8Array => {
  const frames = Array.from({ length: count }, (_, index) =>
    frame({
      seq: index + 1,
      sport: 5,
      dport: 6,
      data: new Uint8Array((index * 37) % 300).fill(index),
    }),
  );
  return Uint8Array.from(frames.flatMap((bytes) => [...bytes]));
};

/** Decodes `bytes` in chunks of `chunkBytes`, stopping at each frame whose number `stops` has. */
function decode(
  bytes: Uint8Array,
  chunkBytes: number,
  stops: ReadonlySet<number>,
  inRuns = true,
): string[] {
  const decoder = new FrameDecoder(MAX);
  const texts: string[] = [];
  const hear = ({ sequence }: { sequence: number }, payload: Uint8Array): boolean => {
    expect(decoder.isStopped).toBe(false);
    texts.push(`${sequence} ${payload.byteLength} ${payload[0] ?? ''}`);
    if (stops.has(sequence)) decoder.stop();
    return inRuns;
  };
  const sink = { frame: hear, nextFrame: hear };
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    const before = texts.length;
    const wasStopped = decoder.isStopped;
    expect(decoder.push(bytes.slice(at, at + chunkBytes), sink)).toBeNull();
    if (wasStopped) expect(texts).toHaveLength(before);
    // Some of the time it stays stopped over a chunk or two.
    if (decoder.isStopped && at % 3 === 0) expect(decoder.go(sink)).toBeNull();
  }
  while (decoder.isStopped) expect(decoder.go(sink)).toBeNull();
  return texts;
}

test('the frames are the same, wherever it is stopped and however the stream is cut', () => {
  const bytes = stream(12);
  const expected = decode(bytes, bytes.byteLength, new Set());
  expect(expected).toHaveLength(12);
  const stops = fc.array(fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(
      stops,
      fc.integer({ min: 1, max: 3000 }),
      fc.boolean(),
      (sequences, chunkBytes, inRuns) => {
        expect(decode(bytes, chunkBytes, new Set(sequences), inRuns)).toEqual(expected);
      },
    ),
  );
});

test('what it was stopped before is checked when it goes on', () => {
  const decoder = new FrameDecoder(MAX);
  const good = frame({ seq: 1, sport: 5, dport: 6 });
  const bad = frame({ seq: 2, sport: 5, dport: 6 });
  bad.fill(0xff);
  const sequences: number[] = [];
  const sink = {
    frame: ({ sequence }: { sequence: number }) => {
      sequences.push(sequence);
      decoder.stop();
      return true;
    },
    nextFrame() {},
  };
  expect(decoder.push(good, sink)).toBeNull();
  expect(decoder.push(bad, sink)).toBeNull();
  expect(sequences).toEqual([1]);
  expect(decoder.go(sink)).toBe('bad-header');
  expect(sequences).toEqual([1]);
});
