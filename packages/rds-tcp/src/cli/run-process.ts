/**
 * The end of the process: once what it has said has left, and with another code if it did not. A
 * stdin that nobody reads to its end would otherwise hold it.
 */

import { codeOf, describeError, EXIT } from './exit.js';

/** Runs `main`, whose result is the exit code. */
export async function runProcess(main: () => Promise<number>): Promise<void> {
  let failure: unknown = null;
  process.stdout.on('error', (error) => {
    // Who reads no more wants no more. A disk that is full is another matter.
    if (codeOf(error) !== 'EPIPE') failure = error;
  });
  const exitCode = await main();
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  if (failure === null) process.exit(exitCode);
  process.stderr.write(`rds: ${describeError(failure)}\n`, () => process.exit(EXIT.failed));
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
