/**
 * Delivery: datagrams on their way to one destination, until the peer has acknowledged them all.
 * Reads no faster than the send buffer takes them.
 */

import type { Address, RdsSocket } from '@rds-tcp/core';

export class Delivery {
  readonly #socket: RdsSocket;
  readonly #to: Address;
  readonly #until: 'queued' | 'delivered';
  readonly #timeoutMs: number | undefined;
  readonly #failed = new AbortController();
  readonly #receipts = new Set<Promise<void>>();
  /** Aborts when it is no use to go on: at the first failure, or with the signal given. */
  readonly over: AbortSignal;

  constructor(
    socket: RdsSocket,
    to: Address,
    until: 'queued' | 'delivered',
    timeoutMs: number | undefined,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#to = to;
    this.#until = until;
    this.#timeoutMs = timeoutMs;
    this.over = AbortSignal.any([signal, this.#failed.signal]);
  }

  /** Rejects with the first failure; where the input is at fault, what came before it is sent. */
  async sendAll(datagrams: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const data of datagrams) await this.#send(data);
    } catch (error) {
      await this.finish();
      throw error;
    }
  }

  /** Resolves when all that was sent is acknowledged. */
  async finish(): Promise<void> {
    try {
      await this.#socket.flush(this.#to, this.#wait);
      await Promise.all(this.#receipts);
    } catch (error) {
      if (!this.#failed.signal.aborted) throw error;
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
  }

  get #wait() {
    return { timeoutMs: this.#timeoutMs, signal: this.over };
  }

  async #send(data: Uint8Array): Promise<void> {
    const to = this.#to;
    if (this.#until === 'queued') {
      await this.#socket.sendmsg(data, to, this.#wait);
      return;
    }
    // With room for it, it is accepted at once: so the send buffer limits what waits for a receipt.
    await this.#socket.waitWritable(to, { ...this.#wait, bytes: Math.max(1, data.byteLength) });
    // Without the signal: thousands of listeners on one take more time than all the sending.
    const receipt = this.#socket.sendmsg(data, to, { until: 'delivered' }).then(
      () => {
        this.#receipts.delete(receipt);
      },
      (error: unknown) => this.#failed.abort(error),
    );
    this.#receipts.add(receipt);
  }
}
