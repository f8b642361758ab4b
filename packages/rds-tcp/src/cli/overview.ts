/**
 * Overview: what `rds` says without a command: `--help`, `--version`, or that there is none such.
 */

import { readFileSync } from 'node:fs';
import { COMMANDS } from './commands.js';
import { EXIT } from './exit.js';
import { Output } from './output.js';

export async function overview(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === '--version' || first === '-V') return say(`${version()}\n`);
  if (first === '--help' || first === '-h') return say(help());
  if (first === 'help') {
    const entry = COMMANDS.find(({ name }) => name === args[1]);
    if (entry !== undefined) return (await entry.load()).run(['--help']);
    if (args[1] === undefined) return say(help());
  }
  const unknown = first === 'help' ? args[1] : first;
  const wrong = first === undefined ? 'no command was given' : `there is no command '${unknown}'`;
  process.stderr.write(`rds: ${wrong}; 'rds --help' lists them\n`);
  return EXIT.usage;
}

async function say(text: string): Promise<number> {
  await new Output(process.stdout).write(text);
  return EXIT.done;
}

function help(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const rows = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: rds COMMAND [argument…]

Reliable datagrams over TCP, from the command line.

Commands:
${rows.join('\n')}

'rds COMMAND --help' shows its options, with examples.
Exit codes: 0 done, 1 it could not be done, 2 wrong arguments, 130 interrupted.
`;
}

/** Of the package: this file is in dist/cli once it is built, and in src/cli before. */
function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
