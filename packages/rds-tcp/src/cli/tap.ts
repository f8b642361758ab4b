/**
 * `rds tap`: what running nodes send and receive: a line per frame, or a capture for Wireshark.
 */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { InspectorClient, TapItem } from '../inspector/client.js';
import type { InspectedNode } from '../inspector/protocol.js';
import { formatHostAndPort, wholeNumber } from './arguments.js';
import { Capture } from './capture.js';
import { newCommand, parseArguments } from './command.js';
import { EXIT } from './exit.js';
import { frameLine } from './frame-line.js';
import type { FrameSink } from './frame-sink.js';
import { Interrupt } from './interrupt.js';
import { Output } from './output.js';
import { addNodeSelection, connectNodes, type NodeSelection } from './select-nodes.js';

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
      1: 'there is no such node with an inspector, or the file can not be written',
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
  const { write: file, count = Number.POSITIVE_INFINITY } = options;
  const clients = await connectNodes(options);
  const stream = file === undefined || file === '-' ? process.stdout : createWriteStream(file);
  const output = new Output(stream);
  const signal = AbortSignal.any([new Interrupt().signal, output.gone]);
  const close = () => {
    for (const client of clients) client.close();
  };
  signal.addEventListener('abort', close);
  try {
    const sink =
      file === undefined
        ? new Lines(clients.length > 1)
        : new Capture(options.snapLength ?? MAX_SNAP_BYTES);
    const nodes = await Promise.all(clients.map((client) => client.node()));
    await output.write(sink.begin(nodes));
    await tapAll(clients, sink, count, output, close);
  } finally {
    close();
  }
  if (stream !== process.stdout) await finished(stream.end());
  return EXIT.done;
}

/** Until all are closed, or `count` frames have come. */
async function tapAll(
  clients: readonly InspectorClient[],
  sink: FrameSink,
  count: number,
  output: Output,
  close: () => void,
): Promise<void> {
  let frames = 0;
  let lost = 0;
  const tapOne = async (client: InspectorClient, index: number): Promise<void> => {
    for await (const item of client.tap(sink.snapBytes)) {
      if (frames >= count) return;
      await output.write(sink.write(index, item));
      if ('lost' in item) lost += item.lost;
      else if (++frames >= count) close();
    }
  };
  await Promise.all(clients.map(tapOne));
  if (lost > 0) process.stderr.write(`rds tap: ${lost} frames were left out: they came too fast\n`);
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
