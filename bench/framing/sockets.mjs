// Small helpers for servers and connections of node:net.

import { once } from 'node:events';

/** 1,000 peers call at once. */
const BACKLOG = 2048;

/**
 * Listens on a free port of the loopback, and gives it.
 *
 * @param {import('node:net').Server} server
 */
export async function listening(server) {
  server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG });
  await once(server, 'listening');
  return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
}

/** @param {import('node:net').Socket} socket */
export async function opened(socket) {
  if (socket.connecting) await once(socket, 'connect');
}
