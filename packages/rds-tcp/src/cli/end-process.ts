/**
 * Ends the process once what it has said has left. A stdin that nobody reads to its end would
 * otherwise hold it.
 */

export async function endProcess(exitCode: number): Promise<void> {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(exitCode);
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Who reads no more, reads no more: nothing is lost on anybody.
    stream.once('error', () => resolve());
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
