/**
 * RdsSocket: one port of a node: datagrams to and from any socket of any peer. Mirrors
 * `struct rds_sock`: net/rds/af_rds.c, send.c and recv.c as seen from a program.
 */

import { EventEmitter } from 'eventemitter3';
import type { Address } from './address.js';
import { RdsError, type RdsErrorCode } from './errors.js';
import { type Flow, type Obstacle, settlementError, type Unacknowledged } from './flow.js';
import { FlowTable, type Router } from './flow-table.js';
import type { Incoming, MessageData, Receipt } from './message.js';
import type { ResolvedBindOptions } from './options.js';
import { type Payload, payloadBytes, toPayload } from './payload.js';
import { Pending, type WaitOptions } from './pending.js';
import { ReceiveQueue } from './receive-queue.js';
import type { Runtime } from './runtime.js';
import type { Stats } from './stats.js';

export interface SendOptions extends WaitOptions {
  /** MSG_DONTWAIT: reject with EAGAIN or ENOBUFS instead of waiting. */
  readonly dontWait?: boolean | undefined;
  /**
   * When to resolve: when the node has accepted the message (`'queued'`, the default; from then on
   * it is not lost) or when the peer has put it on its socket's queue (`'delivered'`).
   */
  readonly until?: 'queued' | 'delivered' | undefined;
}

export interface ReceiveOptions extends WaitOptions {
  /** MSG_DONTWAIT: reject with EAGAIN if nothing is queued. */
  readonly dontWait?: boolean | undefined;
  /** MSG_PEEK: leave the message on the queue. */
  readonly peek?: boolean | undefined;
}

export interface WaitWritableOptions extends WaitOptions {
  /** How large a message is to fit. Default: half of the send buffer. */
  readonly bytes?: number | undefined;
}

export interface CloseOptions {
  /** How long to wait for acknowledgements. Default 5,000; Infinity for ever. */
  readonly deadlineMs?: number | undefined;
}

export interface RdsSocketEvents {
  /** A message came. Called at once, without a queue in between: the fast way to receive. */
  message: [Incoming];
  /** The socket is closed. */
  close: [];
}

/** What a socket asks of its node. */
export interface SocketOwner extends Router {
  readonly runtime: Runtime;
  readonly stats: Stats;
  readonly maxMessageBytes: number;
  /** Gives the port free: from now on nothing is delivered to the socket. */
  unbind(socket: RdsSocket): void;
  /** The socket has nothing outstanding any more. */
  socketClosed(socket: RdsSocket): void;
  congestionChanged(port: number, congested: boolean): void;
  queuedBytesChanged(byBytes: number): void;
}

export const CLOSE_DEADLINE_MS = 5000;
/**
 * Sends that wait, per destination. They hold no copies, only what the caller holds too, but a caller
 * that never looks at its promises must be stopped somewhere.
 */
const MAX_WAITING_SENDS = 1 << 20;

/** One promise serves all sends that need not wait. */
const ACCEPTED: Promise<void> = Promise.resolve();

type SocketState = 'open' | 'closing' | 'closed';

