/** Messages as a path has them, without the path. */

import { Message, type MessageOwner, MessagePool } from '../src/message.js';
import { Slab } from '../src/slab.js';
import { HEADER_BYTES } from '../src/wire/header.js';

const SILENT: MessageOwner = { messageSettled: () => {} };

/** A message in memory of its own; `id` is its destination port, so that it can be told apart. */
export function makeMessage(id: number, length: number, owner = SILENT): Message {
  const slab = new Slab(HEADER_BYTES + length, null);
  slab.retain();
  const message = new Message(new MessagePool());
  return Object.assign(message, { slab, length, sport: 4000, dport: id, owner });
}
