// The simulation's worker as one file of JavaScript, the core's sources in it. A bundle can carry
// one change to the sources, made on the way: that is how mutants are made, and nothing is left of
// them.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { root } from '../paths.mjs';

const folder = join(root, 'node_modules', '.simulate');
const testFolder = join(root, 'packages', 'rds-core', 'test', 'simulation');

/**
 * @typedef {object} Patch
 * @property {string} file below packages/rds-core/src
 * @property {string} find what stands there exactly once
 * @property {string} replace
 */

/**
 * Gives the path of the bundle.
 *
 * @param {string} name of the entry in packages/rds-core/test/simulation, without extension
 * @param {{ name: string, patches: Patch[] }} [mutant]
 */
export async function bundle(name, mutant) {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${mutant === undefined ? name : mutant.name}.mjs`);
  await build({
    entryPoints: [join(testFolder, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    plugins: mutant === undefined ? [] : [patching(mutant.patches)],
  });
  return outfile;
}

/**
 * @param {Patch[]} patches
 * @returns {import('esbuild').Plugin}
 */
function patching(patches) {
  const source = join(root, 'packages', 'rds-core', 'src');
  return {
    name: 'mutant',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const file = relative(source, path).split(sep).join('/');
        const own = patches.filter((patch) => patch.file === file);
        if (own.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const { find, replace } of own) {
          const count = contents.split(find).length - 1;
          if (count !== 1)
            throw new Error(`${file} has ${count} times what is to change:\n${find}`);
          contents = contents.replace(find, () => replace);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
