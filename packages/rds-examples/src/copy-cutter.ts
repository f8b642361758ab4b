/**
 * Cuts the TCP connections of this process, again and again, at arbitrary moments. Part of copy.ts.
 *
 * It goes behind the library's back: Node tells of every TCP socket that a process makes, and each
 * is destroyed after a random time, wherever it is: in the middle of a message, of a greeting, of
 * an acknowledgement. Half of the cuts are resets (RST), which also take from the peer what it
 * had received and not yet read. Both ends of a connection cut, whoever comes first.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Calls come in, and calls go out. */
const CHANNELS = ['net.server.socket', 'net.client.socket'];
/** How long the first connections live on the average. */
const FIRST_MEAN_MS = 60;
/** Later ones live longer, so that even the slowest machine gets its largest message through. */
const GROWTH = 1.02;

/** `onCut` hears the name of each connection cut, the same at both ends. Returns how to stop. */
export function cutConnections(onCut: (connection: string) => void): () => void {
  let meanMs = FIRST_MEAN_MS;
  let isStopped = false;

  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    // Exponentially distributed: at any moment, the next is as dangerous as the one before.
    const lifeMs = -Math.log(1 - Math.random()) * meanMs;
    setTimeout(() => {
      // Only what had been used in both directions counts; to cut the others is no feat.
      const counts = socket.bytesRead > 0 && socket.bytesWritten > 0;
      const name = nameOf(socket);
      if (isStopped || socket.destroyed) return;
      // Node can not reset a socket whose end it has begun to send.
      if (Math.random() < 0.5 && !socket.writableEnded) socket.resetAndDestroy();
      else socket.destroy();
      if (!counts) return;
      meanMs *= GROWTH;
      onCut(name);
    }, lifeMs).unref();
  };

  for (const channel of CHANNELS) subscribe(channel, watch);
  return () => {
    isStopped = true;
    for (const channel of CHANNELS) unsubscribe(channel, watch);
  };
}

function nameOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [`${localAddress}:${localPort}`, `${remoteAddress}:${remotePort}`].sort().join(' - ');
}
