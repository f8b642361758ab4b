/**
 * Exit codes, and how an error is told: in one sentence, on stderr.
 */

export const EXIT = {
  done: 0,
  /** What was asked for could not be done: no reply, not delivered, no such node. */
  failed: 1,
  /** Wrong arguments. */
  usage: 2,
  /** 128 and the number of the signal, as shells have it. */
  interrupted: 130,
} as const;

/** What a user can put right, in a sentence without a full stop. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(message, EXIT.usage);
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  return codeOf(error) === 'EINVAL' ? EXIT.usage : EXIT.failed;
}

/** Says what went wrong. A bug of ours, which no code stands for, with its stack. */
export function reportError(command: string, error: unknown): void {
  process.stderr.write(`rds ${command}: ${describeError(error)}\n`);
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof CommandError || codeOf(error) !== undefined;
  return expected ? error.message : (error.stack ?? error.message);
}

/** The code of an RdsError or of an error of Node's. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
