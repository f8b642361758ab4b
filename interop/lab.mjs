// What a scenario works with: kernels, and nodes of ours on the same bridge. Kernels are booted
// when one is first needed, and stay for the scenarios that follow.

import { setTimeout as delay } from 'node:timers/promises';
import { openBridge, ownAddress } from './bridge.mjs';
import { Kernel } from './kernel.mjs';
import { OwnPeer } from './own-peer.mjs';
import { OwnProcess } from './own-process.mjs';
import { Failure } from './verdict.mjs';

/**
 * @typedef {import('./bridge.mjs').Side} Side
 * @typedef {import('./bridge.mjs').Family} Family
 * @typedef {import('./own-peer.mjs').NodeOptions} NodeOptions
 * @typedef {Partial<NodeOptions> & { index?: number, family?: Family }} OwnOptions
 *   `index` chooses among the addresses of that side
 *
 * @typedef {object} Own what occupies an address of ours until it is closed
 * @property {string} address
 * @property {() => Promise<string[]>} [events] what it told
 * @property {() => Promise<unknown>} close
 */

const MAX_KERNELS = 3;
const ANSWER_MS = 1000;

export class Lab {
  /** @type {Kernel[]} */
  #kernels = [];
  /** Lines of its log that have been seen. @type {Map<Kernel, number>} */
  #seenOfLog = new Map();
  /** Those of the scenario that runs. @type {Own[]} */
  #own = [];

  /**
   * @param {import('./uml.mjs').Uml} uml
   * @param {string} folder
   */
  constructor(uml, folder) {
    this.uml = uml;
    this.folder = folder;
  }

  async open() {
    await openBridge();
    for (let index = 0; index < MAX_KERNELS; index++) {
      const kernel = new Kernel(index, this.uml, this.folder);
      await kernel.cable.lay();
      this.#kernels.push(kernel);
    }
  }

  /** Of the kernels that were booted. */
  get release() {
    return this.#kernels.find(({ release }) => release !== '')?.release ?? null;
  }

  /** @param {number} count */
  async boot(count) {
    const missing = this.#kernels.slice(0, count).filter((kernel) => !kernel.isRunning);
    await Promise.all(missing.map((kernel) => this.reboot(kernel)));
  }

  /** @param {Kernel} kernel */
  async reboot(kernel) {
    await kernel.reboot();
    this.#seenOfLog.set(kernel, (await kernel.call('log')).length);
  }

  /** @param {number} [index] */
  kernel(index = 0) {
    const kernel = this.#kernels[index];
    if (!kernel?.isRunning) throw new Error(`the scenario did not ask for ${index + 1} kernels`);
    return kernel;
  }

  get running() {
    return this.#kernels.filter((kernel) => kernel.isRunning);
  }

  /**
   * A node of ours in this process.
   *
   * @param {Side} side
   * @param {OwnOptions} [options]
   */
  async peer(side, { index = 0, family = 4, ...options } = {}) {
    const peer = await OwnPeer.open({ address: ownAddress(side, index, family), ...options });
    return this.keep(peer);
  }

  /**
   * A node of ours in a process of its own.
   *
   * @param {Side} side
   * @param {OwnOptions} [options]
   */
  async process(side, { index = 0, family = 4, ...options } = {}) {
    const process = await OwnProcess.open({ address: ownAddress(side, index, family), ...options });
    return this.keep(process);
  }

  /**
   * Closes it when the scenario is over, however it ends: what still held its address would fail
   * all that follow.
   *
   * @template {Own} T
   * @param {T} own
   */
  keep(own) {
    this.#own.push(own);
    return own;
  }

  /** What our nodes told, for whoever looks into a failure. */
  async events() {
    const told = this.#own.map(async (own) => {
      // A process that was killed or stopped tells nothing.
      const asked = own.events?.().catch(() => []) ?? [];
      const events = await Promise.race([asked, delay(ANSWER_MS, [])]);
      return events.map((event) => `${own.address} ${event}`);
    });
    return (await Promise.all(told)).flat();
  }

  /** Leaves no socket and no node behind. */
  async tidyUp() {
    await Promise.all(this.#own.splice(0).map((own) => own.close()));
    await Promise.all(this.running.map((kernel) => kernel.call('close_all')));
  }

  /**
   * A kernel that talks to another kernel has nothing to say about it in its log.
   *
   * @param {RegExp | undefined} usual lines that may be there all the same
   */
  async checkLogs(usual) {
    for (const kernel of this.running) {
      /** @type {string[]} */
      const log = await kernel.call('log');
      const fresh = log.slice(this.#seenOfLog.get(kernel) ?? 0);
      this.#seenOfLog.set(kernel, log.length);
      const odd = fresh.filter((line) => !usual?.test(line));
      if (odd.length > 0)
        throw new Failure(`${kernel.name} logged: ${odd.slice(0, 5).join(' | ')}`);
    }
  }

  /** After a failure nobody knows what state they are in. */
  async reset() {
    await Promise.all(this.#own.splice(0).map((own) => own.close()));
    await Promise.all(this.#kernels.map((kernel) => kernel.kill()));
    await Promise.all(this.#kernels.map(({ cable }) => cable.plugIn()));
  }
}
