// Mutants of how what comes is read: frames that only go on, memory for what is guessed to come
// next, and messages that are parts of what was read until the turn ends.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const readingMutants = [
  {
    name: 'run-ignores-flags',
    mistake: 'That a receipt is asked for is overlooked if a frame goes on from the one before.',
    patches: [{ file: 'wire/header.ts', find: 'view.getUint8(at + 24) === 0 &&', replace: '' }],
  },
  {
    name: 'run-ignores-ports',
    mistake: 'A frame with the next number goes to where the one before went.',
    patches: [
      {
        file: 'wire/header.ts',
        find: 'view.getUint32(at + 20) === ((header.sport << 16) | header.dport) >>> 0 &&',
        replace: '',
      },
    ],
  },
  {
    name: 'guess-believed',
    mistake: 'What was read to where a guess had it is taken for that, whatever its length.',
    patches: [
      {
        file: 'wire/frame-decoder.ts',
        find: 'chunk.length < HEADER_BYTES || lengthAt(view, 0) !== length',
        replace: 'chunk.length < HEADER_BYTES',
      },
    ],
  },
  {
    name: 'read-many-uncharged',
    mistake: 'Messages that are read several at a time still count as queued.',
    patches: [
      {
        file: 'receive-queue.ts',
        find: 'if (messages.length > 0) this.#left(chargedBytes, messages.length);',
        replace: 'this.#left(0, messages.length);',
      },
    ],
  },
  {
    name: 'settled-from-the-front',
    mistake: 'The copies of what still waits take the places of the messages that came before.',
    patches: [
      {
        file: 'receive-queue.ts',
        find: 'messages.replace(first + index,',
        replace: 'messages.replace(index,',
      },
    ],
  },
  {
    name: 'settled-over-each-other',
    mistake: 'The copies of what still waits are all written to the start of their block.',
    patches: [{ file: 'queue-memory.ts', find: 'used += length;', replace: '' }],
  },
];
