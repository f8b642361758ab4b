/**
 * The folder where inspectors leave their sockets, so that tools find them without being told:
 * open to nobody but the user, in $XDG_RUNTIME_DIR or else in the folder for temporary files. A
 * service has often no $XDG_RUNTIME_DIR where a shell has one, so tools look into both.
 */

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RdsError } from '@rds-tcp/core';

/** What the longest IPv4 address takes. On macOS the folder leaves little of a socket's name. */
const MAX_ADDRESS_NAME = 15;

/** A socket in the folder: its name says whose it is. */
export interface SocketName {
  readonly path: string;
  /** The address of the node, as `addressName` has it. */
  readonly addressName: string;
  readonly tcpPort: number;
  readonly pid: number;
}

/** The folder, made if need be. EACCES if others can reach into it. */
export function ownFolder(): string {
  const folder = runtimeFolder(process.env.XDG_RUNTIME_DIR) ?? temporaryFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkClosed(folder, lstatSync(folder));
  return folder;
}

export function socketPath(folder: string, address: string, tcpPort: number): string {
  return join(folder, `${addressName(address)}_${tcpPort}_${process.pid}.sock`);
}

/**
 * The address in the name of a socket: as it is, or of a long IPv6 address the first group and a
 * hash of the whole, `2001~0f47c1a39b`.
 */
export function addressName(address: string): string {
  if (address.length <= MAX_ADDRESS_NAME) return address;
  const [group = ''] = address.split(':', 1);
  return `${group}~${createHash('sha256').update(address).digest('hex').slice(0, 10)}`;
}

/** The sockets that answer, wherever a node of this user leaves its own. */
export async function liveSockets(): Promise<SocketName[]> {
  const { XDG_RUNTIME_DIR } = process.env;
  // A login has it there, even if this process was not told.
  const runtime = runtimeFolder(XDG_RUNTIME_DIR) ?? runtimeFolder(`/run/user/${uid()}`);
  const folders = new Set(runtime === null ? [] : [runtime]).add(temporaryFolder());
  return (await Promise.all([...folders].map(liveSocketsIn))).flat();
}

/** The sockets in `folder` that answer. Those of processes that died are removed. */
export async function liveSocketsIn(folder: string): Promise<SocketName[]> {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  // Before the first node has run there is none; and in what is another's there is none of ours.
  if (found === undefined || found.uid !== uid()) return [];
  checkClosed(folder, found);
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

/** Null if there is none, or it is another's: who becomes root by `su` keeps that of the user. */
function runtimeFolder(runtime: string | undefined): string | null {
  const found = lstatSync(runtime ?? '', { throwIfNoEntry: false });
  if (runtime === undefined || !found?.isDirectory() || found.uid !== uid()) return null;
  return join(runtime, 'rds-tcp');
}

function temporaryFolder(): string {
  return join(tmpdir(), `rds-tcp-${uid()}`);
}

/** There is no inspector where processes have no user. */
function uid(): number {
  return process.getuid?.() ?? 0;
}

/** Anybody may make a folder among the temporary files, under our name. */
function checkClosed(folder: string, found: Stats): void {
  if (found.isDirectory() && found.uid === uid() && (found.mode & 0o077) === 0) return;
  throw new RdsError('EACCES', `${folder} is not a folder that only its owner can use`, {
    syscall: 'inspector',
  });
}

function readName(folder: string, name: string): SocketName | null {
  const [, addressName = '', tcpPort, pid] = /^(.+)_(\d+)_(\d+)\.sock$/.exec(name) ?? [];
  if (addressName === '') return null;
  return { path: join(folder, name), addressName, tcpPort: Number(tcpPort), pid: Number(pid) };
}
