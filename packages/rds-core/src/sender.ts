/**
 * Sender: the sending half of a socket: what can be sent now, what has to wait, and who is told
 * what became of it. Mirrors rds_sendmsg in net/rds/send.c.
 */

import { type Address, isInteger } from './address.js';
import { CongestionMonitor } from './congestion-monitor.js';
import { type Outcome, RdsError } from './errors.js';
import { type Flow, type Obstacle, settlementError, type Unacknowledged } from './flow.js';
import { FlowTable, type Router } from './flow-table.js';
import type { MessageData, Receipt } from './message.js';
import { type Payload, payloadBytes, toPayload } from './payload.js';
import { Pending, type WaitOptions } from './pending.js';
import type { Clock } from './runtime.js';

/** How `sendmsg` waits, and for what. */
export interface SendOptions extends WaitOptions {
  /** MSG_DONTWAIT: reject with EAGAIN or ENOBUFS instead of waiting. */
  readonly dontWait?: boolean | undefined;
  /**
   * When to resolve: when the node has accepted the message (`'queued'`, the default; from then on
   * it is not lost) or when the peer has put it on its socket's queue (`'delivered'`).
   */
  readonly until?: 'queued' | 'delivered' | undefined;
}

/** How `waitWritable` waits, and for how much room. */
export interface WaitWritableOptions extends WaitOptions {
  /**
   * How large a message is to fit. Default: half of the send buffer, or of the socket's share if
   * others send there too; or what was last refused with EAGAIN if that is more.
   */
  readonly bytes?: number | undefined;
}

/**
 * Sends that wait, per destination. They hold no copies, only what the caller holds too, but a
 * caller that never looks at its promises must be stopped somewhere.
 */
const MAX_WAITING_SENDS = 1 << 20;

/** One promise serves all sends that need not wait. */
const ACCEPTED: Promise<void> = Promise.resolve();

/** What the sending half needs of its node. */
export interface SenderOwner extends Router {
  readonly clock: Clock;
  readonly maxMessageBytes: number;
}

export class Sender {
  readonly #owner: SenderOwner;
  #sendBufferBytes: number;
  /** The largest message: what the protocol takes, and what the send buffer holds. */
  #limitBytes: number;
  readonly #flows: FlowTable;
  /** Set by connect(2): where messages go that name no destination. */
  destination: Address | null = null;
  /** SO_SNDTIMEO: for who waits to send without a time limit of its own. */
  timeoutMs: number | undefined;
  readonly monitor = new CongestionMonitor((to) => this.waitWritable(to, { bytes: 0 }));

