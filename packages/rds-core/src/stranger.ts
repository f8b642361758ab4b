/**
 * Stranger: an accepted TCP connection of which nobody has yet said whose it is. It is read up to
 * the first header, which tells, and handed on with the bytes read so far.
 *
 * The peer's IP address is its identity, and the TCP port that it listens on is 16385, unless the
 * first header has our own extension that names another. Only our nodes on another port add it,
 * so that whoever listens on 16385 is byte for byte like a kernel.
 */

import { RDS_TCP_PORT } from './address.js';
import type { CloseReason } from './close-reason.js';
import { Deadline } from './deadline.js';
import { laneOfTcpPort } from './lane.js';
import type { Runtime, Stream, StreamHandler, Timer } from './runtime.js';
import { announcedPaths, decodeExtensions } from './wire/extension.js';
import { checkHeader } from './wire/frame-decoder.js';
import { HEADER_BYTES, Header } from './wire/header.js';

export interface StrangerOwner {
  /** Whose the connection is. Whoever takes it sets the stream's handler. */
  identified(stranger: Stranger, tcpPort: number): void;
  /** It said nothing sensible in time, and is closed. `knock` if it left without a byte. */
  rejected(stranger: Stranger, reason: CloseReason): void;
}

export class Stranger implements StreamHandler {
  readonly stream: Stream;
  /** Connections are counted as they are accepted; they may be identified in another order. */
  readonly order: number;
  readonly acceptedMs: number;
  /** The version of the congestion map that it was sent when it was accepted; -1 for none. */
  mapVersion = -1;
  /** Which path of the peer calls. The first says its map before anything else, others a hello. */
  lane = 0;
  readonly #owner: StrangerOwner;
  readonly #maxMessageBytes: number;
  readonly #timer: Timer;
  #bytes: Uint8Array = new Uint8Array(0);
  #done = false;
  /** The peer has left again. */
  isOver = false;

  constructor(
    stream: Stream,
    order: number,
    owner: StrangerOwner,
    runtime: Runtime,
    limits: { handshakeTimeoutMs: number; maxMessageBytes: number },
  ) {
    this.stream = stream;
    this.order = order;
    this.acceptedMs = runtime.clock.now();
    this.#owner = owner;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#timer = new Deadline(runtime, limits.handshakeTimeoutMs, () => {
      this.reject('handshake-timeout');
    });
    stream.handler = this;
  }

  /** What was read, for whoever takes over. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  reject(reason: CloseReason): void {
    if (!this.#finish()) return;
    this.stream.destroy();
    this.#owner.rejected(this, reason);
  }

  opened(): void {}

  received(chunk: Uint8Array): void {
    this.#bytes = concat(this.#bytes, chunk);
    if (this.#done || this.#bytes.byteLength < HEADER_BYTES) return;
    const header = new Header();
    const { buffer, byteOffset } = this.#bytes;
    const view = new DataView(buffer, byteOffset);
    const fault = checkHeader(header, this.#bytes, view, 0, this.#maxMessageBytes);
    if (fault !== null) {
      this.reject(fault);
      return;
    }
    const own = header.extended ? decodeExtensions(header.extensions).own : undefined;
    if (own !== undefined && header.flags === 0 && announcedPaths({ own }) > 1) {
      this.lane = laneOfTcpPort(this.stream.remotePort ?? 0);
    }
    this.#finish();
    this.#owner.identified(this, own?.tcpPort ?? RDS_TCP_PORT);
  }

  ended(): void {
    this.isOver = true;
    this.reject(this.#bytes.byteLength === 0 ? 'knock' : 'not-greeted');
  }

  closed(): void {
    this.ended();
  }

  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#timer.cancel();
    return true;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.byteLength === 0) return second;
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}
