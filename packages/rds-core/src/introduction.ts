/**
 * Introduction: what a node says of itself, as extension headers: who it is, which incarnation,
 * and how many paths it can have. It is drawn once, and stays the same as long as the node lives.
 */

import { RDS_TCP_PORT } from './address.js';
import { encodeExtensions, ownFeatures } from './wire/extension.js';

const MAX_GENERATION = 0xffff_ffff;

export class Introduction {
  /** For probes and hellos. */
  readonly extensions: Uint8Array;
  /** The same for a peer that can tell paths apart. */
  readonly laneExtensions: Uint8Array;
  /** Those of a congestion map: none, where the usual port tells who sends it. */
  readonly mapExtensions: Uint8Array | null;

  /** @param random in [0, 1): no two incarnations shall be taken for one. */
  constructor(random: number, tcpPort: number, paths: number) {
    const own = { features: ownFeatures(paths), tcpPort };
    const generation = 1 + Math.floor(random * MAX_GENERATION);
    this.extensions = encodeExtensions({ npaths: 1, generation, own });
    const lanes = { npaths: paths, generation, sportIndex: true, own };
    this.laneExtensions = encodeExtensions(lanes);
    this.mapExtensions = tcpPort === RDS_TCP_PORT ? null : encodeExtensions({ own });
  }
}
