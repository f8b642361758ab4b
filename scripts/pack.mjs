// Makes the tarballs that would be published.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedFolders, root } from './paths.mjs';
import { runPnpm } from './process.mjs';

/**
 * Packs the published packages and gives the path of each one's tarball, by package name.
 *
 * @param {string} folder where the tarballs go
 * @returns {Promise<Record<string, string>>}
 */
export async function packPackages(folder) {
  const filters = publishedFolders.map((name) => `--filter "./packages/${name}"`).join(' ');
  await runPnpm(`${filters} pack --pack-destination "${folder}"`);
  return Object.fromEntries(publishedFolders.map((name) => tarball(name, folder)));
}

/**
 * @param {string} packageFolder
 * @param {string} folder
 */
function tarball(packageFolder, folder) {
  const manifest = readFileSync(join(root, 'packages', packageFolder, 'package.json'), 'utf8');
  const { name, version } = JSON.parse(manifest);
  return [name, join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)];
}
