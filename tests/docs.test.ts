/**
 * The documents, against the code: their programs run and print what they say, and what they list
 * is what there is. Programs run on the build, which `npm test` makes first.
 */

import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stats } from '../packages/rds-core/src/stats.js';
import { FAULTS } from '../packages/rds-core/src/testing/faults.js';
import { FrameDecoder } from '../packages/rds-core/src/wire/frame-decoder.js';
import { root, toolPath } from '../scripts/paths.mjs';
import { runNodeQuietly } from '../scripts/process.mjs';

/** What a program in a document may take; each is done in less than a second. */
const PROGRAM_LIMIT_MS = 15_000;
const COMPILER_LIMIT_MS = 60_000;

/** Programs of other test runs use the same TCP ports, so each run has its own addresses. */
const manyLoopbacks = process.platform !== 'darwin';
const loopbacks = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.`;

interface Block {
  /** Where it stands: the document, the heading and the number of the block. */
  readonly place: string;
  readonly heading: string;
  readonly language: string;
  /** What stands behind the language. */
  readonly label: string;
  readonly text: string;
  /** What the block right behind it says that the program prints. */
  readonly output: string | null;
}

const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...packages.map((path) => `${path}/README.md`).filter((path) => read(path) !== ''),
];
const blocks = documents.flatMap(blocksOf);
/** Blocks that show a file of the repository, which is their label, and is run where it is. */
const shownFiles = blocks.filter(({ label }) => /^\S+\/\S+\.\w+$/.test(label));
const programs = blocks.filter(
  (block) =>
    ['js', 'mjs', 'ts'].includes(block.language) &&
    /^import /m.test(block.text) &&
    !shownFiles.includes(block),
);

describe('programs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rds-docs-'));

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules', '@rds-tcp'), { recursive: true });
    for (const [name, path] of [
      ['rds-tcp', 'rds-tcp'],
      ['@rds-tcp/core', 'rds-core'],
    ] as const) {
      symlinkSync(join(root, 'packages', path), join(folder, 'node_modules', name), 'junction');
    }
    for (const block of programs) writeFileSync(join(folder, fileOf(block)), sourceOf(block));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(runsOf(programs))('$name', { timeout: 2 * PROGRAM_LIMIT_MS }, async ({ blocks }) => {
    const outputs = await Promise.all(blocks.map((block) => run(folder, block)));
    for (const [index, { output }] of blocks.entries()) {
      if (output !== null) expect(outputs[index]).toBe(here(output));
    }
  });

  test('have no wrong type', { timeout: COMPILER_LIMIT_MS }, async () => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compilerConfig(folder)));
    await runNodeQuietly([toolPath('typescript', 'tsc')], folder);
  });

  test('are in the documents', () => {
    expect(programs.length).toBeGreaterThan(5);
  });
});

describe('docs/API.md', () => {
  const api = read('docs/API.md');
  const missing = (names: readonly string[]): string[] =>
    names.filter((name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(api));

  test.each([
    'rds-core/src/index.ts',
    'rds-core/src/inspect.ts',
    'rds-core/src/testing/index.ts',
    'rds-core/src/codec/msgpack.ts',
    'rds-tcp/src/index.ts',
    'rds-tcp/src/prometheus.ts',
    'rds-tcp/src/opentelemetry.ts',
  ])('has every exported name of %s', (path) => {
    const names = exportsOf(read(`packages/${path}`));
    expect(names.length).toBeGreaterThan(1);
    expect(missing(names)).toEqual([]);
  });

  test.each([
    ['RdsErrorCode', 'errors.ts'],
    ['Outcome', 'errors.ts'],
    ['CloseReason', 'close-reason.ts'],
    ['PeerKind', 'peer.ts'],
    ['DialRule', 'testing/link.ts'],
    ['ConnectionEventKind', 'testing/trace.ts'],
  ])('has every %s', (name, file) => {
    const values = membersOf(name, file);
    expect(values.length).toBeGreaterThan(1);
    expect(missing(values)).toEqual([]);
  });

  test.each([
    ['NodeOptions', 'options.ts'],
    ['BufferOptions', 'options.ts'],
    ['BindOptions', 'options.ts'],
    ['ReconnectOptions', 'options.ts'],
    ['SendOptions', 'sender.ts'],
    ['WaitWritableOptions', 'sender.ts'],
    ['ReceiveOptions', 'receiver.ts'],
    ['CloseOptions', 'socket.ts'],
    ['WaitOptions', 'pending.ts'],
    ['NodeInfo', 'info.ts'],
    ['SocketInfo', 'info.ts'],
    ['ConnectionInfo', 'info.ts'],
    ['PathInfo', 'info.ts'],
    ['Runtime', 'runtime.ts'],
    ['Stream', 'runtime.ts'],
    ['StreamHandler', 'runtime.ts'],
    ['SimulationOptions', 'testing/simulation.ts'],
    ['NetworkOptions', 'testing/network.ts'],
    ['StreamOptions', 'testing/stream.ts'],
    ['PieceOptions', 'testing/send-buffer.ts'],
    ['LinkOptions', 'testing/link.ts'],
    ['HostOptions', 'testing/host.ts'],
    ['CutFault', 'testing/connection.ts'],
    ['ChaosOptions', 'testing/faults.ts'],
    ['FaultScene', 'testing/faults.ts'],
    ['LinuxPeerOptions', 'testing/linux-peer.ts'],
    ['LinuxSocketOptions', 'testing/linux-socket.ts'],
  ])('has every field of %s', (name, file) => {
    const fields = fieldsOf(name, file);
    expect(fields.length).toBeGreaterThan(0);
    expect(missing(fields)).toEqual([]);
  });

  test.each([
    ['RdsNode', 'node.ts'],
    ['RdsSocket', 'socket.ts'],
    ['SimulatedClock', 'testing/clock.ts'],
    ['SimulatedNetwork', 'testing/network.ts'],
    ['SeededRandom', 'testing/random.ts'],
  ])('has every method of %s', (name, file) => {
    const methods = methodsOf(name, file);
    expect(methods.length).toBeGreaterThan(4);
    expect(missing(methods)).toEqual([]);
  });

  test('has every counter, and no other', () => {
    const counters = Object.entries(new Stats()).filter(([, value]) => typeof value === 'number');
    const documented = rowsOf(api, '| counter | counts |').flatMap(([names = '']) =>
      codesIn(names),
    );
    const names = counters.map(([name]) => name);
    expect(documented.sort()).toEqual([...names, 'tcp_closed_…'].sort());
  });
});

describe('docs/ARCHITECTURE.md', () => {
  const text = read('docs/ARCHITECTURE.md');
  const sources = packages.flatMap((path) => sourcesOf(`${path}/src`));
  const labelled = (label: string): string =>
    blocksOf('docs/ARCHITECTURE.md')
      .filter((block) => block.label === label)
      .map((block) => block.text)
      .join('\n');

  test('names every source file, and no other', () => {
    const tree = text.slice(text.indexOf('## The tree'), text.indexOf('## The send path'));
    const named = [...tree.matchAll(/[\w-]+\.ts\b/g)].map(([name]) => name);
    const shown = ['rds-core', 'rds-tcp'].flatMap((name) =>
      readdirSync(join(root, 'packages', name, 'src')).filter((file) => file.endsWith('.ts')),
    );
    expect(named.filter((name) => name !== 'msgpack.ts').sort()).toEqual(shown.sort());
  });

  test('names functions that exist', () => {
    const names = [...labelled('calls').matchAll(/(\w+)\(/g)].map(([, name]) => name);
    const all = sources.map((source) => source.text).join('\n');
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\(`).test(all))).toEqual([]);
  });

  test('has the limits of the code', () => {
    const rows = rowsOf(text, '| limit | value | file | reason |');
    expect(rows.length).toBeGreaterThan(30);
    for (const [name = '', value = '', file = ''] of rows) {
      const source = sources.find(({ path }) => path.endsWith(`/${file}`))?.text ?? '';
      const constant = name.replaceAll('`', '');
      const [, code = ''] = new RegExp(`const ${constant} = (.*);`).exec(source) ?? [];
      expect({ [constant]: numberOfProse(value) }).toEqual({ [constant]: numberOfCode(code) });
    }
  });
});