  constructor(owner: SenderOwner, port: number, sendBufferBytes: number) {
    this.#owner = owner;
    this.#sendBufferBytes = sendBufferBytes;
    this.#limitBytes = Math.min(owner.maxMessageBytes, sendBufferBytes);
    this.#flows = new FlowTable(owner, sendBufferBytes, {
      port,
      blocked: (obstacle) => this.#countBlocked(obstacle),
      emptied: () => {
        owner.stats.send_queue_empty++;
      },
    });
  }

  get bufferBytes(): number {
    return this.#sendBufferBytes;
  }

  /** Another send buffer; what is in it stays. */
  resize(sendBufferBytes: number): void {
    this.#sendBufferBytes = sendBufferBytes;
    this.#limitBytes = Math.min(this.#owner.maxMessageBytes, sendBufferBytes);
    this.#flows.resize(sendBufferBytes);
  }

  get hasDestinations(): boolean {
    return !this.#flows.isEmpty;
  }

  send(data: MessageData, to: Address | undefined, options?: SendOptions): Promise<void> {
    const flow = this.flowTo(to, 'sendmsg');
    const payload = toPayload(data);
    const length = this.#checkLength(payload);
    if (options) return this.#sendWith(flow, payload, length, this.#limited(options));
    const obstacle = flow.trySend(payload, length, null);
    return obstacle === null ? ACCEPTED : this.#wait(flow, payload, length, this.#limited({}));
  }

  /** Throws EAGAIN or ENOBUFS where `send` would wait. */
  trySend(data: MessageData, to: Address | undefined): void {
    const flow = this.flowTo(to, 'sendmsg');
    const payload = toPayload(data);
    const obstacle = flow.trySend(payload, this.#checkLength(payload), null);
    if (obstacle !== null) throw this.#wouldWait(obstacle, flow);
  }

  waitWritable(to: Address | undefined, options: WaitWritableOptions): Promise<void> {
    const flow = this.flowTo(to, 'waitWritable');
    const usualBytes = Math.max(flow.quota.shareBytes >> 1, flow.refusedBytes);
    const { bytes = Math.min(usualBytes, this.#sendBufferBytes) } = options;
    if (!isInteger(bytes, 0, this.#sendBufferBytes)) {
      const text = `bytes is a whole number up to ${this.#sendBufferBytes}, the send buffer`;
      throw new RdsError('EINVAL', text, { ...flow.details, syscall: 'waitWritable' });
    }
    const aborted = options.signal?.aborted === true;
    if (!aborted && flow.obstacle(bytes) === null) return ACCEPTED;
    return this.#wait(flow, null, bytes, options);
  }

  /** One promise per destination with something outstanding: to `to`, or to all. */
  flush(to: Address | undefined, options: WaitOptions | undefined): Promise<void>[] {
    const flows = to === undefined ? [...this.#flows] : [this.flowTo(to, 'flush')];
    return flows.flatMap((flow) => {
      const details = { ...flow.details, syscall: 'flush' };
      return [...flow.flush()].map((group) => {
        const gaveUp = (flush: Pending<void>) => group.flushes.delete(flush);
        const pending = new Pending<void>(this.#owner.clock, options, details, gaveUp);
        if (!pending.isSettled) group.flushes.add(pending);
        return pending.promise;
      });
    });
  }

  cancel(to: Address | undefined): Unacknowledged {
    return this.#flows.cancel(to === undefined ? null : this.flowTo(to, 'cancelSentTo'));
  }

  /** Ends every send that waits. */
  rejectWaiters(): void {
    this.#flows.rejectWaiters();
  }

  /** Ends every send that waits, and drops what is not acknowledged. */
  close(): Unacknowledged {
    this.rejectWaiters();
    return this.#flows.cancel(null);
  }

  flowTo(to: Address | undefined, syscall: string): Flow {
    const destination = to ?? this.destination;
    if (destination !== null) return this.#flows.flowTo(destination, syscall);
    const text = 'give a destination, or connect() to one first';
    throw new RdsError('ENOTCONN', text, { syscall });
  }

  /** With the time limit of the socket, if it has one and the call has not. */
  #limited(options: SendOptions): SendOptions {
    const { timeoutMs } = this;
    if (timeoutMs === undefined) return options;
    return { ...options, timeoutMs: options.timeoutMs ?? timeoutMs };
  }

  #sendWith(flow: Flow, payload: Payload, length: number, options: SendOptions): Promise<void> {
    const { until = 'queued', dontWait, signal } = options;
    if (until === 'delivered') return this.#sendForReceipt(flow, payload, length, options);
    if (until !== 'queued') {
      throw new RdsError('EINVAL', "until is 'queued' or 'delivered'", flow.details);
    }
    if (signal?.aborted !== true) {
      const obstacle = flow.trySend(payload, length, null);
      if (obstacle === null) return ACCEPTED;
      if (dontWait) throw this.#wouldWait(obstacle, flow);
    }
    return this.#wait(flow, payload, length, options);
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
    const pending = this.#pending(flow, options, 'sendmsg', 'not-delivered');
    if (pending.isSettled) return pending.promise;
    const obstacle = flow.trySend(payload, length, receipt);
    if (obstacle === null) pending.outcome = 'unknown';
    else if (options.dontWait) pending.reject(this.#wouldWait(obstacle, flow, 'not-delivered'));
    else this.#queue(flow, pending, payload, length, receipt);
    return pending.promise;
  }

  /** Waits to send, or without payload until that much could be sent. */
  #wait(
    flow: Flow,
    payload: Payload | null,
    length: number,
    options: WaitOptions | undefined,
  ): Promise<void> {
    const pending = this.#pending(flow, options, payload === null ? 'waitWritable' : 'sendmsg');
    if (!pending.isSettled) this.#queue(flow, pending, payload, length, null);
    return pending.promise;
  }

  #queue(
    flow: Flow,
    pending: Pending<void>,
    payload: Payload | null,
    length: number,
    receipt: Receipt | null,
  ): void {
    if (flow.waiting < MAX_WAITING_SENDS) {
      flow.wait({ pending, payload, length, receipt, group: flow.group });
    } else {
      pending.fail('EAGAIN', 'a million sends wait already');
    }
  }

  #pending(
    flow: Flow,
    options: WaitOptions | undefined,
    syscall: string,
    outcome?: Outcome,
  ): Pending<void> {
    const details = { ...flow.details, syscall, outcome };
    return new Pending<void>(this.#owner.clock, options, details, () => flow.gaveUp());
  }

  #checkLength(payload: Payload): number {
    const length = payloadBytes(payload);
    if (length <= this.#limitBytes) return length;
    const limit = this.#limitBytes;
    const wrong = `a message of ${length} bytes is larger than ${limit}`;
    throw new RdsError('EMSGSIZE', `${wrong}: split it, or raise the limit`, {
      syscall: 'sendmsg',
    });
  }

  #wouldWait(obstacle: Obstacle, flow: Flow, outcome?: Outcome): RdsError {
    const { stats } = this.#owner;
    const details = { ...flow.details, outcome };
    if (obstacle === 'room') {
      stats.send_queue_full++;
      return new RdsError('EAGAIN', 'the send buffer for that peer is full', details);
    }
    stats.cong_send_error++;
    this.monitor.refused(flow.to);
    return new RdsError('ENOBUFS', 'the destination is congested', details);
  }

  #countBlocked(obstacle: Obstacle): void {
    if (obstacle === 'room') this.#owner.stats.send_queue_full++;
    else this.#owner.stats.cong_send_blocked++;
  }
}
