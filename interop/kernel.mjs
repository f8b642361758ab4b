// One Linux kernel as a process (User-Mode Linux), with our agent as its process 1. It has the
// host's file system, read-only, and a network interface whose cable leads to the bridge.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cable, kernelAddress, withBits } from './bridge.mjs';
import { KernelSocket } from './kernel-socket.mjs';

const agent = fileURLToPath(new URL('agent/agent.py', import.meta.url));
/**
 * For the worst case: 4 MiB of small messages under way, each of which takes the kernel 2 KiB.
 */
const MEMORY = '256M';
/** It takes two seconds; a machine with much else to do is given its time. */
const BOOT_LIMIT_MS = 60_000;
/** What a call may take besides what it was asked to wait. */
const CALL_LIMIT_MS = 30_000;
const CONSOLE_CHARACTERS = 4000;
const POLL_MS = 20;

/**
 * @typedef {object} BindOptions
 * @property {number} [port]
 * @property {string} [address]
 * @property {number} [sendBuffer] bytes
 * @property {number} [receiveBuffer] bytes
 *
 * @typedef {{ release: string, uptime: number, python: string }} Hello
 * @typedef {{ resolve(value: any): void, reject(error: Error): void }} Waiting
 *
 * @typedef {object} Running one boot
 * @property {import('node:child_process').ChildProcess} child
 * @property {import('node:net').Socket} line to the agent
 * @property {Promise<void>} gone all its processes have ended
 */

/** Its process is gone, and nobody had asked it to. */
export class KernelEnded extends Error {}

export class Kernel {
  /** The end of what it said on its console. */
  console = '';
  release = '';
  #boots = 0;
  #requests = 0;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  /** @type {Running | null} */
  #running = null;

  /**
   * @param {number} index
   * @param {import('./uml.mjs').Uml} uml
   * @param {string} folder in memory, for the kernel's own
   */
  constructor(index, uml, folder) {
    this.name = `k${index + 1}`;
    this.address = kernelAddress(index);
    this.address6 = kernelAddress(index, 6);
    this.cable = new Cable(this.name);
    this.uml = uml;
    this.folder = folder;
  }

  get isRunning() {
    return this.#running !== null;
  }

  /** Resolves when it can be asked for something. */
  async boot() {
    const ready = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    this.console = '';
    this.#running = this.#start();
    const { release } = await this.#within(BOOT_LIMIT_MS, 'boot', ready);
    this.release = release;
  }

  /** As if the power had gone: no connection is closed, nothing is said. */
  async kill() {
    const running = this.#running;
    this.#running = null;
    running?.child.kill('SIGKILL');
    await running?.gone;
  }

  async reboot() {
    await this.kill();
    await this.boot();
  }

  /**
   * Has the agent run a command; see agent/commands.py.
   *
   * @param {string} command
   * @param {Record<string, unknown>} [args] `seconds` is what it may take by itself
   * @returns {Promise<any>}
   */
  async call(command, args = {}) {
    const { line } = this.#running ?? {};
    if (line === undefined) throw new Error(`${this.name} is not running`);
    const id = ++this.#requests;
    const reply = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    line.write(`${JSON.stringify({ id, command, arguments: args })}\n`);
    const limitMs = CALL_LIMIT_MS + 1000 * Number(args.seconds ?? 0);
    return await this.#within(limitMs, command, reply).finally(() => this.#waiting.delete(id));
  }

  /**
   * A socket in the kernel. Buffers are what a program would set as SO_SNDBUF and SO_RCVBUF. The
   * latter is the usual one if not given: a queue of small messages takes many times their size.
   *
   * @param {BindOptions} [options]
   */
  async bind({ port = 0, address = this.address, sendBuffer, receiveBuffer } = {}) {
    const buffers = { send_buffer: sendBuffer ?? 4 << 20, receive_buffer: receiveBuffer ?? 0 };
    const bound = await this.call('bind', { address, port, ...buffers });
    return new KernelSocket(this, bound.socket, address, bound.port);
  }

  /**
   * Resolves when one of its programs has bound a socket to this port.
   *
   * @param {number} port
   * @param {number} limitSeconds
   */
  async waitForPort(port, limitSeconds) {
    const until = performance.now() + 1000 * limitSeconds;
    while (performance.now() < until) {
      const sockets = await this.call('info', { kind: 'sockets' });
      if (sockets.some((/** @type {any} */ { bound_port }) => bound_port === port)) return;
      await delay(POLL_MS);
    }
    throw new Error(`${this.name}: nobody bound port ${port} in ${limitSeconds} s`);
  }

  /** Makes it drop all connections of RDS; it is what a change of this setting does. */
  async dropConnections() {
    await this.call('sysctl', { name: 'net.rds.tcp.rds_tcp_rcvbuf', value: String(1 << 20) });
  }

  /** @returns {Promise<Record<string, number>>} */
  counters() {
    return this.call('counters');
  }

  /** @returns {Running} */
  #start() {
    const { program, modules, python } = this.uml;
    const addresses = [withBits(this.address), withBits(this.address6)];
    // A kernel's command line breaks at spaces and quotes; digits it leaves alone.
    const options = Buffer.from(JSON.stringify({ modules, addresses })).toString('hex');
    const args = [
      ...['--pid', '--fork', '--kill-child=KILL', program, `mem=${MEMORY}`],
      ...[`umid=${this.name}-${++this.#boots}`, `uml_dir=${this.folder}`],
      ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${python}`],
      ...['con=null', 'con0=null,fd:1', 'console=tty0', 'ssl0=fd:3'],
      ...[`vec0:transport=tap,ifname=${this.cable.device},depth=128`],
      ...['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...['quiet', '--', '-B', '-E', '-s', '-S', agent, options],
    ];
    const child = spawn('unshare', args, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: this.folder },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.console = (this.console + text).slice(-CONSOLE_CHARACTERS);
      });
    }
    const line = /** @type {import('node:net').Socket} */ (child.stdio[3]);
    line.on('error', () => {}); // It is gone, which its end says as well.
    createInterface({ input: line }).on('line', (text) => this.#reply(text));
    // 'close' comes when nobody has its pipes any more: then all its processes are gone.
    const gone = new Promise((/** @type {(value: void) => void} */ resolve) => {
      child.on('close', () => resolve()).on('error', () => resolve());
    });
    gone.then(() => this.#ended());
    return { child, line, gone };
  }

  /** @param {string} text */
  #reply(text) {
    const { id, error, result } = JSON.parse(text);
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${this.name}: ${error}`));
  }

  #ended() {
    const error = new KernelEnded(`${this.name} has ended\n${this.console}`);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  /**
   * @template T
   * @param {number} limitMs
   * @param {string} what
   * @param {Promise<T>} reply
   * @returns {Promise<T>}
   */
  #within(limitMs, what, reply) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${this.name}: no answer to ${what} in ${limitMs} ms\n${this.console}`));
      }, limitMs);
      reply.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