describe('docs/PROTOCOL.md', () => {
  const maps = new Uint8Array(8192);
  const examples = blocksOf('docs/PROTOCOL.md').flatMap(({ label, text }) =>
    label === 'frames' || label === 'maps'
      ? text
          .split('\n')
          .filter((line) => /^[\da-f ]{80,}$/.test(line))
          .map((line) => ({ label, line }))
      : [],
  );

  test.each(examples)('has a frame that can be read: $line', ({ label, line }) => {
    const bytes = Buffer.from(line.replaceAll(' ', ''), 'hex');
    const seen: number[] = [];
    const frame = (_: unknown, payload: Uint8Array) => {
      seen.push(payload.byteLength);
      return false;
    };
    const sink = { frame, nextFrame() {} };
    const decoder = new FrameDecoder(1024);
    expect(decoder.push(bytes, sink)).toBeNull();
    if (label === 'maps') decoder.push(maps, sink);
    expect(seen).toEqual([label === 'maps' ? 8192 : bytes.byteLength - 48]);
  });
});

describe('docs/GUARANTEES.md', () => {
  test('names tests that exist', () => {
    const named = codesIn(read('docs/GUARANTEES.md')).filter((name) => name.endsWith('.test.ts'));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => read(`packages/${path}`) === '')).toEqual([]);
  });

  test('names checkers that exist', () => {
    const folder = 'packages/rds-core/test/simulation';
    const checkers = read(`${folder}/ledger.ts`) + read(`${folder}/rules.ts`);
    const named = [...read('docs/GUARANTEES.md').matchAll(/“([^”]+)”/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !checkers.includes(`'${name}'`))).toEqual([]);
  });
});

