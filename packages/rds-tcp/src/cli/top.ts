/**
 * `rds top`: what passes between nodes and their peers, live. On a terminal it stays in place;
 * elsewhere it prints one snapshot after the other.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { InspectedNode } from '../inspector/protocol.js';
import { duration, wholeNumber } from './arguments.js';
import { newCommand, parseArguments, showSeconds } from './command.js';
import { codeOf, EXIT, reportError } from './exit.js';
import { Interrupt } from './interrupt.js';
import { LiveText, terminalOf } from './live-text.js';
import { Output } from './output.js';
import {
  addNodeSelection,
  type LookedAt,
  lookInto,
  type NodeSelection,
  unanswered,
} from './select-nodes.js';
import { topText } from './top-text.js';

interface TopOptions extends NodeSelection {
  /** Milliseconds. */
  readonly interval: number;
  readonly snapshots?: number;
}

function topCommand() {
  const command = newCommand({
    name: 'top',
    description:
      'Shows what running nodes exchange with each of their peers: messages and bytes per second,' +
      ' queues, resends, reconnects and congestion. q or Ctrl-C ends it.',
    examples: [
      ['top', 'all nodes of this user, every second'],
      ['top -i 5 --node 10.0.0.1', 'one node, every five seconds'],
      ['top -n 2 | tail -n 5', 'two snapshots as plain text'],
    ],
    exitCodes: {
      0: 'it was shown until q, Ctrl-C or -n; some of the nodes may have closed meanwhile',
      1: 'there is no such node with an inspector, none is left, or one does not answer',
      2: 'wrong arguments',
    },
  })
    .option('-i, --interval <S>', 'seconds between snapshots', duration('-i', 50, 3_600_000), 1000)
    .option('-n, --snapshots <N>', 'how many, then end', wholeNumber('-n', 1, 2 ** 32));
  return addNodeSelection(showSeconds(command));
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(topCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<TopOptions>();
  const { nodes, isComplete } = await lookInto('top', options);
  const output = new Output(process.stdout);
  const signal = AbortSignal.any([new Interrupt().signal, output.gone, keyPressed('q')]);
  const terminal = terminalOf(process.stdout);
  const live = terminal === null ? null : new LiveText(terminal);
  const close = () => {
    for (const { client } of nodes) client.close();
  };
  signal.addEventListener('abort', close);
  const watch = new Watch(nodes, signal, (error) => {
    live?.clear();
    reportError('top', error);
  });
  try {
    for await (const text of snapshots(watch, options, signal)) {
      if (live === null) await output.write(`${text}\n`);
      else live.show(text);
    }
  } finally {
    close();
  }
  return isComplete && watch.isComplete ? EXIT.done : EXIT.failed;
}

/** The first has no rates: there is nothing to compare it with. */
async function* snapshots(
  watch: Watch,
  { interval, snapshots: limit = Number.POSITIVE_INFINITY }: TopOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let before: readonly InspectedNode[] = [];
  for (let count = 1; !signal.aborted; count++) {
    const now = await watch.ask();
    if (now.length === 0) return;
    yield topText(before, now);
    if (count === limit) return;
    before = now;
    await delay(interval, undefined, { signal }).catch(() => {});
  }
}

/** The nodes that are left of those that were there at first. Who leaves is told once. */
class Watch {
  /** Whether some are left, and those that are not have closed. */
  isComplete = true;
  #left: readonly LookedAt[];
  readonly #signal: AbortSignal;
  readonly #tell: (error: Error) => void;

  constructor(nodes: readonly LookedAt[], signal: AbortSignal, tell: (error: Error) => void) {
    this.#left = nodes;
    this.#signal = signal;
    this.#tell = tell;
  }

  async ask(): Promise<InspectedNode[]> {
    const results = await Promise.allSettled(this.#left.map(({ client }) => client.node()));
    // Then we have closed the connections ourselves.
    if (this.#signal.aborted) return [];
    for (const [index, result] of results.entries()) {
      if (result.status === 'rejected') this.#leave(this.#left[index] as LookedAt, result.reason);
    }
    this.#left = this.#left.filter((_, index) => results[index]?.status === 'fulfilled');
    if (this.#left.length === 0) this.isComplete = false;
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  }

  #leave({ name }: LookedAt, error: unknown): void {
    if (codeOf(error) !== 'ECONNRESET') this.isComplete = false;
    this.#tell(unanswered(name, error));
  }
}

/** Aborts when the key is pressed on a terminal. There, Ctrl-C is a key as well. */
function keyPressed(wanted: string): AbortSignal {
  const controller = new AbortController();
  const { stdin } = process;
  if (stdin.isTTY !== true || process.stdout.isTTY !== true) return controller.signal;
  stdin.setRawMode(true);
  process.on('exit', () => stdin.setRawMode(false));
  stdin.on('data', (keys: Buffer) => {
    const text = keys.toString();
    if (text.includes(wanted) || text.includes('\u0003')) controller.abort();
  });
  return controller.signal;
}
