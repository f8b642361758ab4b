/**
 * FrameDecoder: a byte stream in any pieces, out come whole frames. Mirrors rds_tcp_data_recv in
 * net/rds/tcp_recv.c, except that a length is checked before a byte is kept for it.
 *
 * A frame that lies whole inside a chunk costs no copy: its payload is a view of the chunk. One
 * that spans chunks is gathered in a buffer that grows with what has come.
 */

import { CONGESTION_MAP_BYTES } from '../congestion-map.js';
import {
  FLAG_CONGESTION_MAP,
  goesOn,
  HEADER_BYTES,
  Header,
  lengthAt,
  readHeader,
} from './header.js';

/** Hears of each frame. `header` is reused for the next one: read it, do not keep it. */
export interface FrameSink {
  /** True if frames that go on may be given to `nextFrame`. */
  frame(header: Header, payload: Uint8Array): boolean;
  /** A plain frame of the same ports and acknowledgement; its number is one higher. */
  nextFrame(header: Header, payload: Uint8Array): void;
}

/** Why a stream makes no sense and has to be closed: RDS has no way to find the next frame. */
export type FrameFault = 'bad-header' | 'frame-too-large';

const EMPTY: Uint8Array = new Uint8Array(0);
/** The first buffer for a message in pieces, and how many times what has come the next one is. */
const FIRST_GATHER_BYTES = 64 * 1024;
const GATHER_GROWTH = 16;
/** Reading less than this to where it is to be costs more than to copy it there. */
const LEAST_ROOM_BYTES = 16 * 1024;
/**
 * Two of the same length are followed by a third, as a guess, and that is read to where it is to
 * be, with its header. With shorter ones, reading more at once is worth more than a copy; of longer
 * ones, as much would be reserved for each idle connection.
 */
const LEAST_GUESS_BYTES = 48 * 1024;
const MOST_GUESS_BYTES = 64 * 1024;

export class FrameDecoder {
  readonly #maxPayloadBytes: number;
  readonly #allocate: (bytes: number) => Uint8Array;
  readonly #header = new Header();
  /** A header that arrived in pieces is put together here. */
  readonly #headerBytes = new Uint8Array(HEADER_BYTES);
  readonly #headerView = new DataView(this.#headerBytes.buffer);
  #headerFilled = 0;
  /** The payload being gathered; the header it belongs to is in `#header`. */
  #payload: Uint8Array | null = null;
  #payloadFilled = 0;
  /** The length of the last payload that was gathered, and that of the next, as a guess; or 0. */
  #lastBytes = 0;
  #guessedBytes = 0;
  /** Memory for the frame that is guessed to be next. */
  #guess: Uint8Array | null = null;
  #fault: FrameFault | null = null;
  #isStopped = false;
  /** What came behind the frame at which it was stopped. */
  #rest = EMPTY;

  /** `allocate` gives memory that need not be zero. */
  constructor(maxPayloadBytes: number, allocate?: (bytes: number) => Uint8Array) {
    this.#maxPayloadBytes = maxPayloadBytes;
    this.#allocate = allocate ?? ((bytes) => new Uint8Array(bytes));
  }

