/** The command as a whole: help, versions, wrong arguments. */

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { MAIN, Rds, rds } from './rds.js';

const names = COMMANDS.map(({ name }) => name);

test('it lists its commands', async () => {
  const { code, stdout, stderr } = await rds('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const { name, summary } of COMMANDS) expect(stdout).toMatch(`${name.padEnd(6)}  ${summary}`);
});

test('it knows its version', async () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { stdout } = await rds('--version');
  expect(stdout).toBe(`${JSON.parse(manifest).version}\n`);
});

test.each([
  [[], /^rds: no command was given; .*\n$/],
  [['pong'], /^rds: there is no command 'pong'; .*\n$/],
  [['ping'], /^rds ping: missing required argument 'ADDRESS'; .*\n$/],
  [['ping', '--nonsense', '127.0.0.1'], /^rds ping: unknown option '--nonsense'; .*\n$/],
  [['ping', '-i', 'x', '127.0.0.1'], /^rds ping: -i is 'x', not a time .*\n$/],
  [['recv', '127.0.0.1'], /^rds recv: '127.0.0.1' is not ADDRESS:PORT.*\n$/],
  [['recv', '--whole', '--length-prefixed', '127.0.0.1:4000'], /exclude each other\n$/],
  [['recv', '--whole', '--source', '127.0.0.1:4000'], /^rds recv: --source .*\n$/],
  [['send', '127.0.0.1:1'], /^rds send: PORT is '1', not a whole number from 2 to 65535\n$/],
  [['top', '-n', '0'], /^rds top: -n is '0', .*\n$/],
  [['tap', '-c', 'many'], /^rds tap: -c is 'many', .*\n$/],
  [['tap', '-s', '10'], /^rds tap: -s goes with -w only: .*\n$/],
  [['info', '--pid', '-3'], /^rds info: --pid is '-3', .*\n$/],
  [['info', '--node', ''], /^rds info: '' is neither an IP address nor a host .*\n$/],
  [['info', '--node', '[]:7001'], /^rds info: '\[\]' is neither .*\n$/],
  [['info', '--socket', ''], /^rds info: --socket is '', not a path\n$/],
  [['ping', ''], /^rds ping: '' is neither an IP address nor a host .*\n$/],
  [['ping', '-I', '', '127.0.0.1'], /^rds ping: '' is neither .*\n$/],
  [['help', 'nonsense'], /^rds: there is no command 'nonsense'; 'rds --help' lists them\n$/],
])('%j is a wrong argument, and said in one line', async (args, message) => {
  const { code, stdout, stderr } = await rds(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

describe.each(names)('%s --help', (name) => {
  test('has examples that are commands, and its exit codes', async () => {
    const { code, stdout } = await rds(name, '--help');
    expect(code).toBe(0);
    const [, examples = ''] = /Examples:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
    expect(examples.split('\n').length).toBeGreaterThan(1);
    for (const line of examples.split('\n')) expect(line).toMatch(new RegExp(`^  rds ${name}\\b`));
    expect(stdout).toMatch(/Exit codes:\n {2}0 /);
    expect((await rds('help', name)).stdout).toBe(stdout);
  });
});

test('a reader that leaves is no error', async () => {
  const help = new Rds(['ping', '--help']);
  help.process.stdout.destroy();
  expect(await help.ended()).toMatchObject({ code: 0, stderr: '' });
});

test.skipIf(!existsSync('/dev/full'))('what can not be written fails', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--help'], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  expect(status).toBe(1);
  expect(String(stderr)).toMatch(/^rds: ENOSPC: .*\n$/);
});
