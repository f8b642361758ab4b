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
  const summary = new PingSummary();
  try {
    const signal = AbortSignal.any([interrupt.signal, output.gone]);
    await pingAll(node, { address, tcpPort: options.tcpPort }, options, summary, output, signal);
    await output.write(summary.text(address));
  } finally {
    await node.destroy();
  }
  return summary.received > 0 ? EXIT.done : EXIT.failed;
}

/** Resolves when all are answered or given up. */
async function pingAll(
  node: RdsNode,
  peer: TcpAddress,
  { count = Number.POSITIVE_INFINITY, interval, timeout: timeoutMs }: PingOptions,
  summary: PingSummary,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const over = AbortSignal.any([signal, failure.signal]);
  const waiting = new Set<Promise<void>>();
  for (let number = 1; number <= count && !over.aborted; number++) {
    while (waiting.size >= MAX_WAITING) await Promise.race(waiting);
    summary.sent++;
    const one = node.ping(peer, { timeoutMs, signal: over }).then(
      (rttMs) => {
        summary.add(rttMs);
        return output.write(`${label(number)} ${Math.round(rttMs * 1000)} usec\n`);
      },
      async (error: unknown) => {
        const code = codeOf(error);
        if (code === 'ETIMEDOUT') await output.write(`${label(number)} no reply\n`);
        // Those under way when Ctrl-C came are neither answered nor lost.
        else summary.sent--;
        if (code !== 'ETIMEDOUT' && code !== 'ABORT_ERR') failure.abort(error);
      },
    );
    waiting.add(one);
    void one.then(() => waiting.delete(one));
    if (number < count) await delay(interval, undefined, { signal: over }).catch(() => {});
  }
  await Promise.all(waiting);
  if (failure.signal.aborted) throw failure.signal.reason;
}

function label(number: number): string {
  return `${String(number).padStart(4)}:`;
}
