/**
 * Fingerprints: what a kernel's first numbers stood for. A kernel that has booted, or heard that we
 * have, counts from 1 again. If it has to send its first words twice, they look like repetitions
 * of what had these numbers before, and are none if they say something else.
 */

import type { Header } from './wire/header.js';

/** Whoever has sent more in good order has been heard counting from anew. */
const MAX_NUMBERS = 64;
/** Of higher ones the last, while it is awaited that the kernel counts from anew. */
const MAX_HIGH_NUMBERS = 64;
/** What a number has stood for lately: a resend may be of the time before, too. */
const MAX_MEANINGS = 4;
/** Of a payload; messages that differ do so early, or in their length. */
const MAX_PRINTED_BYTES = 256;
const FNV_OFFSET = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

export class Fingerprints {
  readonly #prints = new Map<number, readonly number[]>();
  /** Of high numbers, in the order in which they came. What they stand for later is not known. */
  readonly #high = new Map<number, number>();

  /** `awaitsAnew`: it counts on from what it said to our predecessor, and may not for long. */
  heard(header: Header, payload: Uint8Array, awaitsAnew: boolean): void {
    const { sequence } = header;
    if (sequence > MAX_NUMBERS) {
      if (awaitsAnew) this.#heardHigh(sequence, printOf(header, payload));
      return;
    }
    const prints = this.#prints.get(sequence) ?? [];
    const print = printOf(header, payload);
    if (prints.includes(print)) return;
    this.#prints.set(sequence, [...prints, print].slice(-MAX_MEANINGS));
  }

  /** True if this number has stood for the same before. */
  knows(header: Header, payload: Uint8Array): boolean {
    const { sequence } = header;
    const print = printOf(header, payload);
    return (
      this.#high.get(sequence) === print || this.#prints.get(sequence)?.includes(print) === true
    );
  }

  /** True if this number is one of the first, known, and stood for something else. */
  differs(header: Header, payload: Uint8Array): boolean {
    return this.#prints.has(header.sequence) && !this.knows(header, payload);
  }

  clear(): void {
    this.#prints.clear();
    this.#high.clear();
  }

  #heardHigh(sequence: number, print: number): void {
    this.#high.set(sequence, print);
    if (this.#high.size <= MAX_HIGH_NUMBERS) return;
    const [oldest] = this.#high.keys();
    this.#high.delete(oldest as number);
  }
}

function printOf({ sport, dport }: Header, payload: Uint8Array): number {
  let print = mixed(mixed(mixed(FNV_OFFSET, sport), dport), payload.byteLength);
  for (const byte of payload.subarray(0, MAX_PRINTED_BYTES)) print = mixed(print, byte);
  return print;
}

/** A step of FNV-1a. */
function mixed(print: number, value: number): number {
  return Math.imul(print ^ value, FNV_PRIME);
}
