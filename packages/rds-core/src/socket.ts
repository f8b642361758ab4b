/**
 * RdsSocket: one port of a node: datagrams to and from any socket of any peer. Mirrors
 * `struct rds_sock`: net/rds/af_rds.c, send.c and recv.c as seen from a program.
 */

import { EventEmitter } from 'eventemitter3';
import type { Address } from './address.js';
import { RdsError } from './errors.js';
import type { Unacknowledged } from './flow.js';
import type { Incoming, MessageData } from './message.js';
import type { ResolvedBindOptions } from './options.js';
import type { WaitOptions } from './pending.js';
import { ReceiveQueue } from './receive-queue.js';
import { type ReceiveOptions, Receiver, type ReceiverOwner } from './receiver.js';
import { Sender, type SenderOwner, type SendOptions, type WaitWritableOptions } from './sender.js';
import { SocketOptions, type SocketOptionValue } from './sockopt.js';

/** How long `close` of a node or socket waits. */
export interface CloseOptions {
  /** How long to wait for acknowledgements. Default 5,000; Infinity for ever. */
  readonly deadlineMs?: number | undefined;
}

/** The events of a socket. */
export interface RdsSocketEvents {
  /** A message came. Called at once, without a queue in between: the fast way to receive. */
  message: [Incoming];
  /**
   * A destination that refused a send with ENOBUFS is no longer congested. Only of sockets with
   * RDS_CONG_MONITOR.
   */
  uncongested: [Address];
  /** The socket is closed. */
  close: [];
}

/** Where the sockets of a node are kept. */
export interface SocketHome {
  readonly hardLimit: { queueChanged(byBytes: number, byMessages: number): void };
  readonly loans: { add(borrower: ReceiveQueue): void };
  /** Gives the port free: from now on nothing is delivered to the socket. */
  unbind(socket: RdsSocket): void;
  /** The socket has nothing outstanding any more. */
  socketClosed(socket: RdsSocket): void;
  congestionChanged(port: number, congested: boolean): void;
}

/** What a socket asks of its node. */
export interface SocketOwner extends SenderOwner, ReceiverOwner {
  readonly sockets: SocketHome;
}

const CLOSE_DEADLINE_MS = 5000;

/** The deadline in milliseconds, or EINVAL. */
export function resolveDeadline({ deadlineMs = CLOSE_DEADLINE_MS }: CloseOptions): number {
  if (deadlineMs >= 0) return deadlineMs;
  throw new RdsError('EINVAL', 'deadlineMs is a number from 0 up', { syscall: 'close' });
}

type SocketState = 'open' | 'closing' | 'closed';

/** Makes a socket of the node `owner`, at the address of that. */
export let newSocket: (
  address: string,
  options: ResolvedBindOptions,
  owner: SocketOwner,
) => RdsSocket;
/** What programs do not see of a socket: where its messages come in, and where they leave. */
export let receiverOf: (socket: RdsSocket) => Receiver;
export let senderOf: (socket: RdsSocket) => Sender;

/** Sockets are made by `node.bind`. */
export class RdsSocket extends EventEmitter<RdsSocketEvents> implements AsyncDisposable {
  /** The IP address of its node. */
  readonly address: string;
  /** Its own port: 2 to 65535. */
  readonly port: number;
  readonly #receiver: Receiver;
  readonly #owner: SocketOwner;
  readonly #sender: Sender;
  readonly #options: SocketOptions;
  #state: SocketState = 'open';
  #dropped: Unacknowledged = { messages: 0, bytes: 0 };

  // The rest of the core has its way in from here, and programs have none.
  static {
    newSocket = (address, options, owner) => new RdsSocket(address, options, owner);
    receiverOf = (socket) => socket.#receiver;
    senderOf = (socket) => socket.#sender;
  }

  private constructor(address: string, options: ResolvedBindOptions, owner: SocketOwner) {
    super();
    this.address = address;
    this.port = options.port;
    this.#owner = owner;
    const { sockets } = owner;
    const { hardLimit, loans } = sockets;
    const queue = new ReceiveQueue(options.receiveBufferBytes, {
      congestionChanged: (congested) => sockets.congestionChanged(this.port, congested),
      queueChanged: (byBytes, byMessages) => hardLimit.queueChanged(byBytes, byMessages),
      borrowed: (borrower) => loans.add(borrower),
    });
    this.#receiver = new Receiver(owner, this, queue);
    this.#sender = new Sender(owner, options.port, options.sendBufferBytes);
    this.#sender.monitor.told = (to) => this.emit('uncongested', to);
    this.#options = new SocketOptions(this.#sender, this.#receiver, options);
  }

  /** SIOCRDSGETTOS: the class of service, 0 to 255. */
  get tos(): number {
    return this.#options.tos;
  }

  /** SO_SNDBUF, as it is set now. */
  get sendBufferBytes(): number {
    return this.#sender.bufferBytes;
  }

  /** SO_RCVBUF, as it is set now. */
  get receiveBufferBytes(): number {
    return this.#receiver.queue.limitBytes;
  }

  // ── Under the names of C ─────────────────────────────────────────────────────────────────────

  /**
   * setsockopt(2), with the constants of the same names; see docs/API.md for which there are. Times
   * are in milliseconds, 0 for none. Throws EINVAL, ENOPROTOOPT, EOPNOTSUPP.
   */
  setsockopt(level: number, name: number, value?: SocketOptionValue): void {
    this.#checkOpen('setsockopt');
    this.#options.set(level, name, value);
  }

  /** getsockopt(2). Buffers are as they were set, and not doubled as Linux shows them. */
  getsockopt(level: number, name: number): number {
    this.#checkOpen('getsockopt');
    return this.#options.get(level, name);
  }

