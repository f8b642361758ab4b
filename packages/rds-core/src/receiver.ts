/**
 * Receiver: the receiving half of a socket: whether a message goes to a call that waits, to a
 * listener or on the queue, and who gets it from there. Mirrors rds_recvmsg in net/rds/recv.c.
 */

import { RdsError, type RdsErrorCode } from './errors.js';
import type { Incoming } from './message.js';
import { Pending, type WaitOptions } from './pending.js';
import type { ReceiveQueue } from './receive-queue.js';
import type { Clock, Runtime } from './runtime.js';
import type { Stats } from './stats.js';

/** How `recvmsg` waits, and what it leaves on the queue. */
export interface ReceiveOptions extends WaitOptions {
  /** MSG_DONTWAIT: reject with EAGAIN if nothing is queued. */
  readonly dontWait?: boolean | undefined;
  /** MSG_PEEK: leave the message on the queue. */
  readonly peek?: boolean | undefined;
}

/** What the receiving half needs of its node. */
export interface ReceiverOwner {
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly stats: Stats;
}

/** The socket, whose listeners hear of messages. */
interface Listening {
  readonly address: string;
  readonly port: number;
  readonly isClosed: boolean;
  listenerCount(event: 'message'): number;
  emit(event: 'message', message: Incoming): boolean;
}

export class Receiver {
  readonly queue: ReceiveQueue;
  /** SO_RCVTIMEO: for who waits without a time limit of its own. */
  timeoutMs: number | undefined;
  /** SO_TIMESTAMP: messages say when they came. */
  stampsMessages = false;
  readonly #owner: ReceiverOwner;
  readonly #socket: Listening;

  constructor(owner: ReceiverOwner, socket: Listening, queue: ReceiveQueue) {
    this.#owner = owner;
    this.#socket = socket;
    this.queue = queue;
  }

  /** A message has come. */
  deliver(incoming: Incoming): void {
    const { queue } = this;
    const message = this.stampsMessages ? this.#stamped(incoming) : incoming;
    if (queue.length === 0 && (queue.serve(message) || this.#hear(message))) {
      this.#countDelivered(message);
      return;
    }
    this.#owner.stats.recv_queued++;
    queue.push(message);
  }

  /** The next message. Throws EAGAIN instead of waiting, if that is what is asked for. */
  receive(options?: ReceiveOptions): Promise<Incoming> {
    if (options?.signal?.aborted !== true) {
      const message = options?.peek ? this.queue.peek() : this.take();
      if (message !== undefined) return Promise.resolve(message);
    }
    if (options?.dontWait) throw this.#error('EAGAIN', 'no message is queued');
    const { timeoutMs } = this;
    const pending = new Pending<Incoming>(
      this.#owner.clock,
      timeoutMs === undefined
        ? options
        : { ...options, timeoutMs: options?.timeoutMs ?? timeoutMs },
      { syscall: 'recvmsg', port: this.#socket.port },
      () => this.queue.gaveUp(),
    );
    this.queue.wait({ pending, peek: options?.peek === true });
    return pending.promise;
  }

  /** The first message of the queue, which the program gets. */
  take(): Incoming | undefined {
    const message = this.queue.shift();
    if (message !== undefined) this.#countDelivered(message);
    return message;
  }

  /** The first messages of the queue, up to `max`, which the program gets. */
  takeMany(max: number): Incoming[] {
    const messages = this.queue.shiftMany(max);
    const { stats } = this.#owner;
    stats.recv_delivered += messages.length;
    for (const { data } of messages) stats.copy_to_user += data.length;
    return messages;
  }

  /** The messages as they come, until the socket is closed. */
  messages(): AsyncIterableIterator<Incoming> {
    let over = false;
    const end = { done: true, value: undefined } as const;
    const nextToCome = async (): Promise<IteratorResult<Incoming>> => {
      if (over || this.#socket.isClosed) return end;
      try {
        return { done: false, value: await this.receive() };
      } catch (error) {
        // Closing is how such a loop ends.
        if (this.#socket.isClosed) return end;
        throw error;
      }
    };
    // What is there already costs one promise, and not the three of an async function.
    const next = (): Promise<IteratorResult<Incoming>> => {
      const queued = over || this.#socket.isClosed ? undefined : this.take();
      return queued === undefined ? nextToCome() : Promise.resolve({ done: false, value: queued });
    };
    const stop = async (): Promise<IteratorResult<Incoming>> => {
      over = true;
      return end;
    };
    return { next, return: stop, [Symbol.asyncIterator]: () => this.messages() };
  }

  /** There is a listener: it hears what was queued before. */
  hearQueued(): void {
    if (this.queue.length === 0) return;
    const socket = this.#socket;
    this.#owner.runtime.defer(() => {
      while (!socket.isClosed && socket.listenerCount('message') > 0) {
        const message = this.take();
        if (message === undefined) return;
        this.#hear(message);
      }
    });
  }

  /** Nobody reads any more. */
  close(): void {
    const { unread, readers } = this.queue.close();
    this.#owner.stats.recv_drop_dead_sock += unread;
    const error = this.#error('EBADF', 'the socket was closed');
    for (const { pending } of readers) pending.reject(error);
  }

  #stamped(message: Incoming): Incoming {
    return { ...message, receivedAtMs: this.#owner.clock.now() };
  }

  #countDelivered({ data }: Incoming): void {
    const { stats } = this.#owner;
    stats.recv_delivered++;
    // `length` of bytes is a plain load for the compiler, `byteLength` a call.
    stats.copy_to_user += data.length;
  }

  /** Calls the listeners. What they throw is an uncaught exception, but it does not stop us. */
  #hear(message: Incoming): boolean {
    try {
      return this.#socket.emit('message', message);
    } catch (error) {
      this.#owner.runtime.defer(() => {
        throw error;
      });
      return true;
    }
  }

  #error(code: RdsErrorCode, text: string): RdsError {
    const { address, port } = this.#socket;
    return new RdsError(code, text, { syscall: 'recvmsg', address, port });
  }
}
