/**
 * TapFeed: the frames of a node, as they go by, for one tool. A tool that reads too slowly loses
 * frames, and is told how many: the node neither waits for it nor grows on its behalf.
 */

import type { Socket } from 'node:net';
import type { RdsNode } from '@rds-tcp/core';
import { type TappedFrame, tapFrames } from '@rds-tcp/core/inspect';
import { wallClockMicroseconds } from '../system-clock.js';
import type { FrameRecord, Reply } from './protocol.js';

/** What may wait to be read by a tool: some of the largest messages. */
const FEED_BUFFER_BYTES = 8 * 1024 * 1024;

export class TapFeed {
  readonly #socket: Socket;
  readonly #snapBytes: number;
  #lost = 0;

  /** Lasts as long as the connection. */
  constructor(node: RdsNode, socket: Socket, snapBytes: number) {
    this.#socket = socket;
    this.#snapBytes = snapBytes;
    const stop = tapFrames(node, (frame) => this.#passed(frame));
    socket.on('close', stop);
    socket.on('drain', () => this.#tellLost());
  }

  #passed(frame: TappedFrame): void {
    if (this.#socket.writableLength > FEED_BUFFER_BYTES || !this.#socket.writable) {
      this.#lost++;
      return;
    }
    this.#tellLost();
    this.#say({ frame: record(frame, this.#snapBytes) });
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#say({ lost });
  }

  /** The frames of a turn leave together. */
  #say(reply: Reply): void {
    const socket = this.#socket;
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    socket.write(`${JSON.stringify(reply)}\n`);
  }
}

function record({ header, payload, ...frame }: TappedFrame, snapBytes: number): FrameRecord {
  const said = { atUs: wallClockMicroseconds(), ...frame, length: payload.byteLength };
  if (snapBytes < 0) return said;
  const bytes = Buffer.concat([header, payload.subarray(0, snapBytes)]).toString('base64');
  return { ...said, bytes };
}
