/**
 * The options that `rds send` and `rds recv` share: how datagrams stand in a byte stream, and how
 * large they may be.
 */

import type { Command } from 'commander';
import { wholeNumber } from './arguments.js';
import { type Format, MAX_DATAGRAM_BYTES } from './datagrams.js';
import { usageError } from './exit.js';

const MIB = 1024 * 1024;

export interface DatagramOptions {
  readonly whole?: true;
  readonly lengthPrefixed?: true;
  /** Bytes. */
  readonly maxMessage: number;
}

export function addDatagramOptions(command: Command, whole: string): Command {
  return command
    .option('--whole', whole)
    .option('--length-prefixed', 'each behind its length, 4 bytes big-endian: for binary data')
    .option(
      '--max-message <BYTES>',
      'the largest datagram; the same on both sides',
      wholeNumber('--max-message', 1, MAX_DATAGRAM_BYTES),
      MIB,
    );
}

export function formatOf({ whole, lengthPrefixed }: DatagramOptions): Format {
  if (whole && lengthPrefixed) throw usageError('--whole and --length-prefixed exclude each other');
  if (whole) return 'whole';
  return lengthPrefixed ? 'length-prefixed' : 'lines';
}

/** Node options that such datagrams need. */
export function nodeLimits({ maxMessage }: DatagramOptions) {
  const bufferBytes = Math.max(4 * MIB, maxMessage);
  return { maxMessageBytes: maxMessage, sendBufferBytes: bufferBytes };
}
