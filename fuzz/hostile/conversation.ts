/**
 * Conversation: one TCP connection to the victim, in the hands of a script. It remembers what the
 * victim said, so that a script can answer to the point, or beside it.
 */

import type { Stream } from '../../packages/rds-core/src/index.js';
import { FrameDecoder, type FrameSink } from '../../packages/rds-core/src/wire/frame-decoder.js';
import type { Header } from '../../packages/rds-core/src/wire/header.js';
import { check } from '../target.js';

const MAX_MESSAGE_BYTES = 1 << 20;

export class Conversation {
  readonly address: string;
  readonly #stream: Stream;
  readonly #decoder = new FrameDecoder(MAX_MESSAGE_BYTES);
  #isEnded = false;
  /** The highest sequence that the victim has sent here. */
  seen = 0;
  /** Whom its last ping was from. */
  pinged = 0;

  /** @param address ours, of which the victim takes us to be */
  constructor(address: string, stream: Stream) {
    this.address = address;
    this.#stream = stream;
    const decoder = this.#decoder;
    const sink: FrameSink = {
      frame: (header) => {
        this.#hear(header);
        return false;
      },
      nextFrame() {},
    };
    stream.handler = {
      opened: () => {},
      received: (chunk) => check(decoder.push(chunk, sink) === null, 'the victim talks nonsense'),
      ended: () => {},
      closed: () => {},
    };
  }

  send(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#stream.write([bytes], () => {});
  }

  end(): void {
    this.#isEnded = true;
    this.#stream.end();
  }

  destroy(): void {
    this.#isEnded = true;
    this.#stream.destroy();
  }

  pause(paused: boolean): void {
    if (paused) this.#stream.pause();
    else this.#stream.resume();
  }

  #hear({ sequence, sport, dport }: Header): void {
    this.seen = Math.max(this.seen, sequence);
    if (dport === 0 && sport !== 0) this.pinged = sport;
  }
}
