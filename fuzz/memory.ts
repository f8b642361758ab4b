/**
 * MemoryCheck: what is held on to after all that was executed, with the garbage collected: no more
 * than the target may, and a MiB.
 */

import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1 << 20;
/** The heap holds more than what is executed: compiled code, and the counters of the coverage. */
const HEAP_SLACK_BYTES = 16 * MIB;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

export class MemoryCheck {
  /** What may be held now, besides what was held at the start. */
  readonly #heldBytes: () => number;
  #atStart: NodeJS.MemoryUsage | null = null;

  constructor(heldBytes: () => number) {
    this.#heldBytes = heldBytes;
  }

  async check(): Promise<void> {
    const now = await usage();
    this.#atStart ??= now;
    const allowed = this.#heldBytes();
    const buffers = now.arrayBuffers - this.#atStart.arrayBuffers - allowed;
    if (buffers > MIB) throw new Error(`${buffers} bytes of buffers are held for nothing`);
    const heap = now.heapUsed - this.#atStart.heapUsed - allowed;
    if (heap > HEAP_SLACK_BYTES) throw new Error(`the heap has grown by ${heap} bytes`);
  }
}

/** Buffers are given back a little after the collection that finds them. */
async function usage(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 3; turn++) {
    gc();
    await setImmediate();
  }
  return process.memoryUsage();
}
