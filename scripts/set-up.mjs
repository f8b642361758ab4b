// Brings a clone into working order: dependencies installed, packages built. Quick when they are.
//
// Stamps under node_modules hold a hash of what was installed and built; content, not times, since
// a checkout changes the times of files that it does not change. What is said goes to stderr,
// because stdout belongs to the task.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { packageFolders, root, toolPath } from './paths.mjs';
import { runNodeQuietly, runPnpm } from './process.mjs';

const stateFolder = join(root, 'node_modules', '.set-up');
const lockPath = join(stateFolder, 'lock');

/** Installs what is not installed and builds what is not built. */
export async function setUp() {
  if (isCurrent('install', lockfileHash()) && isBuilt()) return;
  await locked(async () => {
    await install();
    await build();
  });
}

export async function installDependencies() {
  if (!isCurrent('install', lockfileHash())) await locked(install);
}

/** @param {() => Promise<void>} action */
async function locked(action) {
  mkdirSync(stateFolder, { recursive: true });
  await withLock(lockPath, action);
}

async function install() {
  const hash = lockfileHash();
  if (isCurrent('install', hash)) return;
  console.error('installing dependencies…');
  await runPnpm('install --frozen-lockfile');
  setStamp('install', hash);
}

async function build() {
  if (isBuilt()) return;
  console.error('building…');
  const hash = sourceHash();
  rmSync(join(stateFolder, 'build'), { force: true });
  for (const folder of distFolders()) rmSync(folder, { recursive: true, force: true });
  // tsup makes the JavaScript and tsc the types: neither waits for the other.
  const tsup = toolPath('tsup');
  const packagePaths = packageFolders.map((folder) => join(root, 'packages', folder));
  const steps = packagePaths.map((path) => runNodeQuietly([tsup, '--silent'], path));
  steps.push(runNodeQuietly([toolPath('typescript', 'tsc'), '--build', ...packagePaths]));
  const results = await Promise.allSettled(steps);
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason.message] : [],
  );
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
  setStamp('build', hash);
}

function isBuilt() {
  return isCurrent('build', sourceHash()) && distFolders().every((folder) => existsSync(folder));
}

function distFolders() {
  return packageFolders.map((folder) => join(root, 'packages', folder, 'dist'));
}

function lockfileHash() {
  return hashOf([join(root, 'pnpm-lock.yaml')]);
}

/** Of all that the build reads. */
function sourceHash() {
  const files = [join(root, 'pnpm-lock.yaml'), join(root, 'tsconfig.base.json')];
  for (const folder of packageFolders) {
    const path = join(root, 'packages', folder);
    for (const name of ['package.json', 'tsconfig.json', 'tsup.config.ts']) {
      files.push(join(path, name));
    }
    for (const entry of readdirSync(join(path, 'src'), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
    }
  }
  return hashOf(files.sort());
}

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} name
 * @param {string} hash
 */
function isCurrent(name, hash) {
  const path = join(stateFolder, name);
  return existsSync(path) && readFileSync(path, 'utf8') === hash;
}

/**
 * @param {string} name
 * @param {string} hash
 */
function setStamp(name, hash) {
  writeFileSync(join(stateFolder, name), hash);
}
