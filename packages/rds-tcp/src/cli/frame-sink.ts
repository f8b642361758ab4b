/**
 * FrameSink: what `rds tap` makes of frames: a line each, or a capture.
 */

import type { TapItem } from '../inspector/client.js';
import type { InspectedNode } from '../inspector/protocol.js';

export interface FrameSink {
  /** Of each payload, how much is needed; -1 for nothing. */
  readonly snapBytes: number;
  /** Begins with the nodes that are looked at. */
  begin(nodes: readonly InspectedNode[]): string | Uint8Array;
  /** What is to be written for something that came from the node with this index. */
  write(index: number, item: TapItem): string | Uint8Array;
}