export class RdsSocket extends EventEmitter<RdsSocketEvents> implements AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly tos: number;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly #owner: SocketOwner;
  readonly #flows: FlowTable;
  readonly #received: ReceiveQueue;
  #state: SocketState = 'open';
  #destination: Address | null = null;
  #closed: Promise<Unacknowledged> | null = null;

  /** @internal Sockets are made by `node.bind`. */
  constructor(address: string, options: ResolvedBindOptions, owner: SocketOwner) {
    super();
    this.address = address;
    this.port = options.port;
    this.tos = options.tos;
    this.sendBufferBytes = options.sendBufferBytes;
    this.receiveBufferBytes = options.receiveBufferBytes;
    this.#owner = owner;
    this.#received = new ReceiveQueue(options.receiveBufferBytes, {
      congestionChanged: (congested) => owner.congestionChanged(this.port, congested),
      queuedBytesChanged: (byBytes) => owner.queuedBytesChanged(byBytes),
    });
    this.#flows = new FlowTable(owner, options.sendBufferBytes, {
      port: options.port,
      blocked: (obstacle) => this.#countBlocked(obstacle),
    });
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
      const flow = this.#flowTo(to, 'sendmsg');
      const payload = toPayload(data);
      const length = this.#checkLength(payload);
      if (options !== undefined) return this.#sendWith(flow, payload, length, options);
      const obstacle = flow.trySend(payload, length, null);
      return obstacle === null ? ACCEPTED : this.#sendLater(flow, payload, length, undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same at once or not at all: throws EAGAIN (buffer full) or ENOBUFS (congested). */
  trySendmsg(data: MessageData, to?: Address): void {
    const flow = this.#flowTo(to, 'sendmsg');
    const payload = toPayload(data);
    const length = this.#checkLength(payload);
    const obstacle = flow.trySend(payload, length, null);
    if (obstacle !== null) throw this.#wouldWait(obstacle, flow);
  }

  /** Sets the default destination. Messages are received from everyone all the same, as in RDS. */
  connect(to: Address): void {
    this.#flowTo(to, 'connect');
    this.#destination = to;
  }

  /**
   * Resolves when a send there would not fail with EAGAIN or ENOBUFS: at once if it would not now,
   * else when half of the send buffer, or as much as `bytes`, is free.
   */
  async waitWritable(to?: Address, options: WaitWritableOptions = {}): Promise<void> {
    const flow = this.#flowTo(to, 'waitWritable');
    const { bytes } = options;
    if (flow.obstacle(bytes ?? 1) === null) return;
    const length = bytes ?? this.sendBufferBytes >> 1;
    await this.#wait(flow, null, length, null, options).promise;
  }

  /** Resolves when all that was sent (there) has been acknowledged. Rejects if some never will. */
  async flush(to?: Address, options?: WaitOptions): Promise<void> {
    this.#checkOpen('flush');
    const flows = to === undefined ? this.#flows : [this.#flowTo(to, 'flush')];
    await Promise.all(this.#flush(flows, options));
  }

  /**
   * RDS_CANCEL_SENT_TO: drops what was accepted and is not acknowledged, to `to` or to anyone. What
   * had been transmitted may arrive all the same. Returns how much it was.
   */
  cancelSentTo(to?: Address): Unacknowledged {
    this.#checkOpen('cancelSentTo');
    return this.#flows.cancel(to === undefined ? null : this.#flowTo(to, 'cancelSentTo'));
  }

  // ── Receiving ────────────────────────────────────────────────────────────────────────────────

  /** The next message. Several callers are served in order. */
  recvmsg(options?: ReceiveOptions): Promise<Incoming> {
    try {
      this.#checkOpen('recvmsg');
      const message = options?.peek ? this.#received.peek() : this.#received.shift();
      if (message !== undefined) return Promise.resolve(message);
      if (options?.dontWait) throw this.#error('EAGAIN', 'no message is queued', 'recvmsg');
      const { clock } = this.#owner.runtime;
      const pending = new Pending<Incoming>(clock, options, { syscall: 'recvmsg', port: this.port });
      this.#received.wait({ pending, peek: options?.peek === true });
      return pending.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** All that is queued, up to `max` messages, at once and without a promise. */
  recvmmsg(max = Number.POSITIVE_INFINITY): Incoming[] {
    this.#checkOpen('recvmmsg');
    const messages: Incoming[] = [];
    while (messages.length < max) {
      const message = this.#received.shift();
      if (message === undefined) break;
      messages.push(message);
    }
    return messages;
  }

  /** The messages as they come, until the socket is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Incoming> {
    let over = false;
    const end = { done: true, value: undefined } as const;
    const next = async (): Promise<IteratorResult<Incoming>> => {
      if (over || this.#state !== 'open') return end;
      const queued = this.#received.shift();
      if (queued !== undefined) return { done: false, value: queued };
      try {
        return { done: false, value: await this.recvmsg() };
      } catch (error) {
        // Closing is how such a loop ends.
        if (this.#state !== 'open') return end;
        throw error;
      }
    };
    const stop = async (): Promise<IteratorResult<Incoming>> => {
      over = true;
      return end;
    };
    return { next, return: stop, [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() };
  }

  // ── Closing ──────────────────────────────────────────────────────────────────────────────────

  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  /**
   * Receives no more, waits until all that was sent is acknowledged or the deadline has passed, and
   * says what was not. The port is free at once.
   */
  close(options: CloseOptions = {}): Promise<Unacknowledged> {
    this.#closed ??= this.#close(options.deadlineMs ?? CLOSE_DEADLINE_MS);
    return this.#closed;
  }

  /** Drops everything at once, which is the kernel's close. Returns what was not acknowledged. */
  destroy(): Unacknowledged {
    if (this.#state === 'closed') return { messages: 0, bytes: 0 };
    this.#stopReceiving();
    this.#flows.rejectWaiters(this.#error('ECANCELED', 'the socket was closed', 'sendmsg'));
    const dropped = this.#flows.cancel(null);
    this.#state = 'closed';
    this.#closed ??= Promise.resolve(dropped);
    this.#owner.socketClosed(this);
    this.emit('close');
    return dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ── For the node ─────────────────────────────────────────────────────────────────────────────

  /** @internal A message has come for this port. */
  deliver(message: Incoming): void {
    const { stats } = this.#owner;
    const received = this.#received;
    stats.recv_delivered++;
    if (received.length === 0 && (received.serve(message) || this.#hear(message))) return;
    stats.recv_queued++;
    received.push(message);
  }

  /** @internal */
  info(): { queuedMessages: number; queuedBytes: number; congested: boolean } {
    const { length, bytes, isCongested } = this.#received;
    return { queuedMessages: length, queuedBytes: bytes, congested: isCongested };
  }

  override on<T extends keyof RdsSocketEvents>(
    event: T,
    listener: (...args: RdsSocketEvents[T]) => void,
    context?: unknown,
  ): this {
    super.on(event, listener as never, context);
    if (event === 'message') this.#hearQueued();
    return this;
  }

  override once<T extends keyof RdsSocketEvents>(
    event: T,
    listener: (...args: RdsSocketEvents[T]) => void,
    context?: unknown,
  ): this {
    super.once(event, listener as never, context);
    if (event === 'message') this.#hearQueued();
    return this;
  }

  override addListener = this.on;

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────

  #sendWith(flow: Flow, payload: Payload, length: number, options: SendOptions): Promise<void> {
    const { until, dontWait, signal } = options;
    if (until !== undefined && until !== 'queued' && until !== 'delivered') {
      throw this.#error('EINVAL', "until is 'queued' or 'delivered'", 'sendmsg');
    }
    if (until === 'delivered') return this.#sendForReceipt(flow, payload, length, options);
    if (signal?.aborted !== true) {
      const obstacle = flow.trySend(payload, length, null);
      if (obstacle === null) return ACCEPTED;
      if (dontWait) throw this.#wouldWait(obstacle, flow);
    }
    return this.#sendLater(flow, payload, length, options);
  }

  #sendLater(
    flow: Flow,
    payload: Payload,
    length: number,
    options: SendOptions | undefined,
  ): Promise<void> {
    return this.#wait(flow, payload, length, null, options).promise;
  }

  #sendForReceipt(
    flow: Flow,
    payload: Payload,
    length: number,
    options: SendOptions,
  ): Promise<void> {
    const receipt: Receipt = (settlement, outcome) => {
      if (settlement === 'delivered') pending.resolve();
      else pending.reject(settlementError(settlement, outcome, flow.details));
    };
    const pending = this.#pending(flow, options);
    pending.outcome = 'not-delivered';
    if (pending.isSettled) return pending.promise;
    const obstacle = flow.trySend(payload, length, receipt);
    if (obstacle === null) pending.outcome = 'unknown';
    else if (options.dontWait) pending.reject(this.#wouldWait(obstacle, flow));
    else flow.wait({ pending, payload, length, receipt, group: flow.group });
    return pending.promise;
  }

  #wait(
    flow: Flow,
    payload: Payload | null,
    length: number,
    receipt: Receipt | null,
    options: WaitOptions | undefined,
  ): Pending<void> {
    if (flow.waiting >= MAX_WAITING_SENDS) {
      throw this.#error('EAGAIN', 'a million sends are waiting already', 'sendmsg');
    }
    const pending = this.#pending(flow, options);
    if (!pending.isSettled) flow.wait({ pending, payload, length, receipt, group: flow.group });
    return pending;
  }

  #pending(flow: Flow, options: WaitOptions | undefined): Pending<void> {
    const { clock } = this.#owner.runtime;
    return new Pending<void>(clock, options, flow.details, () => flow.gaveUp());
  }

  #flowTo(to: Address | undefined, syscall: string): Flow {
    this.#checkOpen(syscall);
    const destination = to ?? this.#destination;
    if (destination !== null) return this.#flows.flowTo(destination, syscall);
    throw this.#error('ENOTCONN', 'give a destination, or connect() to one first', syscall);
  }

  #checkLength(payload: Payload): number {
    const length = payloadBytes(payload);
    const limit = Math.min(this.#owner.maxMessageBytes, this.sendBufferBytes);
    if (length <= limit) return length;
    const text = `a message of ${length} bytes is larger than ${limit}; split it, or raise the limit`;
    throw this.#error('EMSGSIZE', text, 'sendmsg');
  }

  #checkOpen(syscall: string): void {
    if (this.#state !== 'open') throw this.#error('EBADF', 'the socket is closed', syscall);
  }

  #wouldWait(obstacle: Obstacle, flow: Flow): RdsError {
    this.#countObstacle(obstacle);
    const { details } = flow;
    return obstacle === 'room'
      ? new RdsError('EAGAIN', 'the send buffer for that peer is full', details)
      : new RdsError('ENOBUFS', 'the destination is congested', details);
  }

  #countObstacle(obstacle: Obstacle): void {
    if (obstacle === 'room') this.#owner.stats.send_queue_full++;
    else this.#owner.stats.cong_send_error++;
  }

  #countBlocked(obstacle: Obstacle): void {
    if (obstacle === 'room') this.#owner.stats.send_queue_full++;
    else this.#owner.stats.cong_send_blocked++;
  }

  /** Calls the listeners. What they throw is an uncaught exception, but it does not stop us. */
  #hear(message: Incoming): boolean {
    try {
      return this.emit('message', message);
    } catch (error) {
      this.#owner.runtime.defer(() => {
        throw error;
      });
      return true;
    }
  }

  /** What was queued before there was a listener. */
  #hearQueued(): void {
    if (this.#received.length === 0) return;
    this.#owner.runtime.defer(() => {
      while (this.#state === 'open' && this.listenerCount('message') > 0) {
        const message = this.#received.shift();
        if (message === undefined) return;
        this.#hear(message);
      }
    });
  }

  #stopReceiving(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#owner.unbind(this);
    const { unread, readers } = this.#received.close();
    this.#owner.stats.recv_drop_dead_sock += unread;
    const error = this.#error('EBADF', 'the socket was closed', 'recvmsg');
    for (const { pending } of readers) pending.reject(error);
  }

  async #close(deadlineMs: number): Promise<Unacknowledged> {
    this.#stopReceiving();
    // That some will never be acknowledged, or not in time, is no error: the caller is told.
    await Promise.allSettled(this.#flush(this.#flows, { timeoutMs: deadlineMs }));
    return this.destroy();
  }

  #flush(flows: Iterable<Flow>, options: WaitOptions | undefined): Promise<void>[] {
    const { clock } = this.#owner.runtime;
    return [...flows].flatMap((flow) => {
      const group = flow.flushed();
      if (group.unsettled === 0) return [];
      const pending = new Pending<void>(clock, options, { ...flow.details, syscall: 'flush' });
      group.flushes.push(pending);
      return [pending.promise];
    });
  }

  #error(code: RdsErrorCode, text: string, syscall: string): RdsError {
    const { address, port } = this;
    return new RdsError(code, text, { syscall, address, port });
  }
}
