/**
 * The public names of `@rds-tcp/core/inspect`: for tools that look into a node, as the inspector of
 * `rds-tcp` does. Programs that send and receive need none of it.
 */

import { coreOf, type RdsNode } from './node.js';
import type { FrameObserver } from './tap.js';

export {
  listMessages,
  type MessageInfo,
  type MessageList,
  type MessageQueue,
} from './message-info.js';
export type { FrameObserver, TappedFrame } from './tap.js';
export type { Extensions } from './wire/extension.js';

/**
 * Calls `observer` for each frame from now on, until the returned function is called. Throws EINVAL
 * if `node` is none of this copy of the package.
 */
export function tapFrames(node: RdsNode, observer: FrameObserver): () => void {
  return coreOf(node).peers.tap.add(observer);
}
