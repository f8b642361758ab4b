/**
 * Datagrams in a byte stream, as `rds send` reads them from stdin and `rds recv` writes them to
 * stdout: a line each; the whole stream as one; or each behind its length, so that any bytes
 * survive.
 */

import { CommandError } from './exit.js';

export type Format = 'lines' | 'whole' | 'length-prefixed';

/** What `--max-message` can allow: a line, file or record is held whole before it is sent. */
export const MAX_DATAGRAM_BYTES = 64 * 1024 * 1024;

const NEWLINE = 10;
const LENGTH_BYTES = 4;

/**
 * What comes in `chunks`, datagram by datagram. None may have more than `maxBytes`: at the first
 * that has, this rejects, and nothing of it is given out. `name` is what an error calls the whole.
 */
export function readDatagrams(
  format: Format,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  name = 'the input',
): AsyncGenerator<Uint8Array> {
  if (format === 'lines') return readLines(chunks, maxBytes);
  if (format === 'whole') return readWhole(chunks, maxBytes, name);
  return readLengthPrefixed(chunks, maxBytes, name);
}

/** The bytes that stand for a datagram in the stream. */
export function writeDatagram(format: Format, data: Uint8Array): Uint8Array {
  if (format === 'whole') return data;
  if (format === 'lines') return Buffer.concat([data, Buffer.from([NEWLINE])]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(data.byteLength);
  return Buffer.concat([length, data]);
}

/** A last line counts with or without its newline. Each byte is copied once at most. */
async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let number = 1;
  let pieces: Uint8Array[] = [];
  let length = 0;
  const add = (piece: Uint8Array) => {
    length += piece.byteLength;
    checkLength(`line ${number}`, length, maxBytes);
    pieces.push(piece);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield joined(pieces);
      number++;
      pieces = [];
      length = 0;
      start = end + 1;
    }
    if (start < chunk.byteLength) add(chunk.subarray(start));
  }
  if (length > 0) yield joined(pieces);
}

async function* readWhole(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    length += chunk.byteLength;
    checkLength(name, length, maxBytes);
  }
  yield Buffer.concat(pieces);
}

async function* readLengthPrefixed(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  let number = 1;
  let pieces: Uint8Array[] = [];
  let available = 0;
  let wanted = LENGTH_BYTES;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    available += chunk.byteLength;
    if (available < wanted) continue;
    let bytes = Buffer.concat(pieces);
    for (;;) {
      if (bytes.byteLength < LENGTH_BYTES) break;
      const length = bytes.readUInt32BE();
      checkLength(`record ${number}`, length, maxBytes);
      wanted = LENGTH_BYTES + length;
      if (bytes.byteLength < wanted) break;
      yield bytes.subarray(LENGTH_BYTES, wanted);
      number++;
      bytes = bytes.subarray(wanted);
      wanted = LENGTH_BYTES;
    }
    pieces = [bytes];
    available = bytes.byteLength;
  }
  if (available > 0) throw new CommandError(`${name} ends in the middle of record ${number}`);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first, second] = pieces;
  return first !== undefined && second === undefined ? first : Buffer.concat(pieces);
}

function checkLength(what: string, length: number, maxBytes: number): void {
  if (length <= maxBytes) return;
  const more = maxBytes < MAX_DATAGRAM_BYTES ? '; --max-message allows more, on both sides' : '';
  throw new CommandError(`${what} has more than ${maxBytes} bytes, which no datagram may${more}`);
}
