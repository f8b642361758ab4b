/** Memory to read into and to write from. It is not filled with zeros, which nobody would see. */

import { markAsUntransferable } from 'node:worker_threads';

/** A plain array: that it was made as a Buffer is nobody's business. */
export function allocate(bytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/** Who transferred one message to another thread would take along all that stands beside it. */
export function allocateUntransferable(bytes: number): Uint8Array {
  const memory = allocate(bytes);
  markAsUntransferable(memory.buffer);
  return memory;
}
