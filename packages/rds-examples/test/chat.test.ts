/** `npm run chat`: who is there, and what they tell each other. */

import { spawnSync } from 'node:child_process';
import { beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from './free-ports.js';
import { example, examplePath, Program } from './program.js';

/** Of util-linux: it runs a command in a pseudo-terminal. Others of the name want other options. */
const script = 'script';
const hasScript = spawnSync(script, ['--version'], { encoding: 'utf8' }).stdout?.includes(
  'util-linux',
);

let environment: { TCP_PORT: string };
beforeEach(async () => {
  environment = { TCP_PORT: String(await freePorts(8)) };
});

function chat(...args: string[]): Program {
  return example('chat', args, environment);
}

describe('on one machine', () => {
  test('two find each other and talk, until one quits', async () => {
    await using alice = chat('alice');
    await alice.says('You are alice at 127.0.0.1:');
    await using bob = chat('bob');
    await bob.says('* alice is here.');
    await alice.says('* bob joined.');
    alice.types('hello, who is there?\n');
    await bob.says('alice: hello, who is there?\n');
    bob.types('/msg alice only me\n');
    await alice.says('bob (to you): only me\n');
    alice.types('/who\n');
    await alice.says('you, bob\n');
    bob.types('/quit\n');
    expect(await bob.ended).toEqual({ code: 0, signal: null });
    await alice.says('* bob left.');
    alice.types('anybody?\n');
    await alice.says('Nobody else is here yet.');
    alice.closeInput();
    expect(await alice.ended).toEqual({ code: 0, signal: null });
    expect(alice.errors + bob.errors).toBe('');
  });

  test('a private message is for one', async () => {
    await using alice = chat('alice');
    await alice.says('You are alice');
    await using bob = chat('bob');
    await alice.says('* bob joined.');
    await using carol = chat('carol');
    await alice.says('* carol joined.');
    await bob.says('* carol joined.');
    alice.types('/msg bob a secret\nfor all\n');
    await bob.says('alice (to you): a secret\n');
    await carol.says('alice: for all\n');
    expect(carol.output).not.toContain('secret');
  });

  test('who is killed has left, and can come back', async () => {
    await using alice = chat('alice');
    await alice.says('You are alice');
    await using bob = chat('bob');
    await alice.says('* bob joined.');
    bob.kill('SIGKILL');
    await alice.says('* bob left.');
    await using again = chat('bob');
    await alice.says('* bob joined.');
    alice.types('welcome back\n');
    await again.says('alice: welcome back\n');
  });

  test('a name is given once', async () => {
    await using alice = chat('alice');
    await alice.says('You are alice');
    await using other = chat('alice');
    expect(await other.ended).toEqual({ code: 2, signal: null });
    expect(other.errors).toMatch(/^Somebody at 127\.0\.0\.1:\d+ is alice already\.\n$/);
    // For whoever was there, nothing has happened.
    await using bob = chat('bob');
    await bob.says('* alice is here.');
    await alice.says('* bob joined.');
    expect(alice.output).not.toContain('* alice');
  });

  test('what is wrong is answered with a sentence', async () => {
    await using alice = chat('alice');
    alice.types('/dance\n');
    await alice.says('There is no command /dance. Commands: /msg NAME TEXT, /who, /quit.');
    alice.types('/msg zed hello\n');
    await alice.says('There is no zed here;');
    alice.types('/msg\n/msg zed\n');
    await alice.says('/msg NAME TEXT');
    await alice.says('/msg NAME TEXT');
    alice.types('  \nhello\n');
    await alice.says('Nobody else is here yet.');
  });

  test('nobody controls the terminal of another', async () => {
    await using alice = chat('alice');
    await using bob = chat('bob');
    await alice.says('* bob');
    alice.types('red \u001b[31malert\u0007\n');
    await bob.says('alice: red  [31malert \n');
  });
});

// macOS has one loopback address.
describe.skipIf(process.platform === 'darwin')('with addresses', () => {
  test('it is enough to know one who is there', async () => {
    await using bob = chat('bob', '127.0.0.2', '127.0.0.1');
    await bob.says('You are bob at 127.0.0.2:');
    // Bob was too early, and keeps calling.
    await using alice = chat('alice', '127.0.0.1');
    await bob.says('* alice joined.');
    await using carol = chat('carol', '127.0.0.3', '127.0.0.1');
    await carol.says('* bob is here.');
    carol.types('/msg bob hello\n');
    await bob.says('carol (to you): hello\n');
    alice.types('/quit\n');
    await carol.says('* alice left.');
  });
});

describe('is refused, with a sentence', () => {
  test.each([
    { what: 'no name', args: [], says: 'Say who you are' },
    { what: 'a name that is none', args: ['a b'], says: 'Say who you are' },
    { what: 'an address that is none', args: ['alice', 'bob'], says: 'is not an IP address' },
    {
      what: "another machine's address",
      args: ['alice', '203.0.113.7'],
      says: '203.0.113.7 is no address of this machine',
    },
  ])('$what', async ({ args, says }) => {
    await using program = chat(...args);
    expect(await program.ended).toEqual({ code: 2, signal: null });
    expect(program.errors).toContain(says);
    expect(program.errors.trim().split('\n')).toHaveLength(1);
  });
});

// Needs the command `script` of util-linux, which makes a pseudo-terminal.
describe.skipIf(!hasScript)('on a terminal', () => {
  function chatOnTerminal(name: string): Program {
    const command = `"${process.execPath}" "${examplePath('chat')}" ${name}`;
    return new Program(script, ['-qec', command, '/dev/null'], environment);
  }

  test('what others write does not disturb the line that one is typing', async () => {
    await using alice = chat('alice');
    await alice.says('You are alice');
    await using bob = chatOnTerminal('bob');
    await bob.says('* alice is here.');
    bob.types('good mor');
    await bob.says('good mor');
    alice.types('hi\n');
    await bob.says('\r\u001b[Kalice: hi');
    await bob.says('bob> good mor');
    bob.types('ning\r');
    await alice.says('bob: good morning\n');
    bob.types('\u0003');
    expect(await bob.ended).toEqual({ code: 0, signal: null });
    await alice.says('* bob left.');
  });
});
