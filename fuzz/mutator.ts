/**
 * Mutator: makes new inputs of old ones. It knows where headers, fields and operations are, because
 * chance alone hardly ever makes a second frame that is read as one.
 */

import type { SeededRandom } from '../packages/rds-core/src/testing/index.js';
import { HEADER_BYTES } from '../packages/rds-core/src/wire/header.js';
import { type Item, itemsOf, join, operation } from './input.js';
import { LAST_OPERATION } from './operations.js';

const BYTES = [0, 1, 2, 4, 5, 6, 0x10, 0x72, 0x7f, 0x80, 0xfe, 0xff];
const PORTS = [0, 1, 2, 4000, 5000, 5001, 5002, 5003, 6000, 16385, 65535];
const FLAGS = [0, 1, 2, 3, 4, 5, 6, 0x80, 0x82, 0xff];
const LENGTHS = [
  0,
  1,
  17,
  34,
  47,
  48,
  200,
  4096,
  4097,
  8191,
  8192,
  8193,
  2 ** 19,
  2 ** 20,
  2 ** 31,
  2 ** 32 - 1,
];
const HIGHS = [0, 0, 0, 1, 0x60a24, 0x1fffff, 0x200000, 0xffffffff];
const LOWS = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
/** What our nodes and kernels put into the 16 spare bytes. */
const EXTENSIONS = [
  '0500080000000000',
  '0500010612345678720140010000',
  '05ffff0600000001720140010000',
  '05000106ffffffff7201ffff0000',
  '7201400100',
  '7200000006000000ff05ffff',
  '0600000000',
  '0f05000408010000',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

export class Mutator {
  readonly #random: SeededRandom;
  readonly #maxBytes: number;
  readonly #grammar: 'bytes' | 'frames';

  constructor(random: SeededRandom, grammar: 'bytes' | 'frames', maxBytes: number) {
    this.#random = random;
    this.#grammar = grammar;
    this.#maxBytes = maxBytes;
  }

  /** A new input; `other` gives it pieces. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    let bytes = input;
    do {
      const asFrames = this.#grammar === 'frames' && random.chance(0.75);
      bytes = asFrames ? this.#mutateItems(bytes, other) : this.#mutateBytes(bytes, other);
    } while (random.chance(0.5));
    return bytes.byteLength > this.#maxBytes ? bytes.slice(0, this.#maxBytes) : bytes;
  }

  #mutateBytes(input: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    const { byteLength } = input;
    if (byteLength === 0) return other.slice();
    const at = random.integer(0, byteLength - 1);
    const end = Math.min(byteLength, at + random.integer(1, random.chance(0.8) ? 8 : byteLength));
    switch (random.integer(0, 6)) {
      case 0:
        return join([input.subarray(0, at), input.subarray(end)]);
      case 1:
        return join([input.subarray(0, end), input.subarray(at)]);
      case 2: {
        const from = random.integer(0, other.byteLength);
        return join([input.subarray(0, at), other.subarray(from, from + 64), input.subarray(end)]);
      }
      case 3:
        return input.slice(0, at);
      default: {
        const bytes = input.slice();
        const old = bytes[at] as number;
        const how = random.integer(0, 3);
        if (how === 0) bytes[at] = old ^ (1 << random.integer(0, 7));
        else if (how === 1) bytes[at] = random.pick(BYTES);
        else if (how === 2) bytes[at] = old + random.pick([-1, 1]);
        else bytes[at] = random.integer(0, 255);
        return bytes;
      }
    }
  }

  #mutateItems(input: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    const items = itemsOf(input);
    const index = random.integer(0, Math.max(0, items.length - 1));
    const item = items[index];
    if (item === undefined) return join([input, other]);
    const pieces = items.map(({ bytes }) => bytes);
    switch (random.integer(0, 7)) {
      case 0:
        pieces.splice(index, 1);
        break;
      case 1:
        pieces.splice(random.integer(0, items.length), 0, item.bytes);
        break;
      case 2: {
        const donor = itemsOf(other).map(({ bytes }) => bytes);
        const from = random.integer(0, donor.length);
        pieces.splice(index, 0, ...donor.slice(from, from + random.integer(1, 4)));
        break;
      }
      case 3:
        pieces.splice(random.integer(0, items.length), 0, this.#operation());
        break;
      default:
        pieces[index] = this.#change(item);
    }
    return join(pieces);
  }

  #operation(): Uint8Array {
    const random = this.#random;
    return operation(
      random.integer(0, LAST_OPERATION),
      random.integer(0, 255),
      random.integer(0, 255),
    );
  }

  #change({ kind, bytes }: Item): Uint8Array {
    const random = this.#random;
    if (kind === 'frame') return this.#changeFrame(bytes.slice());
    const changed = bytes.slice();
    const at = random.integer(kind === 'operation' ? 1 : 0, bytes.byteLength - 1);
    changed[at] = random.integer(0, 255);
    return changed;
  }

  #changeFrame(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    switch (random.integer(0, 7)) {
      case 0:
        this.#changeNumber(view, 0);
        return bytes;
      case 1:
        this.#changeNumber(view, 8);
        return bytes;
      case 2:
        view.setUint32(16, random.pick(LENGTHS));
        return bytes;
      case 3:
        return this.#resize(bytes);
      case 4:
        view.setUint16(20, random.pick(PORTS));
        return bytes;
      case 5:
        view.setUint16(22, random.pick(PORTS));
        return bytes;
      case 6:
        view.setUint8(24, random.pick(FLAGS));
        return bytes;
      default:
        bytes.fill(0, 32, HEADER_BYTES);
        bytes.set(random.pick(EXTENSIONS), 32);
        return bytes;
    }
  }

  /** One more, one less, or something at the edge. */
  #changeNumber(view: DataView, at: number): void {
    const random = this.#random;
    if (random.chance(0.5)) {
      view.setUint32(at + 4, view.getUint32(at + 4) + random.pick([-1, 1]));
    } else {
      view.setUint32(at, random.pick(HIGHS));
      view.setUint32(at + 4, random.pick(LOWS));
    }
  }

  /** Another payload, of the length that the header says. */
  #resize(bytes: Uint8Array): Uint8Array {
    const length = this.#random.chance(0.9) ? this.#random.integer(0, 40) : 8192;
    const frame = new Uint8Array(HEADER_BYTES + length);
    frame.set(bytes.subarray(0, frame.byteLength));
    new DataView(frame.buffer).setUint32(16, length);
    return frame;
  }
}
