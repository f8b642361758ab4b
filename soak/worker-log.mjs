// What a worker tells the ledger. Each record is in the hands of the operating system when the call
// returns, so that it survives a `kill -9` in the very next moment. It goes a way of its own, apart
// from the traffic: a pipe to the parent.

import { writeSync } from 'node:fs';

const LOG_FD = 3;

/**
 * @typedef {'accepted' | 'delivered' | 'not-delivered' | 'unknown'} Settled
 *
 * @typedef {{ type: 'sent', flow: string, number: number, length: number, digest: string,
 *   atMs: number }} SentRecord
 * @typedef {{ type: 'settled', flow: string, number: number, outcome: Settled,
 *   code: string }} SettledRecord
 * @typedef {{ type: 'uncertain', flow: string, number: number }} UncertainRecord
 * @typedef {{ type: 'received', flow: string, sender: number, number: number, length: number,
 *   digest: string, sentAtMs: number, atMs: number }} ReceivedRecord
 * @typedef {{ type: 'unnamed', flow: string, length: number }} UnnamedRecord
 * @typedef {{ type: 'memory', rss: number, atMs: number }} MemoryRecord
 * @typedef {SentRecord | SettledRecord | UncertainRecord | ReceivedRecord | UnnamedRecord
 *   | MemoryRecord} LogRecord
 */

/** @param {LogRecord} record */
export function log(record) {
  const line = Buffer.from(`${JSON.stringify(record)}\n`);
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(LOG_FD, line, at);
    } catch (error) {
      // Should somebody have made the pipe non-blocking: try until there is room.
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error;
    }
  }
}
