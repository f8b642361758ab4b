/**
 * Traffic: how much a path has carried, over all of its connections. Plain sums: who wants rates
 * takes differences. Bytes are counted per chunk read and per write, and not per message, where
 * each sum is felt.
 */

import { keepAsDoubles } from './sums.js';

export class Traffic {
  /** Bytes written to TCP and read from it: with headers, maps, acknowledgements and resends. */
  txBytes = 0;
  rxBytes = 0;
  /** What `rxBytes` was when the last acknowledgement left: it grows as that does. */
  ackedRxBytes = 0;
  /** Messages received, each counted once. */
  rxMessages = 0;
  /** Messages sent once more after a connection broke. */
  retransmitted = 0;

  constructor() {
    keepAsDoubles(this);
  }
}
