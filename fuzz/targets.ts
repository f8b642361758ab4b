/** Targets: all that is fuzzed, by name, and which part of the executions each of them gets. */

import type { Target, TargetName } from './target.js';
import { decoderTarget } from './targets/decoder.js';
import { extensionTarget } from './targets/extension.js';
import { handshakeTarget, nodeTarget } from './targets/world.js';

export const targets: Readonly<Record<TargetName, Target>> = {
  decoder: decoderTarget,
  extension: extensionTarget,
  handshake: handshakeTarget,
  node: nodeTarget,
};

/** A world costs a hundred times what a few frames cost. */
export const shares: Readonly<Record<TargetName, number>> = {
  decoder: 0.4,
  extension: 0.4,
  handshake: 0.12,
  node: 0.08,
};
