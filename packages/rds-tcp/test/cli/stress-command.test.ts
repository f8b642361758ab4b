/**
 * The arguments of `rds stress`: those of rds-stress, what is refused and why.
 */

import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit.js';
import { run } from '../../src/cli/stress/command.js';

describe('is refused with a sentence and exit code 2', () => {
  test.each<[string, RegExp]>([
    ['-D 4096', /^-D is not for rds stress: there is no RDMA over TCP$/],
    ['--rdma-mode 1', /^-M is not for rds stress: there is no RDMA over TCP$/],
    ['--rdma-key-o-meter', /^--rdma-key-o-meter is not for rds stress: there is no RDMA/],
    ['-R', /^-R is not for/],
    ['-V', /'rds tap'/],
    ['--async', /^--async is not for/],
    ['--reset', /nothing to reset/],
    ['-s 10.0.0.2 -q 62', /^-q is 62, less than the header of 63 bytes$/],
    ['-s 10.0.0.2 -a 62', /^-a is 62, less than the header of 63 bytes$/],
    ['-s fd00::1 -q 95', /^-q is 95, less than the header of 96 bytes$/],
    ['-s 10.0.0.2 -q 2M', /^-q is '2097152', not a whole number from 0 to 1048576$/],
    ['-s 10.0.0.2 -q 1G', /^-q is '1G', not a whole number/],
    ['-d 0', /^-d is '0', not a whole number from 1 to 65535$/],
    ['-d 65536', /^-d is '65536'/],
    ['-t 129', /^-t is '129', not a whole number from 1 to 128$/],
    ['-T -1', /-T/],
    ['-p 0', /^-p is '0'/],
    ['-Q 256', /^-Q is '256'/],
    ['10.0.0.2', /^there is no argument '10.0.0.2'; the peer is named with -s$/],
    ['--nonsense', /unknown option '--nonsense'/],
  ])('%s', async (line, sentence) => {
    const error = await run(line.split(' ')).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ exitCode: EXIT.usage });
    expect((error as Error).message).toMatch(sentence);
  });
});

test('more under way than is remembered is refused before anything is opened', async () => {
  const running = run(['-s', '10.0.0.2', '-t', '128', '-d', '65']);
  await expect(running).rejects.toThrow(/tasks × tasks × depth is 1064960/);
});
