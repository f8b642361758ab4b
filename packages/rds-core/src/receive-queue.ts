/**
 * ReceiveQueue: what a socket has received and nobody has read, and who waits to read. Mirrors
 * rs_recv_queue and rds_recv_rcvbuf_delta in net/rds/recv.c.
 */

import { chargeBytes, type Incoming } from './message.js';
import type { Pending } from './pending.js';
import { Queue } from './queue.js';
import { QueueMemory } from './queue-memory.js';

export interface ReceiveQueueOwner {
  /** The port is to be marked as congested, or no longer. */
  congestionChanged(congested: boolean): void;
  /** The queue grew or shrank by so much. */
  queueChanged(byBytes: number, byMessages: number): void;
}

export interface Reader {
  readonly pending: Pending<Incoming>;
  /** MSG_PEEK: the message stays. */
  readonly peek: boolean;
}

export class ReceiveQueue {
  #limitBytes: number;
  readonly #owner: ReceiveQueueOwner;
  readonly #messages = new Queue<Incoming>();
  readonly #memory = new QueueMemory();
  readonly #readers = new Queue<Reader>();
  #gaveUpCount = 0;
  #bytes = 0;
  #congested = false;

  constructor(limitBytes: number, owner: ReceiveQueueOwner) {
    this.#limitBytes = limitBytes;
    this.#owner = owner;
  }

  get limitBytes(): number {
    return this.#limitBytes;
  }

  resize(limitBytes: number): void {
    this.#limitBytes = limitBytes;
    if (!this.#congested && this.#bytes > limitBytes) this.#mark(true);
    else if (this.#congested && this.#bytes < limitBytes / 2) this.#mark(false);
  }

  get length(): number {
    return this.#messages.length;
  }

  [Symbol.iterator](): IterableIterator<Incoming> {
    return this.#messages[Symbol.iterator]();
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isCongested(): boolean {
    return this.#congested;
  }

  /** Gives the message to the first reader that waits. False if there is none. */
  serve(message: Incoming): boolean {
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      if (reader.pending.isSettled) continue;
      reader.pending.resolve(message);
      if (!reader.peek) return true;
    }
    return false;
  }

  push(message: Incoming): void {
    this.#messages.push(this.#withoutChunk(message));
    this.#changed(chargeBytes(message.data.length), 1);
    if (!this.#congested && this.#bytes > this.#limitBytes) this.#mark(true);
  }

  peek(): Incoming | undefined {
    return this.#messages.peek();
  }

  shift(): Incoming | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    if (this.#messages.length === 0) this.#memory.clear();
    this.#changed(-chargeBytes(message.data.length), -1);
    // At half and not at the limit, or each message read would send a map to every peer.
    if (this.#congested && this.#bytes < this.#limitBytes / 2) this.#mark(false);
    return message;
  }

  wait(reader: Reader): void {
    this.#readers.push(reader);
  }

  /** A reader has given up. They are swept out once they are the larger part. */
  gaveUp(): void {
    if (++this.#gaveUpCount * 2 <= this.#readers.length) return;
    this.#gaveUpCount = 0;
    this.#readers.removeWhere(({ pending }) => pending.isSettled);
  }

  /** Ends the queue; returns how many messages nobody will read, and who waited in vain. */
  close(): { unread: number; readers: Reader[] } {
    const unread = this.#messages.length;
    const readers = [...this.#readers];
    this.#messages.clear();
    this.#memory.clear();
    this.#readers.clear();
    this.#changed(-this.#bytes, -unread);
    if (this.#congested) this.#mark(false);
    return { unread, readers };
  }

  #changed(byBytes: number, byMessages: number): void {
    this.#bytes += byBytes;
    this.#owner.queueChanged(byBytes, byMessages);
  }

  #mark(congested: boolean): void {
    this.#congested = congested;
    this.#owner.congestionChanged(congested);
  }

  /** A message that waits must not keep much more than itself. */
  #withoutChunk(message: Incoming): Incoming {
    const { data, from, receivedAtMs } = message;
    const isMost = data.length * 8 >= data.buffer.byteLength * 7;
    if (isMost) return message;
    const copy = this.#memory.copy(data, this.#bytes);
    return receivedAtMs === undefined ? { data: copy, from } : { data: copy, from, receivedAtMs };
  }
}
