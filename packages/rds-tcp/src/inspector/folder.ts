/**
 * The folder where inspectors leave their sockets, so that tools find them without being told:
 * open to nobody but the user, in $XDG_RUNTIME_DIR or else in the folder for temporary files.
 */

import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RdsError } from '@rds-tcp/core';

/** A socket in the folder: its name says whose it is. */
export interface SocketName {
  readonly path: string;
  readonly address: string;
  readonly tcpPort: number;
  readonly pid: number;
}

/** The folder, made if need be. EACCES if others can reach into it. */
export function ownFolder(): string {
  const folder = folderPath();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwn(folder);
  return folder;
}

export function socketPath(folder: string, address: string, tcpPort: number): string {
  return join(folder, `${address}_${tcpPort}_${process.pid}.sock`);
}

/** The sockets that answer. Those of processes that died are removed. */
export async function liveSockets(): Promise<SocketName[]> {
  const folder = folderPath();
  try {
    checkOwn(folder);
  } catch (error) {
    // Before the first node has run there is none.
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  }
  const names = readdirSync(folder).flatMap((name) => readName(folder, name) ?? []);
  const answers = await Promise.all(names.map(({ path }) => answersOrRemove(path)));
  return names.filter((_, index) => answers[index]);
}

/** False if nobody listens there; a socket that its process left behind is removed. */
export async function answersOrRemove(path: string): Promise<boolean> {
  const code = await new Promise<string | null>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EIO'));
  });
  // No name appears before somebody listens, so it is not one that is about to.
  if (code === 'ECONNREFUSED') rmSync(path, { force: true });
  return code !== 'ECONNREFUSED' && code !== 'ENOENT';
}

function folderPath(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  if (runtime !== undefined && isFolder(runtime)) return join(runtime, 'rds-tcp');
  return join(tmpdir(), `rds-tcp-${process.getuid?.() ?? 0}`);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Anybody may make a folder among the temporary files, under our name. */
function checkOwn(folder: string): void {
  const found = lstatSync(folder);
  const isOwn = found.isDirectory() && found.uid === process.getuid?.();
  if (isOwn && (found.mode & 0o077) === 0) return;
  throw new RdsError('EACCES', `${folder} is not a folder that only its owner can use`, {
    syscall: 'inspector',
  });
}

function readName(folder: string, name: string): SocketName | null {
  const [, address = '', tcpPort, pid] = /^(.+)_(\d+)_(\d+)\.sock$/.exec(name) ?? [];
  if (address === '') return null;
  return { path: join(folder, name), address, tcpPort: Number(tcpPort), pid: Number(pid) };
}
