/**
 * The rules of this repository that no tool of ours checks. Biome sees to the format, the length
 * of functions, the names of files and import cycles; the compiler to what the core may use.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const MAX_LINES = 400;
const MAX_COLUMNS = 100;

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = packageFiles('src', '.ts').map(read);
const coreSources = sources.filter(({ path }) => path.startsWith('packages/rds-core/'));
const documents = [
  ...filesIn('', '.md', false),
  ...filesIn('docs', '.md'),
  ...packageFiles('', '.md', false),
].map(read);

interface File {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

describe('sources', () => {
  test('are there', () => {
    expect(coreSources.length).toBeGreaterThan(0);
  });

  test('open with a comment that says what the file is', () => {
    expect(pathsOf(sources.filter(({ text }) => !/^(#!.*\n)?\/(\*\*|\/)/.test(text)))).toEqual([]);
  });

  test(`have at most ${MAX_LINES} lines`, () => {
    const long = sources.filter(({ text }) => text.trimEnd().split('\n').length > MAX_LINES);
    expect(pathsOf(long)).toEqual([]);
  });

  test(`have at most ${MAX_COLUMNS} columns`, () => {
    expect(places(sources, (line) => line.length > MAX_COLUMNS)).toEqual([]);
  });

  test('leave nothing for later', () => {
    expect(places(sources, (line) => /\b(TODO|FIXME|XXX)\b/.test(line))).toEqual([]);
  });
});

describe('the core', () => {
  test('takes time, chance and the world from its runtime alone', () => {
    const impure = /\bMath\.random\b|\bDate\b|\bperformance\b|['"]node:/;
    expect(places(coreSources, (line) => impure.test(withoutComment(line)))).toEqual([]);
  });
});

describe('documents', () => {
  test('have no broken link', () => {
    const broken = documents.flatMap((document) =>
      linksOf(document.text)
        .filter((link) => !resolves(document.path, link))
        .map((link) => `${document.path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});

/** The relative links, in no code. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

function resolves(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? from : join(dirname(from), decodeURIComponent(path));
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || !target.endsWith('.md') || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  return [...read(path).text.matchAll(/^#+ +(.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Good enough for comments that start a line, as all of ours do. */
function withoutComment(line: string): string {
  return /^\s*(\/\/|\/?\*)/.test(line) ? '' : line;
}

/** Where the lines are that `matches` finds, as `path:line`. */
function places(files: readonly File[], matches: (line: string) => boolean): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (matches(line) ? [`${path}:${index + 1}`] : [])),
  );
}

function pathsOf(files: readonly File[]): string[] {
  return files.map(({ path }) => path);
}

function packageFiles(folder: string, extension: string, recursive = true): string[] {
  return readdirSync(join(root, 'packages')).flatMap((name) =>
    filesIn(join('packages', name, folder), extension, recursive),
  );
}

function filesIn(folder: string, extension: string, recursive = true): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

function read(path: string): File {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}
