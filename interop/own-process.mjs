// A node of ours in a process of its own, as its parent sees it. It can be killed, stopped, and
// started again.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {import('./kernel-socket.mjs').TestSocket} TestSocket
 * @typedef {import('./kernel-socket.mjs').Name} Name
 * @typedef {import('./kernel-socket.mjs').SendPlan} SendPlan
 * @typedef {import('./kernel-socket.mjs').Sent} Sent
 * @typedef {import('./kernel-socket.mjs').ReceivePlan} ReceivePlan
 * @typedef {import('./kernel-socket.mjs').Received} Received
 */

const program = fileURLToPath(new URL('own-program.mjs', import.meta.url));

export class OwnProcess {
  #requests = 0;
  /** @type {Map<number, { resolve(value: any): void, reject(error: Error): void }>} */
  #waiting = new Map();
  /** @type {import('node:child_process').ChildProcess} */
  #child;

  /** @param {string} address */
  constructor(address) {
    this.address = address;
    this.#child = fork(program);
    this.#child.on('message', (/** @type {any} */ { id, result, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    this.#child.on('exit', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the process ended'));
      this.#waiting.clear();
    });
  }

  /** @param {import('./own-peer.mjs').NodeOptions} options */
  static async open(options) {
    const process = new OwnProcess(options.address);
    await process.call('open', options);
    return process;
  }

  /** @param {import('./own-peer.mjs').BindOptions} [options] */
  async bind(options = {}) {
    const { port, tcpPort } = await this.call('bind', options);
    return new ProcessSocket(this, port, tcpPort);
  }

  /**
   * @param {string} method of own-program.mjs
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  call(method, ...args) {
    const id = ++this.#requests;
    if (!this.#child.connected) return Promise.reject(new Error('the process has ended'));
    this.#child.send({ id, method, args });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /**
   * What its node told.
   *
   * @returns {Promise<string[]>}
   */
  events() {
    return this.call('events');
  }

  stop() {
    this.#child.kill('SIGSTOP');
  }

  goOn() {
    this.#child.kill('SIGCONT');
  }

  /** As `kill -9`. What was asked of it and not answered is rejected. */
  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** @implements {TestSocket} */
class ProcessSocket {
  /**
   * @param {OwnProcess} process
   * @param {number} port
   * @param {number} tcpPort
   */
  constructor(process, port, tcpPort) {
    this.process = process;
    this.address = process.address;
    this.port = port;
    this.tcpPort = tcpPort;
  }

  /**
   * @param {Name} to
   * @param {SendPlan} plan
   * @returns {Promise<Sent>}
   */
  send({ address, port, tcpPort }, plan) {
    return this.process.call('send', this.port, { address, port, tcpPort }, plan);
  }

  /**
   * @param {ReceivePlan} plan
   * @returns {Promise<Received>}
   */
  receive(plan) {
    return this.process.call('receive', this.port, plan);
  }
}
