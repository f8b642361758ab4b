/**
 * `rds ping`: does a node answer, and how fast? Like rds-ping it sends datagrams to port 0, which
 * a kernel, or a node of ours, answers by itself.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { RdsNode, TcpAddress } from '@rds-tcp/core';
import { duration, resolveHost, wholeNumber } from './arguments.js';
import { newCommand, parseArguments, showSeconds } from './command.js';
import { codeOf, EXIT } from './exit.js';
import { Interrupt } from './interrupt.js';
import { Output } from './output.js';
import { addNodeOptions, type OwnNodeOptions, openNodeTowards } from './own-node.js';
import { PingSummary } from './ping-summary.js';

const HOUR_MS = 3_600_000;
/** Pings that wait for their replies; the next one waits for one of them. */
const MAX_WAITING = 64;
/** Who waits for so long wants to hear that there is nothing yet. */
const LATE_MS = 1000;

interface PingOptions extends OwnNodeOptions {
  readonly count?: number;
  /** Milliseconds, as is the timeout. */
  readonly interval: number;
  readonly timeout: number;
  readonly local?: string;
}

function pingCommand() {
  const command = newCommand({
    name: 'ping',
    description:
      'Tests whether the node at ADDRESS answers: a Linux kernel with rds_tcp, or a node of' +
      ' rds-tcp.',
    examples: [
      ['ping 10.0.0.2', 'once a second, until Ctrl-C'],
      ['ping -c 3 -i 200ms 10.0.0.2', 'three times'],
      ['ping -I 10.0.1.1 10.0.1.2', 'from that address of this machine'],
      ['ping --tcp-port 7001 127.0.0.1', 'a node of rds-tcp on another TCP port'],
    ],
    exitCodes: {
      0: 'there was a reply',
      1: 'there was none, or the node could not be opened',
      2: 'wrong arguments',
    },
  })
    .argument('<ADDRESS>', 'IP address or name of the node')
    .option('-c, --count <N>', 'how many pings to send', wholeNumber('-c', 1, 2 ** 32))
    .option('-i, --interval <S>', 'seconds between pings', duration('-i', 1, HOUR_MS), 1000)
    .option('-W, --timeout <S>', 'seconds to wait for each', duration('-W', 1, HOUR_MS), 5000)
    .option('-I, --local <ADDRESS>', 'the address to ping from');
  return addNodeOptions(showSeconds(command));
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(pingCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<PingOptions>();
  const address = await resolveHost(command.args[0] as string);
  const output = new Output(process.stdout);
  const interrupt = new Interrupt();
  const node = await openNodeTowards(address, options.local, options);
  const pings = new Pings(node, { address, tcpPort: options.tcpPort }, options.timeout, output);
  try {
    await pings.run(options, AbortSignal.any([interrupt.signal, output.gone]));
    await output.write(pings.summary.text(address));
  } finally {
    // The peer is to hear that we leave: else it keeps a dead connection.
    await node.close({ deadlineMs: 0 });
  }
  return pings.summary.received > 0 ? EXIT.done : EXIT.failed;
}

/** Pings of one node, each with its line. */
class Pings {
  readonly summary = new PingSummary();
  readonly #node: RdsNode;
  readonly #peer: TcpAddress;
  readonly #timeoutMs: number;
  readonly #output: Output;
  readonly #failure = new AbortController();
  readonly #waiting = new Set<Promise<void>>();
  #isConnected = false;
  /** Since the last reply, one was given up: its line says enough. */
  #isSilent = false;

  constructor(node: RdsNode, peer: TcpAddress, timeoutMs: number, output: Output) {
    this.#node = node;
    this.#peer = peer;
    this.#timeoutMs = timeoutMs;
    this.#output = output;
    node.on('connection', ({ type, address }) => {
      if (address === peer.address && type !== 'refused') this.#isConnected = type !== 'down';
    });
  }

  /** Resolves when all are answered or given up. */
  async run(
    { count = Number.POSITIVE_INFINITY, interval }: PingOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const over = AbortSignal.any([signal, this.#failure.signal]);
    for (let number = 1; number <= count && !over.aborted; number++) {
      while (this.#waiting.size >= MAX_WAITING) await Promise.race(this.#waiting);
      const one = this.#ping(number, over);
      this.#waiting.add(one);
      void one.then(() => this.#waiting.delete(one));
      if (number < count) await delay(interval, undefined, { signal: over }).catch(() => {});
    }
    await Promise.all(this.#waiting);
    if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
  }

  async #ping(number: number, signal: AbortSignal): Promise<void> {
    this.summary.sent++;
    const isConnected = this.#isConnected;
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      if (!this.#isSilent) void this.#say(number, 'no reply yet');
    }, LATE_MS);
    try {
      const rttMs = await this.#node.ping(this.#peer, { timeoutMs: this.#timeoutMs, signal });
      this.#isSilent = false;
      this.summary.add(rttMs, !isConnected);
      const what = isConnected ? '' : ', with connecting';
      await this.#say(number, `${Math.round(rttMs * 1000)} usec${what}`);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ETIMEDOUT') {
        this.#isSilent = true;
        await this.#say(number, 'no reply');
      } else if (code !== 'ABORT_ERR') this.#failure.abort(error);
      else if (!isLate) this.summary.underWay++;
    } finally {
      clearTimeout(late);
    }
  }

  #say(number: number, what: string): Promise<void> {
    return this.#output.write(`${String(number).padStart(4)}: ${what}\n`);
  }
}
