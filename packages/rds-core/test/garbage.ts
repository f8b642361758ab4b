/** Lets a test see what is still held on to: collects all garbage there is. */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

export async function collectGarbage(): Promise<void> {
  // A WeakRef holds its target until the turn in which it was made or read is over.
  await setImmediate();
  gc();
}
