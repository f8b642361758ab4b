/**
 * `rds recv`: binds a socket and writes what comes to stdout. A slow reader makes the senders wait.
 */

import type { Incoming, RdsSocket } from '@rds-tcp/core';
import { formatHostAndPort, hostAndPort, resolveHost, wholeNumber } from './arguments.js';
import { newCommand, parseArguments } from './command.js';
import {
  addDatagramOptions,
  type DatagramOptions,
  formatOf,
  nodeLimits,
} from './datagram-options.js';
import { writeDatagram } from './datagrams.js';
import { codeOf, EXIT, usageError } from './exit.js';
import { Interrupt } from './interrupt.js';
import { Output } from './output.js';
import { addNodeOptions, type OwnNodeOptions, openNodeAt } from './own-node.js';

/** Messages that are written together; with the largest ones, a few MiB at a time. */
const MAX_TOGETHER = 64;
/** The senders are to hear that theirs arrived. */
const CLOSE_DEADLINE_MS = 1000;

interface RecvOptions extends OwnNodeOptions, DatagramOptions {
  readonly count?: number;
  readonly source?: true;
}

function recvCommand() {
  const command = newCommand({
    name: 'recv',
    description:
      'Binds ADDRESS:PORT, where ADDRESS is one of this machine, and writes each datagram that' +
      ' comes to stdout, as a line.',
    examples: [
      ['recv 10.0.0.1:4000', 'until Ctrl-C'],
      ['recv -c 3 --source [::1]:4000', 'three datagrams, each behind its sender'],
      ['recv -c 1 --whole 10.0.0.1:4000 > copy', 'one datagram, byte for byte'],
      ['recv --length-prefixed 10.0.0.1:4000', 'any number, none of their bytes lost'],
    ],
    exitCodes: {
      0: 'all that were asked for came, or there was no -c',
      1: 'the socket could not be bound',
      2: 'wrong arguments',
      130: 'Ctrl-C came before the last of -c',
    },
  })
    .argument('<ADDRESS:PORT>', 'where to receive')
    .option('-c, --count <N>', 'end after so many datagrams', wholeNumber('-c', 1, 2 ** 32))
    .option('--source', 'put the address of the sender before each line');
  addDatagramOptions(command, 'the bytes of each datagram and nothing between them');
  return addNodeOptions(command);
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(recvCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<RecvOptions>();
  const format = formatOf(options);
  if (options.source && format !== 'lines') throw usageError('--source goes with lines only');
  const { host, port } = hostAndPort(command.args[0] as string);
  const interrupt = new Interrupt();
  const output = new Output(process.stdout);
  const node = await openNodeAt(await resolveHost(host), options, nodeLimits(options));
  try {
    const bytesOf = ({ data, from }: Incoming): Uint8Array => {
      const bytes = writeDatagram(format, data);
      if (!options.source) return bytes;
      return Buffer.concat([Buffer.from(`${formatHostAndPort(from.address, from.port)} `), bytes]);
    };
    const signal = AbortSignal.any([interrupt.signal, output.gone]);
    const left = await receive(node.bind(port), options.count, bytesOf, output, signal);
    return left > 0 && interrupt.exitCode !== null ? interrupt.exitCode : EXIT.done;
  } finally {
    await node.close({ deadlineMs: CLOSE_DEADLINE_MS });
  }
}

/** Returns how many did not come; 0 if no number was asked for. */
async function receive(
  socket: RdsSocket,
  count: number | undefined,
  bytesOf: (message: Incoming) => Uint8Array,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  let left = count ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    const first = await socket.recvmsg({ signal }).catch((error: unknown) => {
      if (codeOf(error) === 'ABORT_ERR') return null;
      throw error;
    });
    if (first === null) break;
    const more = socket.recvmmsg(Math.min(left, MAX_TOGETHER) - 1);
    left -= 1 + more.length;
    await output.write(Buffer.concat([first, ...more].map(bytesOf)));
  }
  return count === undefined ? 0 : left;
}
