/** Frames put together without the code under test, and what the code under test makes of them. */

import fc from 'fast-check';
import { FrameDecoder, type FrameFault, type FrameSink } from '../../src/wire/frame-decoder.js';
import type { Header } from '../../src/wire/header.js';

export interface Frame {
  readonly sequence: number;
  readonly ack: number;
  readonly sport: number;
  readonly dport: number;
  readonly flags: number;
  /** 16 bytes in hex. */
  readonly extensions: string;
  readonly payload: Uint8Array;
}

export const NO_EXTENSIONS = '00'.repeat(16);

const DATA: Frame = {
  sequence: 1,
  ack: 0,
  sport: 5000,
  dport: 6000,
  flags: 0,
  extensions: NO_EXTENSIONS,
  payload: new Uint8Array(0),
};

/** A frame as bytes; a data frame where nothing else is said. */
export function frameBytes(fields: Partial<Frame> & { length?: number } = {}): Buffer {
  const { sequence, ack, sport, dport, flags, extensions, payload } = { ...DATA, ...fields };
  const header = Buffer.alloc(48);
  header.writeBigUInt64BE(BigInt(sequence), 0);
  header.writeBigUInt64BE(BigInt(ack), 8);
  header.writeUInt32BE(fields.length ?? payload.byteLength, 16);
  header.writeUInt16BE(sport, 20);
  header.writeUInt16BE(dport, 22);
  header.writeUInt8(flags, 24);
  header.write(extensions, 32, 'hex');
  return Buffer.concat([header, payload]);
}

/** All that a frame says, in a line that is quick to compare. */
export function frameText(frame: Frame): string {
  const { sequence, ack, sport, dport, flags, extensions, payload } = frame;
  const hex = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('hex');
  return `#${sequence} ack ${ack} ${sport}→${dport} flags ${flags} ext ${extensions} ${hex}`;
}

/** Gives a decoder one chunk after the other, and keeps what it says. */
export class Decoding {
  readonly frames: Frame[] = [];
  fault: FrameFault | null = null;
  /** Which of the frames came as ones that only go on. */
  readonly goneOn: number[] = [];
  readonly #decoder: FrameDecoder;
  readonly #sink: FrameSink;

  /** `inRuns` says of each frame whether those that go on may be given as such. */
  constructor(maxPayloadBytes = 1 << 20, inRuns: () => boolean = () => true) {
    this.#decoder = new FrameDecoder(maxPayloadBytes);
    this.#sink = {
      frame: (header, payload) => {
        this.#hear(header, payload);
        return inRuns();
      },
      nextFrame: (header, payload) => {
        this.goneOn.push(this.frames.length);
        this.#hear(header, payload);
      },
    };
  }

  get texts(): string[] {
    return this.frames.map(frameText);
  }

  /**
   * As a stream does that reads to where it is to be: `bytes`, at most `most` at once. Returns how
   * often it was told where.
   */
  read(bytes: Uint8Array, most: number): number {
    let told = 0;
    let at = 0;
    while (at < bytes.length) {
      const { room } = this.#decoder;
      if (room !== null) told++;
      const memory = room ?? new Uint8Array(most);
      const piece = bytes.subarray(at, at + Math.min(most, memory.length));
      memory.set(piece);
      this.push(memory.subarray(0, piece.length));
      at += piece.length;
    }
    return told;
  }

  push(...chunks: readonly Uint8Array[]): this {
    return this.pushAll(chunks);
  }

  pushAll(chunks: Iterable<Uint8Array>): this {
    for (const chunk of chunks) this.fault = this.#decoder.push(chunk, this.#sink);
    return this;
  }

  #hear(header: Header, payload: Uint8Array): void {
    const { sequence, ack, sport, dport, flags, extended } = header;
    const extensions = extended ? Buffer.from(header.extensions).toString('hex') : NO_EXTENSIONS;
    if (header.length !== payload.byteLength) throw new Error('a wrong length');
    this.frames.push({ sequence, ack, sport, dport, flags, extensions, payload });
  }
}

/** `bytes` in pieces that end at `cuts`, as copies: nothing can be read beyond a chunk's end. */
export function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => Math.min(cut, bytes.byteLength)), bytes.byteLength];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => copy(bytes, index === 0 ? 0 : (ends[index - 1] as number), end));
}

/** Pieces of `size` bytes. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.byteLength / size);
  return Array.from({ length: count }, (_, index) => copy(bytes, index * size, (index + 1) * size));
}

/** Not `slice`, which a Buffer has as a view. */
function copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

const port = fc.integer({ min: 0, max: 65535 });

/** Any message that may stand in a stream; a congestion map is not one. */
export const anyMessage: fc.Arbitrary<Frame> = fc.record({
  sequence: fc.maxSafeNat(),
  ack: fc.maxSafeNat(),
  sport: port,
  dport: port,
  flags: fc.integer({ min: 0, max: 255 }).filter((flags) => flags !== 1),
  // Extensions whose first type is 0 are none.
  extensions: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => (bytes[0] === 0 ? NO_EXTENSIONS : Buffer.from(bytes).toString('hex'))),
  payload: fc.uint8Array({ maxLength: 200 }),
});

export const anyMap: fc.Arbitrary<Frame> = fc.array(port, { maxLength: 8 }).map((ports) => {
  const payload = new Uint8Array(8192);
  for (const one of ports) payload[one >> 3] = 1 << (one & 7);
  return { ...DATA, sequence: 0, sport: 0, dport: 0, flags: 1, payload };
});