describe('docs/PARITY.md', () => {
  const parity = read('docs/PARITY.md');
  const rows = tablesOf(parity).filter(({ head }) => head.includes('shown by'));

  test('names tests that exist', () => {
    const named = codesIn(parity).filter((name) => name.endsWith('.test.ts'));
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((path) => read(`packages/${path}`) === '')).toEqual([]);
  });

  test('says of each row what is there, and shows it where it says that it is', () => {
    const cells = rows.flatMap(({ body }) => body);
    expect(cells.length).toBeGreaterThan(70);
    const marked = /^(yes|better|other|not yet|no)(?=$|[:;,]| )/;
    expect(cells.filter(([, , here = '']) => !marked.test(here) && here !== '')).toEqual([]);
    const claimed = cells.filter(([, , here = '']) => /^(yes|better)/.test(here));
    expect(claimed.filter(([, , , test = '']) => !test.includes('.test.ts'))).toEqual([]);
  });

  test('has the 36 counters of the kernel and 5 of its TCP, those that are here and no other', () => {
    const counters = rowsOf(parity, '| counter | here | why, or what differs |');
    expect(counters).toHaveLength(36 + 5);
    const counted = new Stats();
    for (const [name = '', here = '', why = ''] of counters) {
      const counter = name.replaceAll('`', '');
      expect({ [counter]: here }).toEqual({ [counter]: counter in counted ? 'yes' : 'no' });
      if (here === 'no') expect(why).not.toBe('');
    }
  });
});

