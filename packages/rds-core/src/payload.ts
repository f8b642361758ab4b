/**
 * Payload: what a caller gave to send, read once: checked, measured, and copied where it has to go.
 */

import { RdsError } from './errors.js';
import type { MessageData } from './message.js';

/**
 * UTF-8 is part of every JavaScript runtime and depends on nothing, but TypeScript knows it only
 * with the types of a browser or of Node, which the core does without.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array;
}

const encoder = new TextEncoder();

/** One piece of bytes or several that follow each other. */
export type Payload = Uint8Array | readonly Uint8Array[];

/** Bytes are taken as they are, not copied: copy before returning to the caller. */
export function toPayload(data: MessageData): Payload {
  if (data instanceof Uint8Array) return data.length > 0 ? data : checkAttached(data);
  return Array.isArray(data) ? data.map(toBytes) : toBytes(data);
}

export function payloadBytes(payload: Payload): number {
  // `length` of bytes is a plain load for the compiler, `byteLength` a call.
  if (!isMany(payload)) return payload.length;
  return payload.reduce((sum, part) => sum + part.length, 0);
}

export function copyPayload(payload: Payload, target: Uint8Array, at: number): void {
  if (!isMany(payload)) {
    target.set(payload, at);
    return;
  }
  let next = at;
  for (const part of payload) {
    target.set(part, next);
    next += part.byteLength;
  }
}

/** Asked three times per message; `instanceof` would climb the prototypes of a Buffer each time. */
function isMany(payload: Payload): payload is readonly Uint8Array[] {
  return Array.isArray(payload);
}

function toBytes(data: unknown): Uint8Array {
  if (typeof data === 'string') return encoder.encode(data);
  if (data instanceof Uint8Array) return checkAttached(data);
  throw new RdsError('EINVAL', 'a message is a string, a Uint8Array or an array of these', {
    syscall: 'sendmsg',
  });
}

/** Bytes that were transferred to another thread look empty, and are not what was to be sent. */
function checkAttached(bytes: Uint8Array): Uint8Array {
  try {
    if (bytes.length === 0) new Uint8Array(bytes.buffer);
    return bytes;
  } catch (cause) {
    const details = { syscall: 'sendmsg', cause };
    throw new RdsError('EINVAL', 'the data was transferred and is no longer here', details);
  }
}
