/**
 * `rds tap`: what running nodes send and receive: a line per frame, or a capture for Wireshark.
 */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { TapItem } from '../inspector/client.js';
import type { InspectedNode } from '../inspector/protocol.js';
import { formatHostAndPort, wholeNumber } from './arguments.js';
import { Capture } from './capture.js';
import { newCommand, parseArguments } from './command.js';
import { EXIT, reportError, usageError } from './exit.js';
import { frameLine } from './frame-line.js';
import type { FrameSink } from './frame-sink.js';
import { Interrupt } from './interrupt.js';
import { Output } from './output.js';
import {
  addNodeSelection,
  type LookedAt,
  lookInto,
  type NodeSelection,
  unanswered,
} from './select-nodes.js';

const MAX_SNAP_BYTES = 64 * 1024 * 1024;

interface TapOptions extends NodeSelection {
  readonly write?: string;
  readonly count?: number;
  readonly snapLength?: number;
}

function tapCommand() {
  const command = newCommand({
    name: 'tap',
    description:
      'Shows each frame that running nodes send (>) and receive (<): time, peer, kind, sequence,' +
      ' acknowledgement, length, ports, flags, congestion map, extensions. Frames that can not be' +
      ' taken fast enough are left out, and counted.',
    examples: [
      ['tap', 'all nodes of this user, until Ctrl-C'],
      ['tap -c 100 --node 10.0.0.1', 'a hundred frames of one node'],
      ['tap -w frames.pcapng', 'a capture, with Ethernet, IP and TCP made up around it'],
      ['tap -w - | wireshark -k -i -', 'the same, live'],
    ],
    exitCodes: {
      0: 'it was shown; the nodes may have closed meanwhile',
      1: 'there is no such node with an inspector, one does not answer, or FILE is not writable',
      2: 'wrong arguments',
    },
  })
    .option(
      '-w, --write <FILE>',
      'write pcapng to FILE; - is stdout. The side that was called has port 16385 there, whatever' +
        ' its TCP port is, so that dissectors know it',
    )
    .option('-c, --count <N>', 'end after so many frames', wholeNumber('-c', 1, 2 ** 32))
    .option(
      '-s, --snap-length <BYTES>',
      'with -w: only so much of each payload',
      wholeNumber('-s', 0, MAX_SNAP_BYTES),
    );
  return addNodeSelection(command);
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(tapCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<TapOptions>();
  const { write: file, count = Number.POSITIVE_INFINITY, snapLength } = options;
  if (snapLength !== undefined && file === undefined) {
    throw usageError('-s goes with -w only: lines show no payload');
  }
  const { nodes, isComplete } = await lookInto('tap', options);
  const stream = file === undefined || file === '-' ? process.stdout : createWriteStream(file);
  const output = new Output(stream);
  const signal = AbortSignal.any([new Interrupt().signal, output.gone]);
  const close = () => {
    for (const { client } of nodes) client.close();
  };
  signal.addEventListener('abort', close);
  const sink =
    file === undefined ? new Lines(nodes.length > 1) : new Capture(snapLength ?? MAX_SNAP_BYTES);
  let isTapped: boolean;
  try {
    await output.write(sink.begin(nodes.map(({ node }) => node)));
    isTapped = await tapAll(nodes, sink, count, output, close);
  } finally {
    close();
  }
  if (stream !== process.stdout) await finished(stream.end());
  return isComplete && isTapped ? EXIT.done : EXIT.failed;
}

/** Until all are closed, or `count` frames have come. False if one of them failed before. */
async function tapAll(
  nodes: readonly LookedAt[],
  sink: FrameSink,
  count: number,
  output: Output,
  close: () => void,
): Promise<boolean> {
  let frames = 0;
  let lost = 0;
  let isComplete = true;
  const tapOne = async ({ name, client }: LookedAt, index: number): Promise<void> => {
    try {
      for await (const item of client.tap(sink.snapBytes)) {
        if (frames >= count) return;
        await output.write(sink.write(index, item));
        if ('lost' in item) lost += item.lost;
        else if (++frames >= count) close();
      }
    } catch (error) {
      // The others go on.
      isComplete = false;
      reportError('tap', unanswered(name, error));
    }
  };
  await Promise.all(nodes.map(tapOne));
  if (lost > 0) process.stderr.write(`rds tap: ${lost} frames were left out: they came too fast\n`);
  return isComplete;
}

class Lines implements FrameSink {
  readonly snapBytes = -1;
  readonly #isSeveral: boolean;
  #names: string[] = [];

  constructor(isSeveral: boolean) {
    this.#isSeveral = isSeveral;
  }

  begin(nodes: readonly InspectedNode[]): string {
    this.#names = nodes.map(({ info }) => `${formatHostAndPort(info.address, info.tcpPort)} `);
    return '';
  }

  write(index: number, item: TapItem): string {
    const name = this.#isSeveral ? this.#names[index] : '';
    if ('lost' in item) return `${name}(${item.lost} frames were left out here)\n`;
    return `${name}${frameLine(item.frame)}\n`;
  }
}