  /** Gives `sink` each frame that `chunk` completes. After a fault nothing more is read. */
  push(chunk: Uint8Array, sink: FrameSink): FrameFault | null {
    if (this.#isStopped) {
      this.#rest = concat(this.#rest, chunk);
      return null;
    }
    if (this.#fault !== null) return this.#fault;
    const { length } = chunk;
    let at = 0;
    const guess = this.#guess;
    if (guess !== null && isAt(chunk, guess)) return this.#readGuessed(guess, chunk, sink);
    if (this.#payload !== null) at = this.#fillPayload(chunk, at, sink);
    if (this.#headerFilled > 0) at = this.#fillHeader(chunk, at, sink);
    // Read to where it is to be, the chunk may have gone to another thread with its message by now.
    if (this.#fault !== null || at === length) return this.#fault;
    return this.#readWhole(chunk, at, sink);
  }

  /**
   * Where the next bytes can go: the rest of a large message, as far as there is memory for it, or
   * what is guessed to be the next one.
   */
  get room(): Uint8Array | null {
    // What was kept back comes first.
    if (this.#isStopped || this.#headerFilled > 0) return null;
    const payload = this.#payload;
    if (payload === null) return this.#roomForGuess();
    const { length } = this.#header;
    const roomBytes = payload.length - this.#payloadFilled;
    // However little is missing of a very large one: with what is behind it begins the next.
    const isWorthIt = length >= LEAST_GUESS_BYTES && payload.length === length && roomBytes > 0;
    if (roomBytes < LEAST_ROOM_BYTES && !isWorthIt) return null;
    return payload.subarray(this.#payloadFilled);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From now on no frame is given, not even the next one of the chunk that is being read. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Gives what was kept back, and goes on. */
  go(sink: FrameSink): FrameFault | null {
    const rest = this.#rest;
    this.#rest = EMPTY;
    this.#isStopped = false;
    return this.push(rest, sink);
  }

  #roomForGuess(): Uint8Array | null {
    if (this.#guessedBytes === 0) return null;
    this.#guess ??= this.#allocate(HEADER_BYTES + this.#guessedBytes);
    return this.#guess;
  }

  /** What was read into memory for a certain frame: is it that, it stays there. */
  #readGuessed(memory: Uint8Array, chunk: Uint8Array, sink: FrameSink): FrameFault | null {
    const length = this.#guessedBytes;
    this.#guess = null;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (chunk.length < HEADER_BYTES || lengthAt(view, 0) !== length) {
      this.#guessedBytes = 0;
      // A few small messages must not keep all of it.
      return this.#readWhole(new Uint8Array(chunk), 0, sink);
    }
    this.#fault = checkHeader(this.#header, chunk, view, 0, this.#maxPayloadBytes);
    if (this.#fault !== null) return this.#fault;
    this.#payload = memory.subarray(HEADER_BYTES);
    this.#payloadFilled = 0;
    this.#fillPayload(chunk, HEADER_BYTES, sink);
    return null;
  }

  #readWhole(chunk: Uint8Array, start: number, sink: FrameSink): FrameFault | null {
    const header = this.#header;
    const { buffer, byteOffset, byteLength } = chunk;
    const view = new DataView(buffer, byteOffset, byteLength);
    let at = start;
    while (byteLength - at >= HEADER_BYTES && !this.#isStopped) {
      this.#fault = checkHeader(header, chunk, view, at, this.#maxPayloadBytes);
      if (this.#fault !== null) return this.#fault;
      at += HEADER_BYTES;
      const { length } = header;
      if (length > byteLength - at) {
        this.#payload = EMPTY;
        this.#payloadFilled = 0;
        this.#fillPayload(chunk, at, sink);
        return null;
      }
      const payload = length === 0 ? EMPTY : new Uint8Array(buffer, byteOffset + at, length);
      at += length;
      if (sink.frame(header, payload)) at = this.#readRun(chunk, view, at, sink);
    }
    if (this.#isStopped) {
      this.#rest = chunk.subarray(at);
    } else if (at < byteLength) {
      this.#headerBytes.set(chunk.subarray(at));
      this.#headerFilled = byteLength - at;
    }
    return null;
  }

  /** The frames that only go on, as far as they are whole: messages of one flow come in trains. */
  #readRun(chunk: Uint8Array, view: DataView, start: number, sink: FrameSink): number {
    const header = this.#header;
    const { buffer, byteOffset, byteLength } = chunk;
    const limitBytes = this.#maxPayloadBytes;
    // What goes on is plain, and need not follow what is.
    header.flags = 0;
    header.extended = false;
    let at = start;
    while (byteLength - at >= HEADER_BYTES && !this.#isStopped && goesOn(header, view, at)) {
      const length = lengthAt(view, at);
      const from = at + HEADER_BYTES;
      if (length > byteLength - from || length > limitBytes) break;
      const payload = length === 0 ? EMPTY : new Uint8Array(buffer, byteOffset + from, length);
      header.sequence++;
      header.length = length;
      at = from + length;
      sink.nextFrame(header, payload);
    }
    return at;
  }

  /** Completes a header that began in an earlier chunk. Returns where the chunk goes on. */
  #fillHeader(chunk: Uint8Array, start: number, sink: FrameSink): number {
    const wanted = HEADER_BYTES - this.#headerFilled;
    const at = Math.min(start + wanted, chunk.byteLength);
    this.#headerBytes.set(chunk.subarray(start, at), this.#headerFilled);
    this.#headerFilled += at - start;
    if (this.#headerFilled < HEADER_BYTES) return at;

    this.#headerFilled = 0;
    this.#fault = checkHeader(
      this.#header,
      this.#headerBytes,
      this.#headerView,
      0,
      this.#maxPayloadBytes,
    );
    if (this.#fault !== null) return at;
    if (this.#header.length === 0) {
      sink.frame(this.#header, EMPTY);
      return at;
    }
    this.#payload = EMPTY;
    this.#payloadFilled = 0;
    return this.#fillPayload(chunk, at, sink);
  }

  #fillPayload(chunk: Uint8Array, start: number, sink: FrameSink): number {
    const { length } = this.#header;
    const at = Math.min(start + length - this.#payloadFilled, chunk.byteLength);
    const filled = this.#payloadFilled + at - start;
    const payload = this.#gather(filled);
    // What was read into our room is where it is to be.
    const part = chunk.subarray(start, at);
    const place = payload.subarray(this.#payloadFilled);
    if (!isAt(part, place)) payload.set(part, this.#payloadFilled);
    this.#payloadFilled = filled;
    if (filled === length) {
      this.#payload = null;
      this.#guessNext(length);
      sink.frame(this.#header, payload);
    }
    return at;
  }

  #guessNext(length: number): void {
    const isGuess = length === this.#lastBytes && length >= LEAST_GUESS_BYTES;
    this.#guessedBytes = isGuess && length <= MOST_GUESS_BYTES ? length : 0;
    this.#lastBytes = length;
    // Memory for another guess, which was not read into after all: the decoder had been stopped.
    if (this.#guess?.length !== HEADER_BYTES + this.#guessedBytes) this.#guess = null;
  }

  /**
   * The buffer, with room for `filled` bytes. It grows with what has come, since a length that was
   * only announced costs a stranger nothing; in large steps, so that little is copied twice.
   */
  #gather(filled: number): Uint8Array {
    const before = this.#payload ?? EMPTY;
    if (filled <= before.byteLength) return before;
    const { length } = this.#header;
    const capacity = Math.min(length, Math.max(FIRST_GATHER_BYTES, filled * GATHER_GROWTH));
    const payload = this.#allocate(capacity);
    payload.set(before.subarray(0, this.#payloadFilled));
    this.#payload = payload;
    return payload;
  }
}

/**
 * Only the place tells: memory that a runtime allocates may be a part of the same buffer as what
 * was read.
 */
function isAt(part: Uint8Array, place: Uint8Array): boolean {
  return part.buffer === place.buffer && part.byteOffset === place.byteOffset;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}

/** Reads a header and says what is wrong with it, before a byte is kept for its payload. */
export function checkHeader(
  header: Header,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  maxPayloadBytes: number,
): FrameFault | null {
  if (!readHeader(header, bytes, view, at)) return 'bad-header';
  if (header.flags === FLAG_CONGESTION_MAP) {
    return header.length === CONGESTION_MAP_BYTES ? null : 'bad-header';
  }
  // Between our own nodes 0 → 0 is not a program's message, and not under the program's limit.
  const internal = header.sport === 0 && header.dport === 0;
  const limit = internal ? Math.max(maxPayloadBytes, CONGESTION_MAP_BYTES) : maxPayloadBytes;
  return header.length > limit ? 'frame-too-large' : null;
}
