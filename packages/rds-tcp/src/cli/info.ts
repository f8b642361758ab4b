/**
 * `rds info`: what rds-info shows of a kernel, of running nodes: sockets, connections, queues and
 * counters.
 */

import { newCommand, parseArguments } from './command.js';
import { EXIT, reportError } from './exit.js';
import { type NodeView, SECTIONS, type SectionName, viewAsJson, viewAsText } from './info-text.js';
import { Output } from './output.js';
import {
  addNodeSelection,
  type LookedAt,
  lookInto,
  type NodeSelection,
  unanswered,
} from './select-nodes.js';

type InfoOptions = NodeSelection & { readonly json?: true; readonly v?: true } & Partial<
    Record<SectionName, true>
  >;

function infoCommand() {
  const command = newCommand({
    name: 'info',
    description:
      'Shows the sockets, connections, queues and counters of running nodes, as rds-info does of' +
      ' a Linux kernel. Without a letter it shows all of them.',
    examples: [
      ['info', 'everything, of all nodes of this user'],
      ['info -n -k', 'connections and sockets'],
      ['info -nv --node 10.0.0.1', 'connections of one node, with all that is known'],
      ['info -c --json --pid 4711', 'counters of a process, as JSON'],
    ],
    exitCodes: {
      0: 'it was shown',
      1: 'there is no such node with an inspector, or one does not answer; the others are shown',
      2: 'wrong arguments',
    },
  });
  for (const { letter, what } of SECTIONS) command.option(`-${letter}`, what);
  command.option('-v', 'more of each').option('--json', 'as JSON: an array with one item per node');
  return addNodeSelection(command);
}

export async function run(args: readonly string[]): Promise<number> {
  const command = parseArguments(infoCommand(), args);
  if (command === null) return EXIT.done;
  const options = command.opts<InfoOptions>();
  const asked = SECTIONS.filter(({ letter }) => options[letter]);
  const sections = asked.length > 0 ? asked : SECTIONS;
  const letters = new Set(sections.map(({ letter }) => letter));
  const { nodes, isComplete } = await lookInto('info', options);
  try {
    const results = await Promise.allSettled(nodes.map((node) => viewOf(node, letters)));
    const views = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value] : [],
    );
    const output = new Output(process.stdout);
    if (options.json) await output.write(viewAsJson(views, letters));
    else await output.write(viewAsText(views, letters, options.v === true));
    // One that has closed meanwhile, or stands still, does not hide the others.
    const failed = results.filter((result) => result.status === 'rejected');
    for (const { reason } of failed) reportError('info', reason);
    return isComplete && failed.length === 0 ? EXIT.done : EXIT.failed;
  } finally {
    for (const { client } of nodes) client.close();
  }
}

async function viewOf(
  { name, client, node }: LookedAt,
  letters: ReadonlySet<SectionName>,
): Promise<NodeView> {
  try {
    const queues: NodeView['queues'] = {
      r: letters.has('r') ? await client.messages('receive') : null,
      s: letters.has('s') ? await client.messages('send') : null,
      t: letters.has('t') ? await client.messages('retransmit') : null,
    };
    return { node, queues };
  } catch (error) {
    throw unanswered(name, error);
  }
}
