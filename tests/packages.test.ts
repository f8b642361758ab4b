/**
 * The packages as their users get them: packed, installed into an empty project, imported,
 * required and compiled against. `RDS_TEST_NODE_VERSIONS="22 24"` runs the programs on these
 * versions of Node as well.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packPackages } from '../scripts/pack.mjs';
import { toolPath } from '../scripts/paths.mjs';
import { runNodeQuietly, runShellQuietly } from '../scripts/process.mjs';

/** Enough for an installation, or to fetch another version of Node. */
const SLOW_MS = 180_000;

const thisVersion = process.versions.node;
const otherVersions = process.env.RDS_TEST_NODE_VERSIONS?.split(/\s+/).filter(Boolean) ?? [];
const folder = mkdtempSync(join(tmpdir(), 'rds-packages-'));
const project = join(folder, 'project');

const conversation = `
// Keeps nothing alive: it only speaks up when something else does.
setTimeout(() => {
  console.error('The process did not end by itself.');
  process.exit(1);
}, 10_000).unref();

async function talk(createNode, { tapFrames, listMessages }) {
  const node = await createNode({ address: '127.0.0.1', tcpPort: 0 });
  const left = node.bind(4000);
  const right = node.bind(4001);
  await left.sendmsg('hello', { address: '127.0.0.1', port: 4001 });
  const { data, from } = await right.recvmsg();
  console.log(process.version, new TextDecoder().decode(data), 'from', from.port);
  // Only the copy of the core that made the node can look into it.
  await left.sendmsg('unread', { address: '127.0.0.1', port: 4001 }, { until: 'delivered' });
  console.log('queued', listMessages(node, 'receive').messages[0].bytes);
  tapFrames(node, () => {})();
  await node.close();
}
`;

const importing = `
import assert from 'node:assert';
import * as core from '@rds-tcp/core';
import * as inspect from '@rds-tcp/core/inspect';
import '@rds-tcp/core/testing';
import { createNode, RdsError } from 'rds-tcp';
${conversation}
assert.equal(RdsError, core.RdsError);
await talk(createNode, inspect);
`;

const requiring = `
const assert = require('node:assert');
const core = require('@rds-tcp/core');
const inspect = require('@rds-tcp/core/inspect');
const { createNode, RdsError } = require('rds-tcp');
${conversation}
import('rds-tcp').then(async (imported) => {
  assert.equal(RdsError, core.RdsError);
  assert.equal(RdsError, imported.RdsError);
  await talk(createNode, inspect);
  await talk(imported.createNode, await import('@rds-tcp/core/inspect'));
});
`;

const compiling = `
import { listMessages, type TappedFrame, tapFrames } from '@rds-tcp/core/inspect';
import * as testing from '@rds-tcp/core/testing';
import { createNode, RdsError, type RdsNode, type RdsSocket } from 'rds-tcp';

export async function use(): Promise<string> {
  const node: RdsNode = await createNode({ address: '127.0.0.1', tcpPort: 0 });
  const socket: RdsSocket = node.bind(4000);
  await socket.sendmsg('hello', { address: '127.0.0.1', port: 4000 });
  const { data, from }: { data: Uint8Array; from: { port: number } } = await socket.recvmsg();
  const frames: TappedFrame[] = [];
  const stop: () => void = tapFrames(node, (frame) => frames.push(frame));
  stop();
  const total: number = listMessages(node, 'receive').total;
  await node.close();
  return String(data.length + from.port + total);
}

export const code: string = new RdsError('EINVAL', 'no').code;
export const names: string[] = Object.keys(testing);
// @ts-expect-error: the types are there, so a wrong one is noticed.
export const wrong: number = createNode;
`;

const compilingRequire = `
import core = require('@rds-tcp/core');
import inspect = require('@rds-tcp/core/inspect');
import rds = require('rds-tcp');

export const same: typeof core.RdsError = rds.RdsError;
export const tap: (node: rds.RdsNode, observer: () => void) => () => void = inspect.tapFrames;
`;

beforeAll(async () => {
  mkdirSync(project);
  const dependencies = await packPackages(folder);
  write('package.json', JSON.stringify({ private: true, dependencies }));
  write('import.mjs', importing);
  write('require.cjs', requiring);
  write('consumer.ts', compiling);
  write('consumer.cts', compilingRequire);
  write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['consumer.*'] }));
  await runShellQuietly('npm install --prefer-offline', project);
}, SLOW_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const compilerOptions = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  // Nothing may be missing from our types that only @types/node or the DOM would bring.
  types: [],
  skipLibCheck: false,
  strict: true,
  noEmit: true,
};

test('the library has one dependency besides ours, and the command a few', () => {
  expect(dependenciesOf('@rds-tcp/core')).toEqual(['eventemitter3']);
  const command = ['commander', 'hdr-histogram-js'];
  expect(dependenciesOf('rds-tcp').sort()).toEqual(['@rds-tcp/core', ...command]);
});

test('the command runs with npx', { timeout: SLOW_MS }, async () => {
  const { version } = manifestOf('rds-tcp');
  // What npm itself says stands around it.
  const line = new RegExp(`^${version.replaceAll('.', '\\.')}$`, 'm');
  expect(await runShellQuietly('npx rds-tcp --version', project)).toMatch(line);
  for (const name of ['ping', 'send', 'recv', 'info', 'top', 'tap', 'stress']) {
    const help = await runShellQuietly(`npx rds help ${name}`, project);
    expect(help).toContain(`Usage: rds ${name}`);
  }
});

test('the types resolve in a project of its own', async () => {
  await runNodeQuietly([toolPath('typescript', 'tsc')], project);
});

describe.each([thisVersion, ...otherVersions])('on Node %s', (version) => {
  test('the packages can be imported', { timeout: SLOW_MS }, async () => {
    expectToTalk(await runProgram('import.mjs', version));
  });

  test('and required, which gives the same classes', { timeout: SLOW_MS }, async () => {
    expectToTalk(await runProgram('require.cjs', version));
  });
});

function expectToTalk(output: string): void {
  expect(output).toContain('hello from 4000');
  expect(output).toContain('queued 6');
}

function dependenciesOf(name: string): string[] {
  return Object.keys(manifestOf(name).dependencies);
}

/** Of an installed package. */
function manifestOf(name: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8'));
}

/** Gives what the program printed; fails when it failed or did not end by itself. */
async function runProgram(name: string, version: string): Promise<string> {
  const output = await (version === thisVersion
    ? runNodeQuietly([name], project)
    : runShellQuietly(`npx --yes node@${version} ${name}`, project));
  expect(output).toContain(`v${version}`);
  return output;
}

function write(name: string, text: string): void {
  writeFileSync(join(project, name), text);
}
