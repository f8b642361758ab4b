/**
 * The mutants of the simulation must fit the core as it is: what each of them changes has to be
 * there, exactly once. Whether they are found takes longer: `npm run simulate -- --mutants`.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../scripts/simulate/mutant-list.mjs';
import { TIGHT } from '../scripts/simulate/tight.mjs';

const source = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../packages/rds-core/src/${file}`, import.meta.url)), 'utf8');

describe('mutants', () => {
  test('have names of their own, which are names of files', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => !/^[a-z\d]+(-[a-z\d]+)+$/.test(name))).toEqual([]);
  });

  test.each(MUTANTS)('$name changes what is there once', ({ patches }) => {
    for (const { file, find } of patches) expect(source(file).split(find)).toHaveLength(2);
  });

  test.each(TIGHT)('$find is a limit of $file', ({ file, find }) => {
    expect(source(file).split(find)).toHaveLength(2);
  });
});
