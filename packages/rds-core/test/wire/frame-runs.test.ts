/** Frames that only go on: the same frames, whether they are given as such or one by one. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  anyMap,
  Decoding,
  type Frame,
  frameBytes,
  frameText,
  NO_EXTENSIONS,
  split,
} from './frames.js';

const LIMIT = 300;
const PLAIN = { flags: 0, extensions: NO_EXTENSIONS };

/** Mostly `usual`. */
const mostly = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const port = fc.integer({ min: 0, max: 65_535 });

/** What a frame has that the one before had not; a number is a step. */
const anyChange = fc.record({
  step: mostly(1, fc.constantFrom(0, 2, -1, 2 ** 32, 2 ** 32 + 1)),
  ack: mostly(null, fc.oneof(fc.maxSafeNat(), fc.constantFrom(2 ** 32, 2 ** 33))),
  sport: mostly(null, port),
  dport: mostly(null, port),
  flags: mostly(0, fc.integer({ min: 2, max: 255 })),
  extensions: mostly(NO_EXTENSIONS, fc.constantFrom('05'.repeat(16), `00${'07'.repeat(15)}`)),
  payload: fc.uint8Array({ maxLength: 60 }),
  map: mostly(null, anyMap),
});
const anyStart = fc.record({
  sequence: fc.constantFrom(1, 0, 2 ** 32 - 3, 2 ** 33 - 2, 2 ** 53 - 4),
  ack: fc.constantFrom(0, 7, 2 ** 32),
  sport: port,
  dport: port,
});
/** Frames of a few flows, as trains bring them. */
const anyStream = fc
  .tuple(anyStart, fc.array(anyChange, { maxLength: 25, size: 'max' }))
  .map(([start, changes]) => {
    let { sequence, ack, sport, dport } = start;
    return changes.map((change): Frame => {
      if (change.map !== null) return change.map;
      sequence = Math.max(0, sequence + change.step);
      ack = change.ack ?? ack;
      sport = change.sport ?? sport;
      dport = change.dport ?? dport;
      const { flags, extensions, payload } = change;
      return { sequence, ack, sport, dport, flags, extensions, payload };
    });
  });

const isPlain = ({ flags, extensions }: Frame): boolean =>
  flags === 0 && extensions.startsWith('00');

function isNext(before: Frame | undefined, next: Frame): boolean {
  if (before === undefined || !isPlain(next) || next.sequence !== before.sequence + 1) return false;
  return before.ack === next.ack && before.sport === next.sport && before.dport === next.dport;
}

/** As the text of what is read: extensions whose first type is 0 are none. */
const textOf = (frame: Frame): string =>
  frameText(
    isPlain(frame)
      ? { ...frame, ...PLAIN }
      : frame.extensions.startsWith('00')
        ? { ...frame, extensions: NO_EXTENSIONS }
        : frame,
  );

describe('a run of frames', () => {
  test('is the same frames, given as such or one by one, and cut anywhere', () => {
    const cuts = fc.array(fc.nat(4000), { maxLength: 8, size: 'max' });
    const answers = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(anyStream, cuts, answers, (frames, places, said) => {
        const bytes = Buffer.concat(frames.map(frameBytes));
        const end = frames.findIndex(({ sequence }) => sequence >= 2 ** 53);
        const wanted = end < 0 ? frames : frames.slice(0, end);
        let asked = 0;
        const asYouLike = () => said[asked++ % said.length] as boolean;
        for (const inRuns of [() => false, () => true, asYouLike]) {
          const decoding = new Decoding(LIMIT, inRuns).push(...split(bytes, places));
          expect(decoding.texts).toEqual(wanted.map(textOf));
          expect(decoding.fault).toBe(end < 0 ? null : 'bad-header');
          for (const at of decoding.goneOn) {
            expect(isNext(wanted[at - 1], wanted[at] as Frame), `frame ${at}`).toBe(true);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('has all in it that goes on, if that lies in one chunk', () => {
    fc.assert(
      fc.property(anyStream, (frames) => {
        const known = frames.filter(({ sequence }) => sequence < 2 ** 53);
        const decoding = new Decoding(LIMIT).push(Buffer.concat(known.map(frameBytes)));
        const goOn = known.flatMap((frame, at) => (isNext(known[at - 1], frame) ? [at] : []));
        expect(decoding.goneOn).toEqual(goOn);
      }),
    );
  });

  const first = { sequence: 2 ** 32 - 1, ack: 5, sport: 7, dport: 8, payload: Buffer.from('one') };
  const next = { ...first, sequence: 2 ** 32, payload: Buffer.from('two') };

  test.each<[string, Partial<Frame>]>([
    ['another number', { sequence: 2 ** 32 + 1 }],
    ['the same number', { sequence: 2 ** 32 - 1 }],
    ['another low half of the number', { sequence: 2 ** 33 }],
    ['another acknowledgement', { ack: 6 }],
    ['another high half of the acknowledgement', { ack: 2 ** 32 + 5 }],
    ['another source', { sport: 9 }],
    ['another destination', { dport: 9 }],
    ['a flag', { flags: 2 }],
    ['an extension', { extensions: '05'.repeat(16) }],
  ])('does not go on with %s', (_name, other) => {
    const goesOn = new Decoding().push(Buffer.concat([first, next].map(frameBytes)));
    expect(goesOn.goneOn).toEqual([1]);
    const bytes = Buffer.concat([first, { ...next, ...other }].map(frameBytes));
    const decoding = new Decoding().push(bytes);
    expect(decoding.goneOn).toEqual([]);
    expect(decoding.frames).toHaveLength(2);
  });

  test('does not go past the limit', () => {
    const all = [first, next].map(frameBytes);
    const large = frameBytes({ ...next, sequence: 2 ** 32 + 1, payload: Buffer.alloc(LIMIT + 1) });
    const decoding = new Decoding(LIMIT).push(Buffer.concat([...all, large]));
    expect(decoding).toMatchObject({ fault: 'frame-too-large', goneOn: [1] });
    expect(decoding.frames).toHaveLength(2);
  });

  test('is not begun if the sink does not want it', () => {
    const bytes = Buffer.concat([first, next].map(frameBytes));
    const decoding = new Decoding(LIMIT, () => false).push(bytes);
    expect(decoding.goneOn).toEqual([]);
    expect(decoding.frames).toHaveLength(2);
  });
});
