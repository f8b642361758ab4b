// A measurement: two processes are started, connected, warmed up and measured, and ended.

import { findContender } from './contenders.mjs';
import { CutProxy } from './cut-proxy.mjs';
import { nodeCommand, SideProcess } from './side-process.mjs';

/** @typedef {{ warmUpMs: number, measureMs: number, cuts: number }} Lengths */
/**
 * @typedef {object} Usage
 * @property {number} cpuMs since the start
 * @property {number} peakKib of resident memory
 * @property {number} nowKib
 * @property {number} startKib before anything was opened, but with the library loaded
 */

/** Both processes on the same core; the other core is left to the rest of the machine. */
const ONE_CORE = ['taskset', '-c', '0'];

export class Session {
  /** @type {SideProcess} */
  receiver;
  /** @type {SideProcess} */
  sender;
  /** @type {CutProxy | null} */
  proxy = null;

  /**
   * @param {SideProcess} receiver
   * @param {SideProcess} sender the same one, where both sides are one process
   */
  constructor(receiver, sender) {
    this.receiver = receiver;
    this.sender = sender;
  }

  /**
   * @param {string} name of the contender
   * @param {import('./contender.mjs').Plan} plan
   * @param {boolean} onOneCore
   */
  static async open(name, plan, onOneCore) {
    const contender = await findContender(name);
    const starter = new Starter(name, contender, plan, onOneCore);
    try {
      return await starter.start();
    } catch (error) {
      await starter.close();
      throw error;
    }
  }

  /** @returns {Promise<readonly Usage[]>} of both sides, or of the one process that is both */
  async usage() {
    const sides = new Set([this.receiver, this.sender]);
    return Promise.all([...sides].map((side) => side.ask('usage', 'usage')));
  }

  /**
   * Sends so many and waits until all are there.
   *
   * @param {number} messages
   * @returns {Promise<{ messages: number, ms: number }>}
   */
  async carry(messages) {
    await this.receiver.ask(`expect ${messages}`, 'expecting');
    const [arrived] = await Promise.all([
      this.receiver.answer('arrived'),
      this.sender.ask(`send ${messages}`, 'sent'),
    ]);
    return arrived;
  }

  /**
   * Sends for so long and waits until all is there. Gives the messages per millisecond.
   *
   * @param {number} ms
   */
  async warmUp(ms) {
    const startMs = performance.now();
    /** @type {number} */
    const sent = await this.sender.ask(`send-for ${ms}`, 'sent');
    await this.receiver.ask(`expect ${sent}`, 'arrived');
    return sent / (performance.now() - startMs);
  }

  async close() {
    await Promise.all([this.receiver.close(), this.sender.close(), this.proxy?.close()]);
  }
}

class Starter {
  #name;
  #contender;
  #plan;
  #prefix;
  /** @type {SideProcess[]} */
  #sides = [];
  /** @type {CutProxy | null} */
  #proxy = null;

  /**
   * @param {string} name
   * @param {import('./contender.mjs').Contender | import('./contender.mjs').Program} contender
   * @param {import('./contender.mjs').Plan} plan
   * @param {boolean} onOneCore
   */
  constructor(name, contender, plan, onOneCore) {
    this.#name = name;
    this.#contender = contender;
    this.#plan = plan;
    this.#prefix = onOneCore ? ONE_CORE : [];
  }

  async start() {
    const contender = this.#contender;
    if ('inProcess' in contender && contender.inProcess) {
      const both = await this.#side('both', {});
      await both.answer('connected');
      return new Session(both, both);
    }
    const senderFirst = 'senderListens' in contender && contender.senderListens === true;
    const first = await this.#side(senderFirst ? 'send' : 'receive', {});
    let where = await first.answer('ready');
    if (this.#plan.cut) {
      this.#proxy = await CutProxy.open(where);
      where = this.#proxy.where;
    }
    const second = await this.#side(senderFirst ? 'receive' : 'send', where);
    await Promise.all([first.answer('connected'), second.answer('connected')]);
    const session = senderFirst ? new Session(second, first) : new Session(first, second);
    session.proxy = this.#proxy;
    return session;
  }

  async close() {
    await Promise.all([...this.#sides.map((side) => side.close()), this.#proxy?.close()]);
  }

  /**
   * @param {'receive' | 'send' | 'both'} role
   * @param {import('./contender.mjs').Where} where
   */
  async #side(role, where) {
    const command =
      'command' in this.#contender && role !== 'both'
        ? this.#contender.command(role, this.#plan, where)
        : nodeCommand(role, this.#name, this.#plan, where);
    const side = new SideProcess([...this.#prefix, ...command]);
    this.#sides.push(side);
    return side;
  }
}
