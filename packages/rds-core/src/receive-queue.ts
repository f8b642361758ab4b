/**
 * ReceiveQueue: what a socket has received and nobody has read, and who waits to read. Mirrors
 * rs_recv_queue and rds_recv_rcvbuf_delta in net/rds/recv.c.
 */

import { chargeBytes, type Incoming } from './message.js';
import type { Pending } from './pending.js';
import { Queue } from './queue.js';
import { copyOut } from './queue-memory.js';

export interface ReceiveQueueOwner {
  /** The port is to be marked as congested, or no longer. */
  congestionChanged(congested: boolean): void;
  /** The queue grew or shrank by so much. */
  queueChanged(byBytes: number, byMessages: number): void;
  /** There are messages that were not copied: `settleLoans` is to be called when the turn ends. */
  borrowed(queue: ReceiveQueue): void;
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
  readonly #readers = new Queue<Reader>();
  #gaveUpCount = 0;
  #bytes = 0;
  /** How many of the last messages came in this turn, and may be parts of what was read. */
  #borrowed = 0;
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
    this.#messages.push(message);
    if (++this.#borrowed === 1) this.#owner.borrowed(this);
    this.#changed(chargeBytes(message.data.length), 1);
    if (!this.#congested && this.#bytes > this.#limitBytes) this.#mark(true);
  }

  peek(): Incoming | undefined {
    return this.#messages.peek();
  }

  shift(): Incoming | undefined {
    const message = this.#messages.shift();
    if (message !== undefined) this.#left(chargeBytes(message.data.length), 1);
    return message;
  }

  /** The first messages, up to `max` of them. */
  shiftMany(max: number): Incoming[] {
    const messages = this.#messages.shiftMany(max);
    let chargedBytes = 0;
    // Of a queue that is empty now, the sum is known.
    if (this.length > 0) for (const { data } of messages) chargedBytes += chargeBytes(data.length);
    if (messages.length > 0) this.#left(chargedBytes, messages.length);
    return messages;
  }

  /** Copies what was read from TCP just now and is still here. */
  settleLoans(): void {
    const messages = this.#messages;
    const first = messages.length - this.#borrowed;
    this.#borrowed = 0;
    const lent: Incoming[] = [];
    for (let index = first; index < messages.length; index++) {
      lent.push(messages.at(index) as Incoming);
    }
    copyOut(lent.map(({ data }) => data)).forEach((data, index) => {
      const message = lent[index] as Incoming;
      if (data !== message.data) messages.replace(first + index, { ...message, data });
    });
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
    this.#readers.clear();
    this.#borrowed = 0;
    this.#changed(-this.#bytes, -unread);
    if (this.#congested) this.#mark(false);
    return { unread, readers };
  }

  #left(chargedBytes: number, count: number): void {
    this.#changed(this.length === 0 ? -this.#bytes : -chargedBytes, -count);
    this.#borrowed = Math.min(this.#borrowed, this.#messages.length);
    // At half and not at the limit, or each message read would send a map to every peer.
    if (this.#congested && this.#bytes < this.#limitBytes / 2) this.#mark(false);
  }

  #changed(byBytes: number, byMessages: number): void {
    this.#bytes += byBytes;
    this.#owner.queueChanged(byBytes, byMessages);
  }

  #mark(congested: boolean): void {
    this.#congested = congested;
    this.#owner.congestionChanged(congested);
  }
}
