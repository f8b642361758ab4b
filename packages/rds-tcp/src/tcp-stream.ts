/**
 * TcpStream: a `net.Socket` as the core's Stream. Mirrors net/rds/tcp_send.c and tcp_recv.c: it
 * only carries bytes and says what happened.
 */

import type { OnReadOpts, Socket } from 'node:net';
import type { Stream, StreamHandler } from '@rds-tcp/core';
import { ReadBuffer } from './read-buffer.js';
import { WriteBuffers } from './write-buffers.js';

/** The kernel's rds_tcp_keepalive: it finds a dead host even where nothing is being sent. */
const KEEPALIVE_MS = 5000;

/** One for all connections of the process. */
const writeBuffers = new WriteBuffers();

const DEAF: StreamHandler = {
  opened() {},
  received() {},
  ended() {},
  closed() {},
};

export class TcpStream implements Stream {
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  handler: StreamHandler = DEAF;
  readonly #socket: Socket;
  readonly #buffer = new ReadBuffer();
  #error: unknown;
  #destroyed = false;
  #isPaused = false;

  /**
   * `open` gives a socket that reads as `onread` says. It must allow half-open connections: what
   * was received is read after we have ended.
   */
  constructor(open: (onread: OnReadOpts) => Socket, remoteAddress: string) {
    const socket = open({
      buffer: () => this.handler.room?.() ?? this.#buffer.take(),
      callback: (bytes, buffer) => {
        this.#received(this.#buffer.read(buffer, bytes));
        // A pause that came before the reading had begun was heard by nobody.
        return !this.#isPaused;
      },
    });
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.remotePort = socket.remotePort;
    surviveFailedWrites(socket, (error) => {
      this.#error ??= error;
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.on('connect', () => this.handler.opened());
    // Comes from a socket that reads in Node's own way. The others begin to read because of it.
    socket.on('data', (chunk: Uint8Array) => this.#received(chunk));
    socket.on('end', () => this.handler.ended());
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.handler.closed(this.#error));
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    const socket = this.#socket;
    // Behind something that waits it would wait too, and gain nothing.
    const joined = socket.writableLength === 0 ? writeBuffers.join(chunks) : null;
    if (joined !== null) {
      this.#writeJoined(joined, done);
      return;
    }
    const last = chunks.length - 1;
    if (last > 0) socket.cork();
    for (let index = 0; index < last; index++) socket.write(chunks[index] as Uint8Array);
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
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }

  #writeJoined(joined: Uint8Array, done: () => void): void {
    const socket = this.#socket;
    socket.write(joined, () => {
      if (waits) writeBuffers.giveBack(joined);
      done();
    });
    // What the system has taken is free at once; Node calls back when this turn is over.
    const waits = socket.writableLength > 0;
    if (!waits) writeBuffers.giveBack(joined);
  }

  #received(chunk: Uint8Array): void {
    if (this.#destroyed) return;
    try {
      this.handler.received(chunk);
    } catch (error) {
      // A mistake of ours. Node would go on, and read into the memory that was just handed out.
      this.#socket.destroy();
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/**
 * Lets the reading go on when a write has failed. Node would destroy the socket at once, and what
 * the peer had sent before it left would be lost unread, which a Linux peer counts as delivered.
 * The end of the stream comes from the reading side, after the last byte. `failed` keeps the error
 * for then.
 */
function surviveFailedWrites(socket: Socket, failed: (error: Error) => void): void {
  type Done = (error?: Error | null) => void;
  const hide = (done: Done) => (error?: Error | null) => {
    if (error) failed(error);
    done();
  };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, hide(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, hide(done));
}
