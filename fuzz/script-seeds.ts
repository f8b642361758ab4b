/** Script seeds: short stories that go well, and some that do not, for mutations to start from. */

import { join, operation } from './input.js';
import { codeOf, type OperationName } from './operations.js';
import { ownFrames } from './seeds.js';

type Step = readonly [OperationName, number?, number?] | Uint8Array;

const SMALLER = 0;
const LARGER = 1;
/** Extensions of one of ours: the default port, generation 1 or 2. */
const OURS = 0xa0;
const OURS_AGAIN = 0xc0;
/** Of a kernel. */
const KERNEL = 0x88;

const WAIT: Step = ['wait', 3];
const MAP: Step = ['map'];
const HELLO: Step = ['introduce', 0, OURS];
const PROBE: Step = ['introduce', 1, OURS];
const PONG: Step = ['introduce', 2, OURS];
const KERNEL_PROBE: Step = ['introduce', 1, KERNEL];
const OWN_UP: readonly Step[] = [['connect', SMALLER], MAP, PROBE, WAIT];
const KERNEL_UP: readonly Step[] = [['connect', SMALLER], MAP, KERNEL_PROBE, WAIT];

export function handshakeSeeds(): Uint8Array[] {
  return [
    [['connect', SMALLER], WAIT],
    [['connect', LARGER], WAIT],
    [['connect', SMALLER], ['end'], WAIT],
    [['connect', SMALLER], MAP, ['wait', 6], ['wait', 7]],
    [['connect', SMALLER], MAP, HELLO, WAIT],
    [['connect', LARGER], ['map', 0, OURS], ['end'], WAIT, MAP, PONG, WAIT],
    [['connect', 4], ['map', 0, OURS], WAIT],
    OWN_UP,
    KERNEL_UP,
    [0, 1, 2, 4, 5, 6].flatMap((port): Step[] => [
      ['connect', SMALLER],
      ['map', 0, OURS + port],
      ['introduce', 1, OURS + port],
      WAIT,
    ]),
    [['connect', SMALLER], MAP, PROBE, WAIT, HELLO, PROBE, PONG, WAIT],
    [['connect', SMALLER], ...ownFrames, WAIT],
    [['send', 1, 0], WAIT, ['connect', SMALLER], MAP, PROBE, WAIT, ['acknowledge', 0], HELLO, WAIT],
    [['send', 1, 1], WAIT, MAP, PONG, WAIT, ['acknowledge', 0], HELLO, WAIT],
  ].map((steps) => story(steps as Step[]));
}

export function nodeSeeds(): Uint8Array[] {
  return [
    [...OWN_UP, ['message', 0, 2], ['message', 1, 2], ['acknowledge', 0], HELLO, WAIT],
    [...KERNEL_UP, ['send', 0, 1], WAIT, ['pong'], WAIT],
    [...OWN_UP, ['send', 3, 1], WAIT, ['refuse', 0x81, 0x11], ['acknowledge', 0], HELLO, WAIT],
    [...OWN_UP, ['send', 1, 0], WAIT, ['introduce', 1, OURS_AGAIN], WAIT],
    [...OWN_UP, ['repeat', 8], ['message', 0, 5], WAIT, WAIT, ['act', 0], WAIT],
    [...OWN_UP, ...OWN_UP, ['message', 0, 4], WAIT],
    [...KERNEL_UP, ['send', 2, 2], WAIT, ['destroy'], ...KERNEL_UP, ['pong'], WAIT],
    [...OWN_UP, ['repeat', 6], MAP, ['map', 20], ['send', 3, 0], WAIT, MAP, WAIT],
    [...OWN_UP, ['acknowledge', 1], HELLO, WAIT],
    [...OWN_UP, ['pause'], ['send', 3, 3], WAIT, ['wait', 9]],
    [...OWN_UP, ['number', 0xfe], ['message', 0x10, 2], ['number', 0], ['message', 8, 2], WAIT],
    [['act', 3], ['connect', LARGER], ['end'], WAIT, MAP, PONG, WAIT, ['pong'], ['act', 2], WAIT],
    [...OWN_UP, ['act', 1], ['message', 3, 3], ['act', 1], WAIT],
    [...OWN_UP, ['act', 200], WAIT, ['act', 205], WAIT, ['act', 210], ['wait', 4], ['act', 215]],
    [
      ['send', 3, 3],
      ['connect', LARGER],
      ['end'],
      WAIT,
      MAP,
      PROBE,
      WAIT,
      ['wait', 9],
      ['wait', 9],
    ],
  ].map((steps) => story(steps as Step[]));
}

function story(steps: readonly Step[]): Uint8Array {
  return join(
    steps.map((step) => {
      if (step instanceof Uint8Array) return step;
      const [name, a, b] = step;
      return operation(codeOf(name), a, b);
    }),
  );
}
