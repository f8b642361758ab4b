/**
 * Link: one TCP connection in the life of a path: its stream, the decoder of what it brings, and
 * how much of what was written is still on its way to the operating system. When the connection
 * breaks, the link is gone and the path lives on.
 */

import type { PathSetup } from './path-owner.js';
import type { Stream, StreamHandler, TcpAddress } from './runtime.js';
import type { Tap } from './tap.js';
import type { Traffic } from './traffic.js';
import { FrameDecoder, type FrameFault, type FrameSink } from './wire/frame-decoder.js';

/** The path, as the link sees it. Each call names the link: an old one may still have a say. */
export interface LinkOwner extends FrameSink {
  linkOpened(link: Link): void;
  /** The frames of a chunk have all been given. */
  linkReceived(link: Link): void;
  /** The bytes make no sense. Nothing more will be read. */
  linkFaulted(link: Link, fault: FrameFault): void;
  /** Some of what was written has left. */
  linkWritten(link: Link): void;
  linkEnded(link: Link): void;
  linkClosed(link: Link, error: unknown): void;
}

export class Link implements StreamHandler {
  readonly #stream: Stream;
  readonly #decoder: FrameDecoder;
  readonly #traffic: Traffic;
  readonly #remote: TcpAddress;
  readonly #tap: Tap;
  /** The tap's number of this connection. */
  readonly #number: number;
  /** Null once the path wants to hear no more of this link. */
  #owner: LinkOwner | null;
  /** Bytes written whose `done` has not come. */
  unwrittenBytes = 0;
  /** Chunks received: zero tells a busy peer, which closes without a word, from a broken link. */
  chunks = 0;

  constructor(
    stream: Stream,
    owner: LinkOwner,
    { options, tap, runtime }: PathSetup,
    remote: TcpAddress,
    traffic: Traffic,
  ) {
    this.#stream = stream;
    this.#traffic = traffic;
    this.#remote = remote;
    this.#tap = tap;
    this.#number = tap.nextConnection();
    this.#owner = owner;
    this.#decoder = new FrameDecoder(options.maxMessageBytes, runtime.allocate);
    stream.handler = this;
  }

  write(chunks: readonly Uint8Array[], byteLength: number, done: () => void): void {
    this.unwrittenBytes += byteLength;
    this.#traffic.txBytes += byteLength;
    this.#tap.sent(this.#remote, this.#number, chunks);
    this.#stream.write(chunks, () => {
      this.unwrittenBytes -= byteLength;
      done();
      this.#owner?.linkWritten(this);
    });
  }

  end(): void {
    this.#stream.end();
  }

  /** Drops the connection; the owner hears nothing more. */
  destroy(): void {
    this.#owner = null;
    this.#decoder.stop();
    this.#stream.destroy();
  }

  /** Stops at once, between two frames of a chunk if need be. */
  pause(): void {
    this.#decoder.stop();
    this.#stream.pause();
  }

  resume(): void {
    const owner = this.#owner;
    if (owner === null) return;
    const fault = this.#decoder.go(this.#sink(owner));
    if (this.#owner === null) return;
    if (fault !== null) owner.linkFaulted(this, fault);
    else owner.linkReceived(this);
    // Whoever heard what was kept back may have had enough again.
    if (!this.#decoder.isStopped) this.#stream.resume();
  }

  opened(): void {
    this.#owner?.linkOpened(this);
  }

  received(chunk: Uint8Array): void {
    const owner = this.#owner;
    if (owner === null) return;
    this.chunks++;
    this.#traffic.rxBytes += chunk.byteLength;
    const fault = this.#decoder.push(chunk, this.#sink(owner));
    if (fault === null) owner.linkReceived(this);
    else owner.linkFaulted(this, fault);
  }

  room(): Uint8Array | null {
    return this.#decoder.room;
  }

  ended(): void {
    this.#owner?.linkEnded(this);
  }

  closed(error?: unknown): void {
    this.#owner?.linkClosed(this, error);
  }

  #sink(owner: LinkOwner): FrameSink {
    const tap = this.#tap;
    return tap.isOpen ? tap.watching(this.#remote, this.#number, owner) : owner;
  }
}
