/**
 * Visitor: one tool that is connected to an inspector. It is answered one request at a time, and
 * the next one is read when it has taken the answer.
 */

import type { Socket } from 'node:net';
import { basename } from 'node:path';
import type { RdsNode } from '@rds-tcp/core';
import { listMessages, type MessageQueue } from '@rds-tcp/core/inspect';
import type { TcpTransport } from '../tcp-transport.js';
import { MAX_REQUEST_BYTES, type Reply, type Request } from './protocol.js';
import { TapFeed } from './tap-feed.js';

const QUEUES: readonly MessageQueue[] = ['send', 'receive', 'retransmit'];

export class Visitor {
  readonly #socket: Socket;
  readonly #node: RdsNode;
  readonly #transport: TcpTransport;
  #unread = '';
  #state: 'asking' | 'tapping' | 'over' = 'asking';

  constructor(socket: Socket, node: RdsNode, transport: TcpTransport, isOneTooMany: boolean) {
    this.#socket = socket;
    this.#node = node;
    this.#transport = transport;
    socket.setEncoding('utf8');
    // It is gone, for whatever reason; 'close' follows.
    socket.on('error', () => {});
    if (isOneTooMany) {
      this.#refuse('too many tools look at this node already');
      return;
    }
    socket.on('data', (text: unknown) => this.#received(String(text)));
    socket.on('drain', () => this.#goOn());
  }

  #received(text: string): void {
    if (this.#state !== 'asking') return;
    this.#unread += text;
    this.#goOn();
  }

  #goOn(): void {
    while (this.#state === 'asking') {
      // What it asked for last has to be taken first.
      if (this.#socket.writableNeedDrain) {
        this.#socket.pause();
        return;
      }
      this.#socket.resume();
      const end = this.#unread.indexOf('\n');
      if (end > MAX_REQUEST_BYTES || (end < 0 && this.#unread.length > MAX_REQUEST_BYTES)) {
        this.#refuse(`a request has at most ${MAX_REQUEST_BYTES} bytes`);
        return;
      }
      if (end < 0) return;
      const line = this.#unread.slice(0, end);
      this.#unread = this.#unread.slice(end + 1);
      this.#answer(line);
    }
  }

  #answer(line: string): void {
    const request = readRequest(line);
    if (request === null) this.#refuse('that is no request');
    else if (request.ask === 'node') this.#say({ node: this.#inspect() });
    else if (request.ask === 'messages') {
      this.#say({ messages: listMessages(this.#node, request.queue) });
    } else {
      this.#state = 'tapping';
      this.#unread = '';
      new TapFeed(this.#node, this.#socket, request.snapBytes);
    }
  }

  #inspect() {
    const command = basename(process.argv[1] ?? process.title);
    const tcp = this.#transport.connections();
    return { pid: process.pid, command, info: this.#node.info(), tcp };
  }

  #say(reply: Reply): void {
    this.#socket.write(`${JSON.stringify(reply)}\n`);
  }

  #refuse(error: string): void {
    this.#state = 'over';
    this.#socket.end(`${JSON.stringify({ error } satisfies Reply)}\n`);
  }
}

function readRequest(line: string): Request | null {
  let request: { ask?: unknown; queue?: unknown; snapBytes?: unknown } | null;
  try {
    request = JSON.parse(line);
  } catch {
    return null;
  }
  const { ask, queue, snapBytes } = request ?? {};
  if (ask === 'node') return { ask };
  const known = QUEUES.find((name) => name === queue);
  if (ask === 'messages' && known !== undefined) return { ask, queue: known };
  const isLength = Number.isInteger(snapBytes) && (snapBytes as number) >= -1;
  return ask === 'tap' && isLength ? { ask, snapBytes: snapBytes as number } : null;
}
