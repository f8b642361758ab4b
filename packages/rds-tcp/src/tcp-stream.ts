/**
 * TcpStream: a `net.Socket` as the core's Stream. Mirrors net/rds/tcp_send.c and tcp_recv.c: it
 * only carries bytes and says what happened.
 */

import type { Socket } from 'node:net';
import type { Stream, StreamHandler } from '@rds-tcp/core';

/** The kernel's rds_tcp_keepalive: it finds a dead host even where nothing is being sent. */
const KEEPALIVE_MS = 5000;

const DEAF: StreamHandler = {
  opened() {},
  received() {},
  ended() {},
  closed() {},
};

export class TcpStream implements Stream {
  readonly remoteAddress: string;
  handler: StreamHandler = DEAF;
  readonly #socket: Socket;
  #error: unknown;
  #destroyed = false;

  /** `socket` must allow half-open connections: what was received is read after we have ended. */
  constructor(socket: Socket, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('connect', () => this.handler.opened());
    socket.on('data', (chunk: Uint8Array) => {
      if (!this.#destroyed) this.handler.received(chunk);
    });
    socket.on('end', () => this.handler.ended());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.handler.closed(this.#error));
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    const socket = this.#socket;
    const last = chunks.length - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index++) socket.write(chunks[index] as Uint8Array);
    // A failed write is no news: `closed` tells of it.
    socket.write(chunks[last] as Uint8Array, () => done());
    if (last > 0) socket.uncork();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
