/**
 * Refusals: which received messages, whose sender wants a receipt, found no socket at their port.
 * Only our own nodes talk of this; a kernel drops such messages in silence.
 *
 * The acknowledgement is one number and says "processed", so what was refused has to be said
 * before it, in a note of its own. A note and the acknowledgements behind it arrive in order, as
 * long as the connection lives; so on each connection, the number stays below a refused message
 * until the note about it has left. It must not wait for more: two nodes that refuse each other's
 * messages would wait for each other for ever.
 */

import { Queue } from './queue.js';

interface Range {
  readonly first: number;
  last: number;
  /** False if others, which were delivered, lie between: their sender is told "unknown". */
  exact: boolean;
}

/**
 * Ranges that the sender has not confirmed. Past it the last range grows over what it should not
 * cover, which costs precision and not memory. It takes an application that mixes bound and
 * unbound ports at full speed to get there.
 */
const MAX_RANGES = 4096;
const RANGE_BYTES = 17;
/** In one message, which then is smaller than a congestion map: any node takes that much. */
const MAX_RANGES_TOLD = 256;
const TWO_TO_32 = 0x1_0000_0000;

export class Refusals {
  readonly #unconfirmed = new Queue<Range>();
  /** How many of the unconfirmed, from the front, have been put into a message. */
  #told = 0;
  /** How many of those were in notes that have left on the present connection. */
  #left = 0;

  get untold(): number {
    return this.#told < MAX_RANGES ? this.#unconfirmed.length - this.#told : 0;
  }

  /** Acknowledgements must stay below this sequence. */
  get ackLimit(): number {
    return this.#unconfirmed.at(this.#left)?.first ?? Number.POSITIVE_INFINITY;
  }

  /** A note of this length has left. */
  noteLeft(payloadBytes: number): void {
    this.#left += payloadBytes / RANGE_BYTES;
  }

  /** The connection ended: whatever was not confirmed may not have arrived. */
  disconnected(): void {
    this.#left = 0;
  }

  add(sequence: number): void {
    const count = this.#unconfirmed.length;
    const last = count > this.#told ? this.#unconfirmed.at(count - 1) : undefined;
    const next = last?.exact === true && last.last + 1 === sequence;
    if (last !== undefined && (next || count >= MAX_RANGES)) {
      last.last = sequence;
      last.exact = next;
    } else {
      this.#unconfirmed.push({ first: sequence, last: sequence, exact: true });
    }
  }

  /** The payload of a message that tells all that is untold, and how many ranges it has. */
  tell(): { payload: Uint8Array; ranges: number } {
    const ranges = Math.min(this.untold, MAX_RANGES_TOLD);
    const payload = new Uint8Array(ranges * RANGE_BYTES);
    const view = new DataView(payload.buffer);
    for (let index = 0; index < ranges; index++) {
      const range = this.#unconfirmed.at(this.#told + index) as Range;
      const at = index * RANGE_BYTES;
      putSequence(view, at, range.first);
      putSequence(view, at + 8, range.last);
      view.setUint8(at + 16, range.exact ? 1 : 0);
    }
    this.#told += ranges;
    return { payload, ranges };
  }

  /** The sender has the first `ranges` of what it was told. */
  confirm(ranges: number): void {
    for (let index = 0; index < ranges && this.#told > 0; index++) {
      this.#unconfirmed.shift();
      this.#told--;
      if (this.#left > 0) this.#left--;
    }
  }

  /** The peer restarted: nobody waits for these any more. */
  clear(): void {
    this.#unconfirmed.clear();
    this.#told = 0;
    this.#left = 0;
  }
}

/** Reads what `tell` wrote. A payload of another length says nothing. */
export function readRefusals(
  payload: Uint8Array,
): { first: number; last: number; exact: boolean }[] {
  if (payload.byteLength % RANGE_BYTES !== 0) return [];
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: payload.byteLength / RANGE_BYTES }, (_, index) => {
    const at = index * RANGE_BYTES;
    return {
      first: getSequence(view, at),
      last: getSequence(view, at + 8),
      exact: view.getUint8(at + 16) === 1,
    };
  });
}

function putSequence(view: DataView, at: number, sequence: number): void {
  view.setUint32(at, sequence / TWO_TO_32);
  view.setUint32(at + 4, sequence);
}

function getSequence(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_TO_32 + view.getUint32(at + 4);
}
