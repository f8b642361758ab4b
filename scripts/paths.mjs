// Where things are in this repository.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The packages that are built; the first two are published. */
export const packageFolders = ['rds-core', 'rds-tcp', 'rds-examples'];
export const publishedFolders = packageFolders.slice(0, 2);

/**
 * The file behind a command of an installed development dependency.
 *
 * @param {string} packageName
 * @param {string} [command]
 */
export function toolPath(packageName, command = packageName) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}
