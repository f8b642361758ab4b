#!/usr/bin/env node
/**
 * The command `rds`: finds the subcommand, loads no other, and ends with its exit code.
 */

import { COMMANDS } from './commands.js';
import { exitCodeOf, reportError } from './exit.js';
import { overview } from './overview.js';
import { runProcess } from './run-process.js';

runProcess(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  try {
    const entry = COMMANDS.find((command) => command.name === name);
    if (entry === undefined) return await overview(process.argv.slice(2));
    const { run } = await entry.load();
    return await run(args);
  } catch (error) {
    reportError(name, error);
    return exitCodeOf(error);
  }
});
