/**
 * An accepted connection as a socket that reads into memory of ours. node:net lets whoever makes a
 * socket say where to read to, but makes those that it accepts itself. So the connection moves from
 * that socket to one that is made here: by a property and an option that Node does not document.
 * Where they are not what they are in Node 20 to 24, the socket is left as it is, and read in the
 * way of Node itself.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** What Node calls a TCP wrap. */
interface Handle {
  useUserBuffer(buffer: Uint8Array): void;
}

/** `accepted` must be paused, as `pauseOnConnect` does. */
export function adopt(accepted: Socket, onread: OnReadOpts): Socket {
  const owner = accepted as unknown as { _handle?: Partial<Handle> | null };
  const handle = owner._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.resume();
    return accepted;
  }
  const options = { handle, allowHalfOpen: true, onread };
  const socket = new Socket(options as SocketConstructorOpts);
  // Empty now. Its server hears that it is gone, and does not wait for it when it closes.
  owner._handle = null;
  accepted.destroy();
  return socket;
}