  /** ioctl(2), for SIOCRDSSETTOS and SIOCRDSGETTOS. Returns the class of service. */
  ioctl(request: number, value?: number): number {
    this.#checkOpen('ioctl');
    return this.#options.ioctl(request, value);
  }

  // ── Sending ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends one message; see SendOptions for when it resolves. Waits while the send buffer for that
   * peer is full or the destination congested. Rejects with EINVAL, ENOTCONN, EMSGSIZE,
   * EOPNOTSUPP, EBADF, EAGAIN, ENOBUFS, ETIMEDOUT, ABORT_ERR; with `until: 'delivered'` also with
   * ECANCELED, ECONNRESET and ECONNREFUSED.
   */
  sendmsg(data: MessageData, to?: Address, options?: SendOptions): Promise<void> {
    try {
      this.#checkOpen('sendmsg');
      return this.#sender.send(data, to, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same at once or not at all: throws EAGAIN (buffer full) or ENOBUFS (congested). */
  trySendmsg(data: MessageData, to?: Address): void {
    this.#checkOpen('sendmsg');
    this.#sender.trySend(data, to);
  }

  /** Sets the default destination. Messages are received from everyone all the same, as in RDS. */
  connect(to: Address): void {
    this.#checkOpen('connect');
    this.#sender.flowTo(to, 'connect');
    // A copy: the object is the caller's.
    this.#sender.destination = Object.freeze({ ...to });
  }

  /** getpeername(2): the default destination, if connect has set one. */
  get destination(): Address | null {
    return this.#sender.destination;
  }

  /**
   * Resolves when a send there would not fail with EAGAIN or ENOBUFS: the destination is not
   * congested, and there is room; see WaitWritableOptions for how much.
   */
  async waitWritable(to?: Address, options: WaitWritableOptions = {}): Promise<void> {
    this.#checkOpen('waitWritable');
    await this.#sender.waitWritable(to, options);
  }

  /** Resolves when all that was sent (there) has been acknowledged. Rejects if some never will. */
  async flush(to?: Address, options?: WaitOptions): Promise<void> {
    this.#checkOpen('flush');
    await Promise.all(this.#sender.flush(to, options));
  }

  /**
   * RDS_CANCEL_SENT_TO: drops what was accepted and is not acknowledged, to `to` or to anyone. What
   * had been transmitted may arrive all the same. Returns how much it was.
   */
  cancelSentTo(to?: Address): Unacknowledged {
    this.#checkOpen('cancelSentTo');
    return this.#sender.cancel(to);
  }

  // ── Receiving ────────────────────────────────────────────────────────────────────────────────

  /** The next message. Several callers are served in order. */
  recvmsg(options?: ReceiveOptions): Promise<Incoming> {
    try {
      this.#checkOpen('recvmsg');
      return this.#receiver.receive(options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** All that is queued, up to `max` messages, at once and without a promise. */
  recvmmsg(max = Number.POSITIVE_INFINITY): Incoming[] {
    this.#checkOpen('recvmmsg');
    return this.#receiver.takeMany(max);
  }

  /** The messages as they come, until the socket is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Incoming> {
    return this.#receiver.messages();
  }

  // ── Closing ──────────────────────────────────────────────────────────────────────────────────

  /** True from the first call of `close` or `destroy`, of the socket or its node. */
  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  /**
   * Receives no more, waits until all that was sent is acknowledged or the deadline has passed, and
   * says what was not. The port is free at once.
   */
  async close(options: CloseOptions = {}): Promise<Unacknowledged> {
    await this.#drain(resolveDeadline(options));
    return this.destroy();
  }

  /** Drops everything at once, which is the kernel's close. Returns what was not acknowledged. */
  destroy(): Unacknowledged {
    if (this.#state === 'closed') return this.#dropped;
    this.#stopReceiving();
    this.#dropped = this.#sender.close();
    this.#state = 'closed';
    this.#owner.sockets.socketClosed(this);
    this.#owner.runtime.defer(() => this.emit('close'));
    return this.#dropped;
  }

  /** `await using`: closes the socket, with the deadline that `close` has by default. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ── Listeners ────────────────────────────────────────────────────────────────────────────────

  /** As in an EventEmitter. A listener of 'message' also hears what is queued already. */
  override on<T extends keyof RdsSocketEvents>(
    event: T,
    listener: (...args: RdsSocketEvents[T]) => void,
    context?: unknown,
  ): this {
    super.on(event, listener as never, context);
    if (event === 'message') this.#receiver.hearQueued();
    return this;
  }

  /** The same for one time. */
  override once<T extends keyof RdsSocketEvents>(
    event: T,
    listener: (...args: RdsSocketEvents[T]) => void,
    context?: unknown,
  ): this {
    super.once(event, listener as never, context);
    if (event === 'message') this.#receiver.hearQueued();
    return this;
  }

  /** The same as `on`. */
  override addListener<T extends keyof RdsSocketEvents>(
    event: T,
    listener: (...args: RdsSocketEvents[T]) => void,
    context?: unknown,
  ): this {
    return this.on(event, listener, context);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  #checkOpen(syscall: string): void {
    if (this.#state === 'open') return;
    const { address, port } = this;
    throw new RdsError('EBADF', 'the socket is closed', { syscall, address, port });
  }

  #stopReceiving(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#owner.sockets.unbind(this);
    this.#receiver.close();
  }

  async #drain(deadlineMs: number): Promise<void> {
    this.#stopReceiving();
    // That some will never be acknowledged, or not in time, is no error: the caller is told.
    await Promise.allSettled(this.#sender.flush(undefined, { timeoutMs: deadlineMs }));
  }
}
