/**
 * What copy.ts copies: the files given, or else those of this repository.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CopiedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
/** What git would not track either. */
const UNTRACKED = new Set(['.git', 'node_modules', 'dist', 'coverage']);

/** Throws a sentence if a given file can not be copied. */
export async function filesToCopy(given: readonly string[]): Promise<CopiedFile[]> {
  const paths = given.length > 0 ? given.map(checkedPath) : repositoryFiles();
  const files: CopiedFile[] = [];
  for (const path of paths) files.push(await describe(path));
  return files;
}

function checkedPath(given: string): string {
  // npm changes the folder; INIT_CWD is the one in which the user typed the name.
  const path = resolve(process.env.INIT_CWD ?? '.', given);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`There is no file ${given}.`);
  if (stats.isDirectory()) throw new Error(`${given} is a directory; name the files in it.`);
  if (!stats.isFile()) throw new Error(`${given} is no regular file.`);
  return path;
}

function repositoryFiles(): string[] {
  const paths = trackedFiles() ?? filesBelow(REPOSITORY);
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** Null where git is not installed, or this is no clone. */
function trackedFiles(): string[] | null {
  try {
    const names = execFileSync('git', ['ls-files', '-z'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const paths = names.split('\0').filter(Boolean);
    return paths.length > 0 ? paths.map((name) => join(REPOSITORY, name)) : null;
  } catch {
    return null;
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return UNTRACKED.has(entry.name) ? [] : filesBelow(path);
    return [path];
  });
}

async function describe(path: string): Promise<CopiedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: hash.digest('hex') };
}
