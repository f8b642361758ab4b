// The core with all its mutants, and its tests, as JavaScript that one process can load.

import { readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../paths.mjs';
import { instrument } from './instrument.mjs';

const source = join(root, 'packages', 'rds-core', 'src');
const testFolder = join(root, 'packages', 'rds-core', 'test');
const here = dirname(fileURLToPath(import.meta.url));
const vitest = realpathSync(join(root, 'node_modules', 'vitest'));
export const folder = join(root, 'node_modules', '.mutation');

/** vitest's own, put together as vitest does: it is not to be had without the rest. */
const EXPECT = `
import * as chai from 'chai';
import { ASYMMETRIC_MATCHERS_OBJECT, JestAsymmetricMatchers, JestChaiExpect, JestExtend }
  from '@vitest/expect';
chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
const matchers = globalThis[ASYMMETRIC_MATCHERS_OBJECT];
const expectation = (value, message) => chai.expect(value, message);
export const expect = Object.assign(expectation, chai.expect, matchers);
`;

/** Below the folder of the tests, with forward slashes. @param {string} path */
const posix = (path) => path.split(sep).join('/');

/** Gives the mutants, and the test files as the bundle calls them. */
export async function bundle() {
  const tests = readdirSync(testFolder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map(posix)
    .sort();
  /** @type {import('./instrument.mjs').Mutant[]} */
  const mutants = [];
  /** @type {Map<string, string>} */
  const texts = new Map();
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).map(posix).sort()) {
    if (!file.endsWith('.ts') || file.startsWith('testing/')) continue;
    const path = join(source, file);
    const text = instrument(file, readFileSync(path, 'utf8'), mutants);
    // On the first line, so that lines keep their numbers.
    const from = JSON.stringify(join(here, 'switch.mjs'));
    texts.set(path, `import { isMutant as __isMutant } from ${from}; ${text}`);
  }
  rmSync(folder, { recursive: true, force: true });
  await build({
    entryPoints: [
      join(here, 'worker.mjs'),
      ...tests.map((file) => ({
        in: join(testFolder, file),
        out: file.replace(/\.ts$/, ''),
      })),
    ],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: false,
    logLevel: 'error',
    plugins: [planting(texts)],
  });
  return { mutants, files: tests.map((file) => file.replace(/\.ts$/, '.mjs')) };
}

/** @param {Map<string, string>} texts @returns {import('esbuild').Plugin} */
function planting(texts) {
  return {
    name: 'mutants',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', namespace: 'shim' }));
      onLoad({ filter: /.*/, namespace: 'shim' }, () => ({
        contents: `${EXPECT}export * from ${JSON.stringify(join(here, 'shim.mjs'))};`,
        resolveDir: vitest,
      }));
      onResolve({ filter: /^@rds-tcp\/core/ }, ({ path }) => {
        const own = path.slice('@rds-tcp/core'.length);
        return {
          path: join(source, own === '/testing' ? 'testing/index.ts' : `${own || 'index'}.ts`),
        };
      });
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: (texts.get(path) ?? readFileSync(path, 'utf8')).replaceAll(
          'import.meta.url',
          JSON.stringify(pathToFileURL(path).href),
        ),
        loader: 'ts',
      }));
    },
  };
}
