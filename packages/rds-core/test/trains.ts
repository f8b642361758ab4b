/** Trains as a path has them, without the path. */

import type { Outcome } from '../src/errors.js';
import type { Settlement } from '../src/message.js';
import { Slab } from '../src/slab.js';
import { type MessageOwner, type Settled, Train, TrainPool } from '../src/train.js';
import { HEADER_BYTES, prepareHeader } from '../src/wire/header.js';

type SettledCall = (messages: Settled, settlement: Settlement, outcome: Outcome | null) => void;

export function ownerOf(settled: SettledCall = () => {}): MessageOwner {
  return { train: null, trainBytes: 0, settled };
}

/**
 * A train of messages of so many bytes, in memory of its own; `id` is its destination port, so that
 * it can be told apart.
 */
export function makeTrain(id: number, lengths: readonly number[], owner = ownerOf()): Train {
  const bytes = lengths.reduce((sum, length) => sum + HEADER_BYTES + length, 0);
  const slab = new Slab(bytes, null);
  slab.retain();
  const train = Object.assign(new Train(new TrainPool()), { slab, sport: 4000, dport: id, owner });
  for (const length of lengths) {
    prepareHeader(slab.view, train.end, length, 4000, id);
    train.add(length);
  }
  return train;
}
