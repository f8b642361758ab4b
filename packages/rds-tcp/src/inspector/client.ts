/**
 * InspectorClient: asks the inspector of a running node, from a tool in another process.
 */

import { connect, type Socket } from 'node:net';
import { RdsError, type RdsErrorCode } from '@rds-tcp/core';
import type { MessageList, MessageQueue } from '@rds-tcp/core/inspect';
import type { FrameRecord, InspectedNode, Reply, Request } from './protocol.js';

/** A line in reply: a node with thousands of peers, or a frame of 64 MiB in base64. */
const MAX_REPLY_BYTES = 128 * 1024 * 1024;
/** A process whose event loop stands still answers nothing. */
const REPLY_TIMEOUT_MS = 5000;

export type TapItem = { readonly frame: FrameRecord } | { readonly lost: number };

export class InspectorClient {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  /** Rejects with the error of the system; all that follows with an RdsError. */
  static connect(path: string): Promise<InspectorClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => {
        socket.off('error', reject);
        resolve(new InspectorClient(socket));
      });
      socket.once('error', reject);
    });
  }

  async node(): Promise<InspectedNode> {
    const reply = await this.#ask({ ask: 'node' });
    if ('node' in reply) return reply.node;
    throw failure('EIO', 'the inspector gave another answer');
  }

  async messages(queue: MessageQueue): Promise<MessageList> {
    const reply = await this.#ask({ ask: 'messages', queue });
    if ('messages' in reply) return reply.messages;
    throw failure('EIO', 'the inspector gave another answer');
  }

  /** The frames from now on, until the node closes or the client. */
  async *tap(snapBytes: number): AsyncGenerator<TapItem> {
    this.#say({ ask: 'tap', snapBytes });
    for (;;) {
      const reply = await this.#next();
      if (reply === null) return;
      if ('frame' in reply || 'lost' in reply) yield reply;
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #ask(request: Request): Promise<Reply> {
    const late = failure('ETIMEDOUT', `nothing came for ${REPLY_TIMEOUT_MS / 1000} seconds`);
    const timer = setTimeout(() => this.#socket.destroy(late), REPLY_TIMEOUT_MS);
    try {
      this.#say(request);
      const reply = await this.#next();
      if (reply === null) throw failure('ECONNRESET', 'the node closed');
      return reply;
    } finally {
      clearTimeout(timer);
    }
  }

  #say(request: Request): void {
    this.#socket.write(`${JSON.stringify(request)}\n`);
  }

  async #next(): Promise<Reply | null> {
    const { value, done } = await this.#lines.next();
    if (done) return null;
    const reply = readReply(value);
    if ('error' in reply) throw failure('EIO', reply.error);
    return reply;
  }
}

function readReply(line: string): Reply {
  try {
    return JSON.parse(line);
  } catch {
    throw failure('EIO', 'who listens there is no inspector');
  }
}

/** The lines that come, until the other side ends or we do. Reads no faster than they are taken. */
async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString();
        pieces = [];
        bytes = 0;
        start = end + 1;
      }
      pieces.push(chunk.subarray(start));
      bytes += chunk.byteLength - start;
      if (bytes > MAX_REPLY_BYTES) throw failure('EIO', 'the inspector does not end its line');
    }
  } catch (error) {
    // Closed by us, or the process at the other end is gone: the lines are at their end.
    const { code } = error as NodeJS.ErrnoException;
    const isEnd =
      code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isEnd) throw error;
  }
}

function failure(code: RdsErrorCode, text: string): RdsError {
  return new RdsError(code, text, { syscall: 'inspector' });
}
