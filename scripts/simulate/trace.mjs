// The whole story of one seed, as a page: see docs/TESTING.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { bundle } from './bundle.mjs';
import { pageOf, summaryOf } from './page-html.mjs';

/**
 * Runs a seed and writes its page. Resolves to the exit code: 1 if a rule was violated.
 *
 * @param {number} seed
 * @param {number} [paths]
 * @param {string} [mode]
 * @param {string} [file]
 */
export async function writeTrace(
  seed,
  paths = 1,
  mode = 'usual',
  file = `simulation-${seed}.html`,
) {
  /** @type {typeof import('../../packages/rds-core/test/simulation/story.ts')} */
  const { tellStory } = await import(pathToFileURL(await bundle('story')).href);
  const story = await tellStory(seed, paths, mode);
  const path = resolve(file);
  writeFileSync(path, pageOf(story, { style: readStyle(), script: await buildScript() }));
  for (const violation of story.violations) console.log(violation);
  console.log(`seed ${seed}: ${summaryOf(story)}`);
  console.log(path);
  return story.violations.length === 0 ? 0 : 1;
}

function readStyle() {
  return ['./page.css', './page-diagram.css']
    .map((name) => readFileSync(new URL(name, import.meta.url), 'utf8'))
    .join('\n');
}

/** The page's modules as one script. */
async function buildScript() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve('./page-main.mjs'))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    logLevel: 'error',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}
