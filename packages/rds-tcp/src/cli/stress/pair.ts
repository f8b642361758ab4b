/**
 * Pair: the conversation of one of our tasks with one of the peer's. Each side keeps `depth`
 * requests unanswered and answers each of the other's, in order. Messages of either kind are
 * numbered together, per direction, so that one that is lost, repeated or out of order shows.
 */

import {
  ACK,
  corruptedAt,
  differences,
  hasHeaderOf,
  LEAST_HEADER_BYTES,
  makeMessage,
  REQUEST,
  stamp,
} from './message.js';
import type { Settings } from './settings.js';

/** What a pair needs of its task. */
export interface PairOwner {
  readonly settings: Settings;
  readonly address: string;
  readonly port: number;
  readonly headerBytes: number;
  readonly filler: Buffer | null;
  /** Whether new requests are sent: this side sends some, and the run is not ending. */
  readonly isAsking: boolean;
  now(): number;
  /** False if it would have to wait; then `pump` is to be called once it would not. */
  send(operation: number, to: Pair, sequence: number, index: number): boolean;
  answered(rttMs: number): void;
}

export class Pair {
  readonly to: { readonly address: string; readonly port: number };
  readonly #owner: PairOwner;
  readonly #expected: Uint8Array;
  readonly #sentAtMs: Float64Array;
  #sendSequence = 0;
  #receiveSequence = 0;
  #sendIndex = 0;
  #receiveIndex = 0;
  /** Requests that the peer has not answered. */
  #unanswered = 0;
  /** Requests that we have not answered. */
  #unacked = 0;
  #isBlocked = false;

  constructor(owner: PairOwner, peerAddress: string, peerPort: number) {
    this.#owner = owner;
    this.to = { address: peerAddress, port: peerPort };
    const ends = { from: peerAddress, to: owner.address, fromPort: peerPort, toPort: owner.port };
    this.#expected = makeMessage(0, ends, owner.headerBytes, owner.headerBytes, null);
    this.#sentAtMs = new Float64Array(owner.settings.depth);
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** Takes a message of the peer; or says what is wrong with it, which ends the run. */
  received(message: Uint8Array): string | null {
    const wrong = this.#wrongWith(message);
    if (wrong !== null) return wrong;
    this.#receiveSequence = (this.#receiveSequence + 1) >>> 0;
    const { depth } = this.#owner.settings;
    if (message[18] === ACK) {
      this.#owner.answered(this.#owner.now() - (this.#sentAtMs[this.#oldest()] as number));
      this.#unanswered--;
    } else {
      this.#unacked++;
      this.#receiveIndex = (this.#receiveIndex + 1) % depth;
    }
    if (!this.#isBlocked) this.pump();
    return null;
  }

  /** Sends all that is due: answers first, as they are what the peer waits for. */
  pump(): void {
    const { depth } = this.#owner.settings;
    this.#isBlocked = !this.#answer() || !this.#ask(depth);
  }

  #answer(): boolean {
    const { depth } = this.#owner.settings;
    while (this.#unacked > 0) {
      const index = (this.#receiveIndex - this.#unacked + depth) % depth;
      if (!this.#owner.send(ACK, this, this.#sendSequence, index)) return false;
      this.#sendSequence = (this.#sendSequence + 1) >>> 0;
      this.#unacked--;
    }
    return true;
  }

  #ask(depth: number): boolean {
    while (this.#owner.isAsking && this.#unanswered < depth) {
      const sentAtMs = this.#owner.now();
      if (!this.#owner.send(REQUEST, this, this.#sendSequence, this.#sendIndex)) return false;
      this.#sentAtMs[this.#sendIndex] = sentAtMs;
      this.#sendSequence = (this.#sendSequence + 1) >>> 0;
      this.#sendIndex = (this.#sendIndex + 1) % depth;
      this.#unanswered++;
    }
    return true;
  }

  /** The index of the request that has waited longest for its answer. */
  #oldest(): number {
    const { depth } = this.#owner.settings;
    return (this.#sendIndex - this.#unanswered + depth) % depth;
  }

  #wrongWith(message: Uint8Array): string | null {
    const { settings, port, headerBytes, filler } = this.#owner;
    const operation = message[18];
    const isAck = operation === ACK;
    if (message.length < LEAST_HEADER_BYTES || (!isAck && operation !== REQUEST)) {
      return `a message of ${message.length} bytes is neither a request nor an ack`;
    }
    const kind = isAck ? 'an ack' : 'a request';
    const sizeBytes = isAck ? settings.ackBytes : settings.requestBytes;
    if (message.length !== sizeBytes) {
      return `${kind} has ${message.length} bytes and not ${sizeBytes}`;
    }
    if (isAck && this.#unanswered === 0) return 'an ack came without a request';
    if (!isAck && this.#unacked === settings.depth) {
      return `more than ${settings.depth} requests came without waiting for acks`;
    }
    const expected = this.#expected;
    stamp(expected, this.#receiveSequence, port, isAck ? this.#oldest() : this.#receiveIndex);
    expected[18] = operation as number;
    if (!hasHeaderOf(message, expected)) return `${kind}: ${differences(message, expected)}`;
    if (filler === null) return null;
    const at = corruptedAt(message, headerBytes, filler);
    return at === -1 ? null : `${kind} is corrupted from its byte ${at} on`;
  }
}
