// The mutants: bugs as a programmer might write them, each a small change of the core's text. They
// show that the simulation bites: a mutant that it does not find is a bug that it would not find.
// What is to change must occur exactly once, so that no mutant rots unnoticed when the core does.

import { bufferMutants } from './mutants/buffers.mjs';
import { connectionMutants } from './mutants/connections.mjs';
import { exchangeMutants } from './mutants/exchange.mjs';
import { kernelMutants } from './mutants/kernels.mjs';
import { memoryMutants } from './mutants/memory.mjs';
import { readingMutants } from './mutants/reading.mjs';
import { receiptMutants } from './mutants/receipts.mjs';

/**
 * @typedef {object} Mutant
 * @property {string} name also of the file that its bundle is written to
 * @property {string} mistake what a programmer might get wrong
 * @property {import('./bundle.mjs').Patch[]} patches
 */

/** @type {readonly Mutant[]} */
export const MUTANTS = [
  ...exchangeMutants,
  ...receiptMutants,
  ...bufferMutants,
  ...memoryMutants,
  ...readingMutants,
  ...connectionMutants,
  ...kernelMutants,
];
