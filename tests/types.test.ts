/**
 * The types as they are shipped, read from the build, which `npm test` makes first: what users see
 * of the packages is what they are meant to use, and no part of the inside.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { publishedFolders, root } from '../scripts/paths.mjs';

interface Entry {
  /** As users import it. */
  readonly name: string;
  /** Its declarations. */
  readonly path: string;
}

const entries = publishedFolders.flatMap(entriesOf);
const program = ts.createProgram(
  entries.map(({ path }) => path),
  {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    // Those of Node are not read: what is declared in the packages is all that matters here.
    types: [],
    noEmit: true,
  },
);
const checker = program.getTypeChecker();

test('every entry is looked at', () => {
  const names = ['@rds-tcp/core', '@rds-tcp/core/inspect', '@rds-tcp/core/testing', 'rds-tcp'];
  expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  for (const { name } of entries) expect(exportsOf(name).size).toBeGreaterThan(1);
});

/** Parts of the simulated world that show each other; a test gets them from there, unnamed. */
const WORLD_PARTS = [
  ...['ConnectionContext', 'Entry', 'IpAddress', 'LinuxConnection', 'LinuxConnectionOwner'],
  ...['LinuxMessage', 'LinuxSocketOwner', 'Phase', 'SimulatedStream', 'StreamOptions', 'World'],
];

describe.each(entries)('$name', ({ name }) => {
  const nodes = [...exportsOf(name)].flatMap(declarationsOf).flatMap(visibleIn);

  test('shows no type that has no name there', () => {
    // A subpath is used together with what it is a part of.
    const main = name.startsWith('@') ? '@rds-tcp/core' : 'rds-tcp';
    const known = new Set([...exportsOf(name), ...exportsOf(main)]);
    const strange = nodes.map(referredBy).filter((symbol) => symbol !== null && !known.has(symbol));
    const names = new Set(strange.map((symbol) => symbol?.name));
    expect([...names].sort()).toEqual(name === '@rds-tcp/core/testing' ? WORLD_PARTS : []);
  });

  test('shows nothing that is marked as internal', () => {
    const marked = nodes.filter((node) =>
      ts.getJSDocTags(node).some((tag) => tag.tagName.text === 'internal'),
    );
    expect(marked.map((node) => node.getText())).toEqual([]);
  });

  test('has no any', () => {
    const loose = nodes.filter((node) => node.kind === ts.SyntaxKind.AnyKeyword);
    expect(loose.map((node) => node.parent.getText())).toEqual([]);
  });

  test('says of each export what it is', () => {
    const silent = [...exportsOf(name)].filter(
      (symbol) => symbol.getDocumentationComment(checker).length === 0,
    );
    expect(silent.map((symbol) => symbol.name)).toEqual([]);
  });
});

describe.each(['@rds-tcp/core', 'rds-tcp'])('%s', (name) => {
  test('leaves what tools need to its subpath', () => {
    const names = [...exportsOf(name)].map((symbol) => symbol.name);
    const tools = [...exportsOf('@rds-tcp/core/inspect')].map((symbol) => symbol.name);
    expect(names).toContain('openNode');
    expect(names.filter((each) => tools.includes(each))).toEqual([]);
  });

  test('shows of a node and of a socket what programs call', () => {
    const node = ['address', 'bind', 'close', 'destroy', 'info', 'isClosed', 'ping'];
    expect(membersOf(name, 'RdsNode')).toEqual([...node, 'resetConnection', 'tcpPort']);
    expect(membersOf(name, 'RdsSocket')).toEqual([
      ...['addListener', 'address', 'cancelSentTo', 'close', 'connect', 'destination', 'destroy'],
      ...['flush', 'getsockopt', 'ioctl', 'isClosed', 'on', 'once', 'port', 'receiveBufferBytes'],
      ...['recvmmsg', 'recvmsg', 'sendBufferBytes', 'sendmsg', 'setsockopt', 'tos', 'trySendmsg'],
      'waitWritable',
    ]);
  });
});

/** What `exports` in the manifest of a package leads to. */
function entriesOf(folder: string): Entry[] {
  const path = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return Object.entries<string | { types: string }>(manifest.exports).flatMap(([key, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: `${manifest.name}${key.slice(1)}`, path: join(path, target.types) }],
  );
}

/** Where each exported name is declared. */
function exportsOf(name: string): Set<ts.Symbol> {
  const file = program.getSourceFile(entries.find((entry) => entry.name === name)?.path ?? '');
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${name} has no declarations`);
  return new Set(checker.getExportsOfModule(module).map(origin));
}

function origin(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function declarationsOf(symbol: ts.Symbol): ts.Declaration[] {
  return (symbol.declarations ?? []).filter(isOurs);
}

function isOurs(node: ts.Node): boolean {
  return /\/packages\/[\w-]+\/dist\//.test(node.getSourceFile().fileName);
}

/** The node and all below it, without what is private. */
function visibleIn(node: ts.Node): ts.Node[] {
  const flags = ts.isClassElement(node) ? ts.getCombinedModifierFlags(node) : 0;
  if (flags & ts.ModifierFlags.Private) return [];
  const below: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    below.push(...visibleIn(child));
  });
  return [node, ...below];
}

/** What a name leads to, if that is declared at the top of one of our files. */
function referredBy(node: ts.Node): ts.Symbol | null {
  const found = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined;
  if (found === undefined) return null;
  const symbol = origin(found);
  const [declaration] = declarationsOf(symbol);
  const at =
    declaration && ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return at !== undefined && ts.isSourceFile(at.parent) ? symbol : null;
}

/** What a class declares under a name, without what is private, in alphabetical order. */
function membersOf(entry: string, className: string): string[] {
  const [symbol] = [...exportsOf(entry)].filter(({ name }) => name === className);
  const [declaration] = symbol ? declarationsOf(symbol) : [];
  if (declaration === undefined || !ts.isClassDeclaration(declaration)) return [];
  const visible = declaration.members.filter((member) => visibleIn(member).length > 0);
  const names = visible.map(({ name }) => (name && ts.isIdentifier(name) ? name.text : ''));
  return names.filter((name) => name !== '').sort();
}
