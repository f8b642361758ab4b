/**
 * `rds send`: sends what stands on stdin, or files, as datagrams, and ends when all of them are
 * acknowledged.
 */

import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { Option } from 'commander';
import { duration, hostAndPort, resolveHost } from './arguments.js';
import { newCommand, parseArguments } from './command.js';
import {
  addDatagramOptions,
  type DatagramOptions,
  formatOf,
  nodeLimits,
} from './datagram-options.js';
import { type Format, readDatagrams } from './datagrams.js';
import { Delivery } from './delivery.js';
import { CommandError, codeOf, describeError, EXIT, exitCodeOf } from './exit.js';
import { Interrupt } from './interrupt.js';
import { addNodeOptions, type OwnNodeOptions, openNodeTowards } from './own-node.js';

/** All is acknowledged when the node is closed: only goodbyes are left. */
const CLOSE_DEADLINE_MS = 1000;

interface SendOptions extends OwnNodeOptions, DatagramOptions {
  readonly from?: string;
  readonly until: 'queued' | 'delivered';
  /** Milliseconds. */
  readonly timeout?: number;
}

function sendCommand() {
  const command = newCommand({
    name: 'send',
    description:
      'Sends each line of stdin as a datagram to ADDRESS:PORT, or each FILE as one. Waits for a' +
      ' peer that is not there yet, and ends when all are acknowledged.',
    examples: [
      ['send 10.0.0.1:4000', 'lines that are typed'],
      ['send --until delivered [::1]:4000 < list', 'and fails if no socket is bound there'],
      ['send 10.0.0.1:4000 a.json b.json', 'two datagrams'],
      ['send --whole 10.0.0.1:4000 < a.json', 'all of stdin as one'],
    ],
    exitCodes: {
      0: 'all were acknowledged; with --until delivered, by a socket that was bound',
      1: 'some were not, or could not be sent',
      2: 'wrong arguments',
      130: 'Ctrl-C came before that',
    },
  })
    .argument('<ADDRESS:PORT>', 'the socket to send to')
    .argument('[FILE...]', 'files to send, each as one datagram, instead of stdin')
    .option('--from <ADDRESS>', 'the address to send from')
    .addOption(
      new Option('--until <WHEN>', 'what counts as sent: acknowledged by the peer, or by a socket')
        .choices(['queued', 'delivered'])
        .default('queued'),
    )
    .option(
      '--timeout <S>',
      'give up when the peer takes nothing for so many seconds',
      duration('--timeout', 1, 3_600_000),
    );
  addDatagramOptions(command, 'all of stdin as one datagram');
  return addNodeOptions(command);
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(sendCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<SendOptions>();
  const [target = '', ...files] = command.args;
  const { host, port } = hostAndPort(target);
  const address = await resolveHost(host);
  const format = formatOf(options);
  const interrupt = new Interrupt();
  const node = await openNodeTowards(address, options.from, options, nodeLimits(options));
  const to = { address, port, tcpPort: options.tcpPort };
  const delivery = new Delivery(node.bind(), to, options.until, options.timeout, interrupt.signal);
  try {
    await delivery.sendAll(input(files, format, options.maxMessage, delivery.over));
    await delivery.finish();
    await node.close({ deadlineMs: CLOSE_DEADLINE_MS });
    return EXIT.done;
  } catch (error) {
    // Nothing more is waited for, but the peer is to hear that we leave.
    const { messages } = await node.close({ deadlineMs: 0 });
    if (interrupt.exitCode === null) throw withCount(error, messages);
    throw withCount(new CommandError('interrupted', interrupt.exitCode), messages);
  }
}

async function* input(
  files: readonly string[],
  format: Format,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    const stream = addAbortSignal(signal, createReadStream(file));
    try {
      yield* readDatagrams('whole', stream, maxBytes, file);
    } catch (error) {
      // The only one that does not say of which file.
      if (codeOf(error) === 'EISDIR') throw new CommandError(`${file} is a directory`);
      throw error;
    }
  }
  if (files.length > 0) return;
  yield* readDatagrams(format, addAbortSignal(signal, process.stdin), maxBytes);
}

/** What went wrong, and how much of what was read it concerns. */
function withCount(error: unknown, missing: number): unknown {
  const isKnown = error instanceof CommandError || codeOf(error) !== undefined;
  if (missing === 0 || !isKnown) return error;
  const what = missing === 1 ? 'datagram is' : 'datagrams are';
  const text = `${describeError(error)}; ${missing} ${what} not acknowledged`;
  return new CommandError(text, exitCodeOf(error));
}
