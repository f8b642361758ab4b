#!/usr/bin/env node
/**
 * The command `rds`: finds the subcommand, loads no other, and ends with its exit code.
 */

import { COMMANDS } from './commands.js';
import { endProcess } from './end-process.js';
import { EXIT, exitCodeOf, reportError } from './exit.js';
import { overview } from './overview.js';

async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args;
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry === undefined) return overview(args);
  try {
    const { run } = await entry.load();
    return await run(rest);
  } catch (error) {
    reportError(name, error);
    return exitCodeOf(error);
  }
}

main(process.argv.slice(2)).then(endProcess, (error: unknown) => {
  console.error(error);
  return endProcess(EXIT.failed);
});
