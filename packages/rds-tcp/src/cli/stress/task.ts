/**
 * Task: one socket of a run, and its conversations with all tasks of the other side. All tasks of
 * a process share its event loop. It answers in the turn in which a request came, by the calls
 * that neither wait nor allocate: `trySendmsg`, and a `'message'` listener.
 */

import type { Incoming, RdsNode, RdsSocket } from '@rds-tcp/core';
import { CommandError, codeOf } from '../exit.js';
import type { Latency } from './latency.js';
import { ACK, makeMessage, REQUEST, stamp } from './message.js';
import { Pair, type PairOwner } from './pair.js';
import { headerBytes, type Settings } from './settings.js';
import type { Tally } from './tally.js';

/** What all tasks of one side share. */
export interface TaskShare {
  readonly settings: Settings;
  readonly peerAddress: string;
  readonly filler: Buffer | null;
  readonly tally: Tally;
  readonly latency: Latency;
  /** Whether this side sends requests at all. */
  readonly asks: boolean;
  /** Milliseconds, never going back. */
  now(): number;
  failed(error: Error): void;
}

/** What all sockets of a side may keep unacknowledged towards the peer. */
const SEND_BUDGET_BYTES = 64 << 20;
/** And what each of them may at least: a kernel's acknowledgements can come late. */
const LEAST_SEND_BUFFER_BYTES = 1 << 20;

export class Task implements PairOwner {
  readonly headerBytes: number;
  readonly #socket: RdsSocket;
  readonly #share: TaskShare;
  readonly #pairs: readonly Pair[];
  readonly #request: Uint8Array;
  readonly #ack: Uint8Array;
  #state: 'waiting' | 'asking' | 'answering' = 'waiting';

  constructor(node: RdsNode, number: number, share: TaskShare) {
    const { settings, peerAddress, filler } = share;
    this.#share = share;
    this.#socket = node.bind({
      port: settings.basePort + 1 + number,
      sendBufferBytes: sendBufferBytes(settings),
      tos: settings.tos,
    });
    this.headerBytes = headerBytes(settings, peerAddress);
    this.#pairs = Array.from({ length: settings.tasks }, (_, peer) => {
      return new Pair(this, peerAddress, settings.basePort + 1 + peer);
    });
    // To which port is stamped into each message.
    const ends = { from: this.address, to: peerAddress, fromPort: this.port, toPort: 0 };
    this.#request = this.#make(REQUEST, ends, settings.requestBytes, filler);
    this.#ack = this.#make(ACK, ends, settings.ackBytes, filler);
    this.#socket.on('message', (message) => this.#received(message));
  }

  get settings(): Settings {
    return this.#share.settings;
  }

  get filler(): Buffer | null {
    return this.#share.filler;
  }

  get address(): string {
    return this.#socket.address;
  }

  get port(): number {
    return this.#socket.port;
  }

  get isAsking(): boolean {
    return this.#state === 'asking';
  }

  /** Requests of ours that the peer has not answered. */
  get unanswered(): number {
    return this.#pairs.reduce((sum, pair) => sum + pair.unanswered, 0);
  }

  start(): void {
    if (!this.#share.asks) return;
    this.#state = 'asking';
    for (const pair of this.#pairs) pair.pump();
  }

  /** Sends no more requests, and goes on answering those of the peer. */
  stopAsking(): void {
    this.#state = 'answering';
  }

  /** Resolves when the peer has what was sent, or the time is up. */
  async flush(timeoutMs: number): Promise<void> {
    try {
      await this.#socket.flush(undefined, { timeoutMs });
    } catch (error) {
      if (codeOf(error) !== 'ETIMEDOUT') throw error;
    }
  }

  now(): number {
    return this.#share.now();
  }

  send(operation: number, pair: Pair, sequence: number, index: number): boolean {
    const isAck = operation === ACK;
    const message = isAck ? this.#ack : this.#request;
    stamp(message, sequence, pair.to.port, index);
    const { tally } = this.#share;
    const startMs = isAck ? 0 : this.now();
    try {
      this.#socket.trySendmsg(message, pair.to);
    } catch (error) {
      this.#waitFor(pair, error);
      return false;
    }
    if (isAck) {
      tally.acksSent++;
    } else {
      tally.requestsSent++;
      tally.sendUs += (this.now() - startMs) * 1000;
    }
    return true;
  }

  answered(rttMs: number): void {
    const rttUs = rttMs * 1000;
    this.#share.tally.rttUs += rttUs;
    this.#share.latency.record(rttUs);
  }

  #make(
    operation: number,
    ends: Parameters<typeof makeMessage>[1],
    bytes: number,
    filler: Buffer | null,
  ) {
    return makeMessage(operation, ends, bytes, this.headerBytes, filler);
  }

  #received({ data, from }: Incoming): void {
    const { tally, settings, peerAddress } = this.#share;
    if (from.address !== peerAddress) {
      tally.strays++;
      return;
    }
    if (data[18] === ACK) tally.acksReceived++;
    else tally.requestsReceived++;
    const pair = this.#pairs[from.port - settings.basePort - 1];
    const wrong = pair === undefined ? 'there is no such task' : pair.received(data);
    if (wrong === null) return;
    const text = `bad message from ${from.address}:${from.port} to port ${this.port}: ${wrong}`;
    this.#fail(new CommandError(text));
  }

  /** The send buffer is full, or the destination congested: goes on when it is not. */
  #waitFor(pair: Pair, error: unknown): void {
    const code = codeOf(error);
    if (code !== 'EAGAIN' && code !== 'ENOBUFS') {
      this.#fail(error as Error);
      return;
    }
    this.#socket.waitWritable(pair.to).then(
      () => {
        if (!this.#socket.isClosed) pair.pump();
      },
      (reason: Error) => {
        // That it is closed means that the run is over.
        if (!this.#socket.isClosed) this.#fail(reason);
      },
    );
  }

  #fail(error: Error): void {
    this.stopAsking();
    this.#share.failed(error);
  }
}

/** Twice what can be under way at once, as far as the budget goes; and always two of each kind. */
function sendBufferBytes({ tasks, depth, requestBytes, ackBytes }: Settings): number {
  const twice = 2 * (requestBytes + ackBytes);
  const wanted = Math.min(tasks * depth * twice, Math.floor(SEND_BUDGET_BYTES / tasks));
  return Math.max(wanted, twice, LEAST_SEND_BUFFER_BYTES);
}
