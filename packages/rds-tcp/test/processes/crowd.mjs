// A crowd: as many TCP connections as it is told to make, or can, that say nothing.

import { once } from 'node:events';
import { connect } from 'node:net';
import { hear, options, tell } from './parent.mjs';

/** At a time, so that no backlog overflows. */
const BATCH = 500;
const { host, port, from, count } = options;

/** @type {import('node:net').Socket[]} */
const sockets = [];
let opened = 0;
let closed = 0;
let failure = '';

while (sockets.length < count && failure === '') {
  const batch = Array.from({ length: Math.min(BATCH, count - sockets.length) }, (_, n) =>
    dial(from[(sockets.length + n) % from.length]),
  );
  sockets.push(...batch);
  await Promise.all(
    batch.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
  );
}
tell('ready', { opened, failure });
for (;;) {
  await hear();
  tell('state', { opened, closed });
}

/** @param {string} localAddress */
function dial(localAddress) {
  const socket = connect({ host, port, localAddress });
  socket.once('connect', () => opened++);
  socket.on('error', (error) => {
    // The machine has no more; being reset by the victim is no failure.
    if (!socket.remoteAddress && 'code' in error && error.code !== 'ECONNRESET') {
      failure = String(error.code);
    }
  });
  socket.once('close', () => closed++);
  // Without reading one does not see the end.
  socket.resume();
  return socket;
}
