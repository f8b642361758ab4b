/**
 * TrainYard: where messages get into trains: into the one that their flow has open, or into one
 * that is opened for them.
 */

import type { Receipt } from './message.js';
import type { Payload } from './payload.js';
import type { FramePlacer } from './slab.js';
import { type MessageOwner, type Train, TrainPool } from './train.js';
import { HEADER_BYTES } from './wire/header.js';

/**
 * How long a train becomes: many times its costs, and still a small part of a batch, whose last
 * one may be cut off by an acknowledgement, and of the window.
 */
const MAX_TRAIN_BYTES = 16 * 1024;

export class TrainYard {
  readonly #placer: FramePlacer;
  readonly #slabFull: () => void;
  readonly #trains = new TrainPool();

  /** `slabFull` is called before a train is opened that has no room beside those before it. */
  constructor(placer: FramePlacer, slabFull: () => void) {
    this.#placer = placer;
    this.#slabFull = slabFull;
  }

  /** Copies the message. Returns the train that was opened for it, or null if it joined one. */
  board(
    payload: Payload,
    length: number,
    sport: number,
    dport: number,
    owner: MessageOwner,
    receipt: Receipt | null,
  ): Train | null {
    const { train } = owner;
    const frameBytes = HEADER_BYTES + length;
    if (train !== null && receipt === null && train.end + frameBytes <= train.limit) {
      train.put(payload, length);
      return null;
    }
    train?.seal();
    const opened = this.open(payload, length, sport, dport, owner);
    if (receipt === null) letGrow(opened);
    else opened.receipt = receipt;
    return opened;
  }

  /** A train with one message, which does not grow. */
  open(payload: Payload, length: number, sport: number, dport: number, owner: MessageOwner): Train {
    const frameBytes = HEADER_BYTES + length;
    if (!this.#placer.fits(frameBytes)) this.#slabFull();
    const slab = this.#placer.place(frameBytes);
    const train = this.#trains.take();
    train.slab = slab;
    train.start = slab.used - frameBytes;
    train.end = train.start;
    train.limit = slab.used;
    train.sport = sport;
    train.dport = dport;
    train.owner = owner;
    train.put(payload, length);
    return train;
  }
}

/** As long as the last one of its flow and once more, so that little is kept in vain. */
function letGrow(train: Train): void {
  const { owner, slab, start, limit } = train;
  owner.train = train;
  const wantedBytes = Math.min(2 * owner.trainBytes, MAX_TRAIN_BYTES) - (limit - start);
  if (wantedBytes > 0) train.limit = slab.reserve(wantedBytes);
}
