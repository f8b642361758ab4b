// Mutants of the way to a node's own sockets, of memory that is used again, and of the windows of
// a connection.

/** @type {import('../mutant-list.mjs').Mutant[]} */
export const memoryMutants = [
  {
    name: 'loopback-ignores-congestion',
    mistake: 'A node goes on sending to a socket of its own that has more than it wants.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'return this.#owner.isCongested(port);',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'loopback-not-woken',
    mistake: 'Sends to a congested socket of the same node are not told when it no longer is.',
    patches: [{ file: 'node-core.ts', find: 'this.loopback.uncongested();', replace: '' }],
  },
  {
    name: 'loopback-reorders',
    mistake: 'Small messages to the same node are handed over at once, past the larger ones.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'this.#queue.push(opened);',
        replace: `opened.seal();
    if (length < 100) return this.#handOver(opened);
    this.#queue.push(opened);`,
      },
    ],
  },
  {
    name: 'loopback-does-not-copy',
    mistake: 'A message to the same node stays where others are soon written over it.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'this.#handOuts.copy(bytes, from, at)',
        replace: 'bytes.subarray(from, at)',
      },
    ],
  },
  {
    name: 'loopback-seals-too-late',
    mistake: 'What waited for room joins messages that are just being canceled, and is lost.',
    patches: [
      {
        file: 'loopback.ts',
        find: 'for (const train of canceled) train.seal();',
        replace: '',
      },
    ],
  },
  {
    name: 'slab-free-when-written',
    mistake: 'The memory of a message is used again when it was written, not when acknowledged.',
    patches: [
      {
        file: 'slab.ts',
        find: 'slab.used += frameBytes;\n    slab.retain();',
        replace: 'slab.used += frameBytes;',
      },
      { file: 'train.ts', find: 'this.slab.release();', replace: '' },
      { file: 'train.ts', find: 'this.slab.retain();', replace: '' },
      {
        file: 'outbound.ts',
        find: 'slab.release();\n  }\n\n  #encodeMap',
        replace: '}\n\n  #encodeMap',
      },
      {
        file: 'outbound.ts',
        find: 'slab.release();\n  }\n}',
        replace: '}\n}',
      },
    ],
  },
  {
    name: 'slab-free-while-written',
    mistake: 'Memory is used again that a write still reads.',
    patches: [
      { file: 'wire/batch-encoder.ts', find: 'slab.retain();', replace: '' },
      {
        file: 'wire/batch-encoder.ts',
        find: 'for (const { slab } of pieces) slab.release();',
        replace: '',
      },
    ],
  },
  {
    name: 'unwritten-bytes-leak',
    mistake: 'What has left still counts as waiting to be written.',
    patches: [{ file: 'link.ts', find: 'this.unwrittenBytes -= byteLength;', replace: '' }],
  },
  {
    name: 'write-ahead-never-reopens',
    mistake: 'Nothing follows when what was written has left.',
    patches: [{ file: 'link.ts', find: 'this.#owner?.linkWritten(this);', replace: '' }],
  },
  {
    name: 'in-flight-leak',
    mistake: 'What was acknowledged still counts as in flight.',
    patches: [
      {
        file: 'send-queue.ts',
        find: 'this.#inFlightBytes -= train.chargedBytes;\n      if',
        replace: 'if',
      },
    ],
  },
  {
    name: 'flush-only-once',
    mistake: 'After the first turn nothing is written at the end of one.',
    patches: [
      {
        file: 'exchange.ts',
        find: 'this.#flushDue = false;\n    this.flush();',
        replace: 'this.flush();',
      },
    ],
  },
];