describe('docs/OPERATIONS.md', () => {
  test('sends nobody to look at what is not there', () => {
    const tables = tablesOf(read('docs/OPERATIONS.md'));
    const named = tables.flatMap(({ head, body }) =>
      body.flatMap((row) => codesIn(row[head.indexOf('look at')] ?? '')),
    );
    expect(named.length).toBeGreaterThan(60);
    const reasons = membersOf('CloseReason', 'close-reason.ts');
    const known = new Set([
      ...Object.keys(new Stats()),
      ...reasons,
      ...reasons.map((reason) => `tcp_closed_${reason.replaceAll('-', '_')}`),
      ...['NodeInfo', 'SocketInfo', 'ConnectionInfo'].flatMap((name) => fieldsOf(name, 'info.ts')),
      ...membersOf('RdsErrorCode', 'errors.ts'),
      ...['down', 'connecting', 'knocking', 'linux', 'error'],
      ...["'uncertain'", "'restarted'", "'refused'", 'rds-tcp:accept-failed'],
    ]);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/TESTING.md', () => {
  test('has every fault, and no other', () => {
    const head = '| fault | what happens to one machine, or between two |';
    const rows = rowsOf(read('docs/TESTING.md'), head);
    expect(rows.flatMap(([name = '']) => codesIn(name))).toEqual(Object.keys(FAULTS));
  });

  test('shows a test that is run', () => {
    expect(shownFiles.length).toBeGreaterThan(0);
    for (const { label, text } of shownFiles) expect(text).toBe(read(label));
  });
});

// ── Programs ─────────────────────────────────────────────────────────────────────────────────────

/** Blocks that begin with a file name, under one heading, are the processes of one program. */
function runsOf(all: readonly Block[]): { name: string; blocks: Block[] }[] {
  const runs = new Map<string, Block[]>();
  for (const block of all) {
    const key = /^\/\/ \S+\.m?js$/m.test(block.text.split('\n')[0] ?? '')
      ? block.heading
      : block.place;
    runs.set(key, [...(runs.get(key) ?? []), block]);
  }
  return [...runs].map(([name, blocks]) => ({ name, blocks }));
}

async function run(folder: string, block: Block): Promise<string> {
  const options = { cwd: folder, timeout: PROGRAM_LIMIT_MS, killSignal: 'SIGKILL' } as const;
  const args = [fileOf(block).replace(/\.ts$/, '.mjs')];
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return stdout;
}

function fileOf({ place, language }: Block): string {
  return `${place.replaceAll(/\W+/g, '-')}.${language === 'ts' ? 'ts' : 'mjs'}`;
}

function sourceOf({ language, text }: Block): string {
  const source = here(text);
  if (language !== 'ts') return source;
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

function here(text: string): string {
  return manyLoopbacks ? text.replaceAll('127.0.0.', loopbacks) : text;
}

function compilerConfig(folder: string): object {
  const source = (path: string): string[] => [join(root, 'packages', path)];
  return {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      module: 'NodeNext',
      typeRoots: [join(root, 'node_modules', '@types')],
      types: ['node'],
      strict: true,
      noEmit: true,
      allowJs: true,
      checkJs: true,
      skipLibCheck: true,
      paths: {
        'rds-tcp': source('rds-tcp/src/index.ts'),
        'rds-tcp/prometheus': source('rds-tcp/src/prometheus.ts'),
        'rds-tcp/opentelemetry': source('rds-tcp/src/opentelemetry.ts'),
        '@rds-tcp/core': source('rds-core/src/index.ts'),
        '@rds-tcp/core/inspect': source('rds-core/src/inspect.ts'),
        '@rds-tcp/core/testing': source('rds-core/src/testing/index.ts'),
        '@rds-tcp/core/codec/msgpack': source('rds-core/src/codec/msgpack.ts'),
      },
    },
    files: programs.map((block) => join(folder, fileOf(block))),
  };
}

// ── Documents ────────────────────────────────────────────────────────────────────────────────────

function blocksOf(path: string): Block[] {
  const text = read(path);
  const found = [...text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)];
  return found.map((match, index) => {
    const [whole, language = '', label = '', code = ''] = match;
    const headings = text.slice(0, match.index).match(/^#+ .*$/gm) ?? [];
    const next = found[index + 1];
    const between = text.slice(match.index + whole.length, next?.index);
    const isOutput = next?.[1] === 'text' && next[2] === 'output' && between.trim() === '';
    return {
      place: `${path} ${index + 1}`,
      heading: `${path} ${headings.at(-1) ?? ''}`,
      language,
      label,
      text: code,
      output: isOutput ? (next[3] ?? '') : null,
    };
  });
}

/** The cells of the table with this head. */
function rowsOf(text: string, head: string): string[][] {
  const [, table = ''] = text.split(`${head}\n`);
  const [rows = ''] = table.split('\n\n');
  const lines = rows.split('\n').slice(1);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Every table: the cells of its head, and of its rows. */
function tablesOf(text: string): { head: string[]; body: string[][] }[] {
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  return [...text.matchAll(/^(\|.*\|)\n\|[-|]+\|\n((?:\|.*\|\n?)+)/gm)].map(
    ([, head = '', body = '']) => ({
      head: cellsOf(head),
      body: body.trim().split('\n').map(cellsOf),
    }),
  );
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function numberOfProse(text: string): number {
  const [number = '', unit] = text.replaceAll(',', '').split(' ');
  return Number(number) * ({ KiB: 1024, MiB: 1024 ** 2 }[unit ?? ''] ?? 1);
}

/** A number, a product or a power of two, as constants are written. */
function numberOfCode(code: string): number {
  const [left = '', shift] = code.replaceAll('_', '').split(' << ');
  if (shift !== undefined) return Number(left) * 2 ** Number(shift);
  return left.split(' * ').reduce((product, factor) => product * Number(factor), 1);
}

// ── Sources ──────────────────────────────────────────────────────────────────────────────────────

function exportsOf(source: string): string[] {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.trim().replace(/^type /, '')),
  );
  const named = /^export (?:async )?(?:function|class|interface|const|type) (\w+)/gm;
  const own = [...source.matchAll(named)].map(([, name = '']) => name);
  return [...lists, ...own].filter((name) => name !== '');
}

/** The values of a union of strings. */
function membersOf(name: string, file: string): string[] {
  const source = read(`packages/rds-core/src/${file}`);
  const [, union = ''] = new RegExp(`export type ${name} =([^;]*);`).exec(source) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, value = '']) => value);
}

function fieldsOf(name: string, file: string): string[] {
  const source = read(`packages/rds-core/src/${file}`);
  const start = new RegExp(`export interface ${name}\\b[^{]*\\{`);
  const [, body = ''] = new RegExp(`${start.source}([\\s\\S]*?)^\\}`, 'm').exec(source) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, field = '']) => field);
}

/** Those that are not private. */
function methodsOf(name: string, file: string): string[] {
  const source = read(`packages/rds-core/src/${file}`);
  const body = source.slice(source.indexOf(`export class ${name}`));
  const found = body.matchAll(/^ {2}(?:async |get )?(\w+)\(.*\{$/gm);
  const methods = [...found].map(([, method = '']) => method);
  return methods.filter((method) => method !== 'constructor');
}

function sourcesOf(folder: string): { path: string; text: string }[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .map((path) => ({ path, text: read(path) }));
  } catch {
    return [];
  }
}

/** Empty if it is not there. */
function read(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}
