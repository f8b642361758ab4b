/**
 * Command: what every subcommand's parser has in common: its name, examples and exit codes in
 * `--help`, and wrong arguments said in one sentence with exit code 2.
 */

import { Command, CommanderError } from 'commander';
import { CommandError, EXIT } from './exit.js';

export interface CommandText {
  readonly name: string;
  /** One or two sentences. */
  readonly description: string;
  /** Command lines without `rds`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** What each exit code means here, from 0 up. */
  readonly exitCodes: Readonly<Record<number, string>>;
}

export function newCommand({ name, description, examples, exitCodes }: CommandText): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  rds ${line.padEnd(width)}  ${what}`);
  const codes = Object.entries(exitCodes).map(([code, what]) => `  ${code.padEnd(3)} ${what}`);
  return new Command(`rds ${name}`)
    .description(description)
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\nExit codes:\n${codes.join('\n')}`)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
}

/** Reads the arguments; null if that was all, because help was asked for. */
export function parseArguments(command: Command, args: readonly string[]): Command | null {
  try {
    return command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new CommandError(`${text}; '${command.name()} --help' shows what there is`, EXIT.usage);
  }
}

/** Times are kept in milliseconds and told in seconds: says so of the defaults of `<S>` options. */
export function showSeconds(command: Command): Command {
  for (const option of command.options) {
    const { flags, defaultValue } = option;
    if (flags.endsWith('<S>') && typeof defaultValue === 'number') {
      option.defaultValueDescription = String(defaultValue / 1000);
    }
  }
  return command;
}
