// The core with its limits made so tight that every small cluster meets them: windows, batches,
// slabs, tables. What takes megabytes or thousands to happen on a real network happens here in
// each run. Nothing but numbers is changed, so whatever fails is wrong with the real ones too.

/** @type {readonly [file: string, name: string, usual: string, tight: string][]} */
const LIMITS = [
  ['outbound.ts', 'WRITE_AHEAD_BYTES', '256 * 1024', '512'],
  ['outbound.ts', 'BATCH_BYTES', '128 * 1024', '256'],
  ['outbound.ts', 'IN_FLIGHT_BYTES', '4 * 1024 * 1024', '8192'],
  ['send-quota.ts', 'OWN_BYTES', '64 * 1024', '256'],
  ['exchange.ts', 'GATHER_BYTES', '64 * 1024', '256'],
  ['slab.ts', 'SMALL_SLAB_BYTES', '4 * 1024', '256'],
  ['slab.ts', 'LARGE_SLAB_BYTES', '128 * 1024', '1024'],
  ['slab.ts', 'OWN_SLAB_BYTES', '16 * 1024', '512'],
  ['slab.ts', 'POOLED_BYTES', '8 * 1024 * 1024', '4096'],
  ['train-yard.ts', 'MAX_TRAIN_BYTES', '16 * 1024', '512'],
  ['train.ts', 'POOLED_TRAINS', '65_536', '4'],
  ['queue.ts', 'FIRST_CAPACITY', '16', '2'],
  ['queue.ts', 'KEEP_CAPACITY', '1024', '4'],
  ['queue.ts', 'TIMES_TOO_LARGE', '256', '2'],
  ['refusals.ts', 'MAX_RANGES', '4096', '8'],
  ['refusals.ts', 'MAX_RANGES_TOLD', '256', '2'],
  ['loopback.ts', 'TURN_MESSAGES', '1024', '2'],
  ['flow-table.ts', 'MAX_NAMES', '65536', '3'],
  ['sender-addresses.ts', 'MAX_SENDERS', '1024', '2'],
  ['wire/frame-decoder.ts', 'FIRST_GATHER_BYTES', '64 * 1024', '64'],
  ['wire/frame-decoder.ts', 'LEAST_ROOM_BYTES', '16 * 1024', '16'],
  ['wire/frame-decoder.ts', 'LEAST_GUESS_BYTES', '48 * 1024', '1'],
  ['wire/frame-decoder.ts', 'MOST_GUESS_BYTES', '64 * 1024', '4096'],
  ['wire/batch-encoder.ts', 'LEAST_BATCH_BYTES', '64 * 1024', '128'],
  ['acknowledger.ts', 'ACK_BYTES', '512 * 1024', '512'],
  ['hand-outs.ts', 'BLOCK_BYTES', '16 * 1024', '256'],
  ['hand-outs.ts', 'MOST_SHARED_BYTES', '4 * 1024', '100'],
  ['queue-memory.ts', 'MAX_BLOCK_BYTES', '64 * 1024', '256'],
  ['queue-memory.ts', 'OWN_MEMORY_BYTES', '16 * 1024', '64'],
];

export const TIGHT = LIMITS.map(([file, name, usual, tight]) => ({
  file,
  find: `const ${name} = ${usual};`,
  replace: `const ${name} = ${tight};`,
}));
