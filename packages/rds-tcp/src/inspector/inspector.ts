/**
 * Inspector: lets tools of the same user look into a running node, over a UNIX socket. Who may
 * connect is decided by the permissions of the file; nothing of it is ever on the network.
 */

import { chmodSync, lstatSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { RdsError, type RdsNode } from '@rds-tcp/core';
import type { TcpTransport } from '../tcp-transport.js';
import { answersOrRemove, liveSocketsIn, ownFolder, socketPath } from './folder.js';
import { Visitor } from './visitor.js';

/** Tools at the same time. More are told so, and turned away. */
const MAX_VISITORS = 16;
/** What a UNIX socket's name can be: 108 bytes on Linux, 104 elsewhere, with a zero at the end. */
const MAX_PATH_BYTES = 103;
/** Of the socket in its folder for the time being. */
const HIDDEN_NAME = 's';

export class Inspector {
  readonly path: string;
  readonly #server: Server;
  readonly #visitors: Set<Socket>;

  private constructor(path: string, server: Server, visitors: Set<Socket>) {
    this.path = path;
    this.#server = server;
    this.#visitors = visitors;
  }

  /**
   * Listens at `path`, or at a name of its own in the user's folder. Rejects with EOPNOTSUPP on
   * Windows, EADDRINUSE, EACCES, EINVAL, EIO.
   */
  static async open(
    node: RdsNode,
    transport: TcpTransport,
    path: string | true,
  ): Promise<Inspector> {
    if (process.platform === 'win32') {
      throw failure('EOPNOTSUPP', 'the inspector needs UNIX sockets that only their owner can use');
    }
    try {
      return await Inspector.#listen(node, transport, path);
    } catch (error) {
      if (error instanceof RdsError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      const known = code === 'EACCES' || code === 'EADDRINUSE' ? code : 'EIO';
      throw failure(known, `the inspector can not listen: ${message}`, error);
    }
  }

  static async #listen(
    node: RdsNode,
    transport: TcpTransport,
    where: string | true,
  ): Promise<Inspector> {
    const path = where === true ? await pathInOwnFolder(node) : where;
    checkLength(path);
    await checkFree(path);
    const visitors = new Set<Socket>();
    const server = createServer((socket) => {
      // The node keeps the process alive, and who looks at it does not.
      socket.unref();
      visitors.add(socket);
      socket.on('close', () => visitors.delete(socket));
      new Visitor(socket, node, transport, visitors.size > MAX_VISITORS);
    });
    await listenAt(server, path);
    return new Inspector(path, server, visitors);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#visitors) socket.destroy();
    rmSync(this.path, { force: true });
    await closed;
  }
}

async function pathInOwnFolder({ address, tcpPort }: RdsNode): Promise<string> {
  const folder = ownFolder();
  // What dead processes left is swept out by whoever comes next.
  await liveSocketsIn(folder);
  return socketPath(folder, address, tcpPort);
}

/** The system would cut a name that is too long, or refuse it without a reason. */
function checkLength(path: string): void {
  const hiddenBytes = Buffer.byteLength(join(`${hiddenPrefix(path)}XXXXXX`, HIDDEN_NAME));
  const excess = Math.max(Buffer.byteLength(path), hiddenBytes) - MAX_PATH_BYTES;
  if (excess <= 0) return;
  throw failure('EINVAL', `inspector: ${path} is too long for a socket, by ${excess} bytes`);
}

async function checkFree(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw failure('EADDRINUSE', `inspector: ${path} is there, and no socket`);
  if (await answersOrRemove(path)) {
    throw failure('EADDRINUSE', `inspector: another process listens at ${path}`);
  }
}

/**
 * The socket is made in a folder that nobody else can enter, and moved to its place once it is
 * closed to others: there is no moment at which somebody could slip in, and none at which it has
 * its name and does not answer.
 */
async function listenAt(server: Server, path: string): Promise<void> {
  const folder = mkdtempSync(hiddenPrefix(path));
  const hidden = join(folder, HIDDEN_NAME);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: hidden, exclusive: true }, resolve);
    });
    // From here on only accepting can fail, if no file descriptor is free: who asks, asks again.
    server.on('error', () => {});
    server.unref();
    chmodSync(hidden, 0o600);
    renameSync(hidden, path);
  } catch (error) {
    server.close();
    rmSync(hidden, { force: true });
    throw error;
  } finally {
    rmdirSync(folder);
  }
}

/** Of the folder for the time being; six letters follow. */
function hiddenPrefix(path: string): string {
  return `${dirname(path)}/.`;
}

function failure(
  code: 'EOPNOTSUPP' | 'EADDRINUSE' | 'EACCES' | 'EINVAL' | 'EIO',
  text: string,
  cause?: unknown,
): RdsError {
  return new RdsError(code, text, { syscall: 'createNode', cause });
}
