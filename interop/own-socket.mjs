// A socket of the library under test, that sends and reads test messages.

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { ANY_COUNT, DEFAULT_SECONDS, keyOf } from './kernel-socket.mjs';
import { message, Tallier } from './message.mjs';

/** @typedef {import('./kernel-socket.mjs').TestSocket} TestSocket */
/** @typedef {import('./kernel-socket.mjs').Name} Name */
/** @typedef {import('./kernel-socket.mjs').SendPlan} SendPlan */

/** Sends in a row, before the event loop has its turn. */
const TURN_MESSAGES = 64;
/** Receipts awaited at the same time. */
const MAX_AWAITED = 256;

/** @implements {TestSocket} */
export class OwnSocket {
  #socket;
  /** @type {Map<string, Tallier>} */
  #talliers = new Map();

  /**
   * @param {import('../packages/rds-tcp/dist/index.js').RdsSocket} socket
   * @param {number} tcpPort
   */
  constructor(socket, tcpPort) {
    this.#socket = socket;
    this.address = socket.address;
    this.port = socket.port;
    this.tcpPort = tcpPort;
  }

  /** The library's own. */
  get rds() {
    return this.#socket;
  }

  /**
   * @param {Name} to
   * @param {SendPlan} plan
   * @returns {Promise<import('./kernel-socket.mjs').Sent>}
   */
  async send(to, { count, sizes, first = 0, mode = 'waiting', receipts = false, seconds }) {
    const name = { address: to.address, port: to.port, tcpPort: to.tcpPort ?? 16385 };
    const run = new Run(this.#socket, name, (seconds ?? DEFAULT_SECONDS) * 1000);
    const hash = createHash('sha256');
    let bytes = 0;
    let sent = 0;
    /** @type {string | null} */
    let error = null;
    for (let number = first; number < first + count && error === null; number++) {
      const data = message(this.port, to.port, number, sizes[number % sizes.length] ?? 0);
      if (receipts) await run.sendWithReceipt(data, number);
      else if (mode === 'blocking') error = await run.send(data);
      else error = await run.trySend(data, mode === 'waiting');
      if (error !== null) break;
      sent++;
      bytes += data.length;
      hash.update(data);
      if (sent % TURN_MESSAGES === 0) await setImmediate();
    }
    await run.allReceipts();
    const digest = hash.digest('hex');
    return { sent, bytes, digest, error, waits: run.waits, receipts: run.receipts };
  }

  /**
   * @param {import('./kernel-socket.mjs').ReceivePlan} plan
   * @returns {Promise<import('./kernel-socket.mjs').Received>}
   */
  async receive({ count = ANY_COUNT, seconds = DEFAULT_SECONDS, quietSeconds = seconds }) {
    const endsAt = performance.now() + 1000 * seconds;
    let read = 0;
    while (read < count) {
      const leftMs = endsAt - performance.now();
      const timeoutMs = Math.ceil(Math.min(leftMs, 1000 * quietSeconds));
      if (timeoutMs <= 0) break;
      const first = await this.#socket.recvmsg({ timeoutMs }).catch(ifCode('ETIMEDOUT', null));
      if (first === null) break;
      for (const incoming of [first, ...this.#socket.recvmmsg(count - read - 1)]) {
        this.#count(incoming);
        read++;
      }
    }
    const senders = Object.fromEntries(
      [...this.#talliers].map(([key, tallier]) => [key, tallier.report()]),
    );
    return { read, senders };
  }

  /** @param {import('../packages/rds-tcp/dist/index.js').Incoming} incoming */
  #count({ data, from }) {
    const key = keyOf(from);
    let tallier = this.#talliers.get(key);
    if (tallier === undefined) {
      tallier = new Tallier();
      this.#talliers.set(key, tallier);
    }
    tallier.add(data, from.port, this.port);
  }
}

/** The sends of one plan. */
class Run {
  waits = { EAGAIN: 0, ENOBUFS: 0 };
  /** @type {import('./kernel-socket.mjs').Receipts} */
  receipts = { delivered: [], 'not-delivered': [], unknown: [] };
  /** @type {Set<Promise<void>>} */
  #awaited = new Set();

  /**
   * @param {import('../packages/rds-tcp/dist/index.js').RdsSocket} socket
   * @param {import('../packages/rds-tcp/dist/index.js').Address} to
   * @param {number} limitMs for each message
   */
  constructor(socket, to, limitMs) {
    this.socket = socket;
    this.to = to;
    this.limitMs = limitMs;
  }

  /** @param {Uint8Array} data */
  async send(data) {
    try {
      await this.socket.sendmsg(data, this.to, { timeoutMs: this.limitMs });
      return null;
    } catch (error) {
      return codeOf(error);
    }
  }

  /**
   * @param {Uint8Array} data
   * @param {boolean} isWaiting
   * @returns {Promise<string | null>}
   */
  async trySend(data, isWaiting) {
    for (;;) {
      try {
        this.socket.trySendmsg(data, this.to);
        return null;
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'EAGAIN' && code !== 'ENOBUFS') throw error;
        this.waits[code]++;
        if (!isWaiting) return code;
      }
      const options = { bytes: data.length, timeoutMs: this.limitMs };
      const late = ifCode('ETIMEDOUT', 'ETIMEDOUT');
      const why = await this.socket.waitWritable(this.to, options).then(() => null, late);
      if (why !== null) return why;
    }
  }

  /**
   * Resolves when there is room for the next.
   *
   * @param {Uint8Array} data
   * @param {number} number
   */
  async sendWithReceipt(data, number) {
    const options = /** @type {const} */ ({ until: 'delivered', timeoutMs: this.limitMs });
    const receipt = this.socket.sendmsg(data, this.to, options).then(
      () => {
        this.receipts.delivered.push(number);
      },
      (error) => {
        const { outcome } = /** @type {import('../packages/rds-tcp/dist/index.js').RdsError} */ (
          error
        );
        if (outcome === undefined) throw error;
        this.receipts[outcome].push(number);
      },
    );
    const settled = receipt.finally(() => this.#awaited.delete(settled));
    this.#awaited.add(settled);
    if (this.#awaited.size >= MAX_AWAITED) await Promise.race(this.#awaited);
  }

  async allReceipts() {
    await Promise.all(this.#awaited);
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * A handler that takes errors with this code for a value, and throws all others again.
 *
 * @template T
 * @param {string} code
 * @param {T} value
 * @returns {(error: unknown) => T}
 */
function ifCode(code, value) {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return value;
  };
}
