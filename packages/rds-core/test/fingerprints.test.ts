/** What tells a kernel's new numbers from its old ones. */

import { expect, test } from 'vitest';
import { Fingerprints } from '../src/fingerprints.js';
import { Header } from '../src/wire/header.js';

function header(sequence: number, sport = 4000, dport = 5000): Header {
  return Object.assign(new Header(), { sequence, sport, dport });
}

const HELLO = new TextEncoder().encode('hello');
const WORLD = new TextEncoder().encode('world');

test('a number that stands for the same does not differ', () => {
  const prints = new Fingerprints();
  prints.heard(header(3), HELLO, false);
  expect(prints.differs(header(3), HELLO.slice())).toBe(false);
});

test.each([
  ['other bytes', header(3), WORLD],
  ['another length', header(3), HELLO.subarray(1)],
  ['another sender', header(3, 4001), HELLO],
  ['another receiver', header(3, 4000, 5001), HELLO],
  ['ports that have changed places', header(3, 5000, 4000), HELLO],
])('%s under the same number differ', (_what, second, payload) => {
  const prints = new Fingerprints();
  prints.heard(header(3), HELLO, false);
  expect(prints.differs(second, payload)).toBe(true);
});

test('a number may have stood for several things, of which none differs', () => {
  const prints = new Fingerprints();
  prints.heard(header(3), HELLO, false);
  prints.heard(header(3), WORLD, false);
  expect(prints.differs(header(3), HELLO)).toBe(false);
  expect(prints.differs(header(3), WORLD)).toBe(false);
  expect(prints.differs(header(3, 4001), WORLD)).toBe(true);
});

test('of a number that was never heard, of a later one, and of what is over, nothing is known', () => {
  const prints = new Fingerprints();
  prints.heard(header(3), HELLO, false);
  prints.heard(header(65), HELLO, false);
  expect(prints.differs(header(4), WORLD)).toBe(false);
  expect(prints.differs(header(65), WORLD)).toBe(false);
  prints.clear();
  expect(prints.differs(header(3), WORLD)).toBe(false);
});

test('of high numbers the last 64 are known that came while a new beginning was awaited', () => {
  const prints = new Fingerprints();
  for (let number = 100; number < 165; number++) prints.heard(header(number), HELLO, true);
  prints.heard(header(165), HELLO, false);
  expect(prints.knows(header(164), HELLO)).toBe(true);
  expect(prints.knows(header(101), HELLO)).toBe(true);
  expect(prints.knows(header(101), WORLD)).toBe(false);
  expect(prints.knows(header(100), HELLO)).toBe(false);
  expect(prints.knows(header(165), HELLO)).toBe(false);
  // What they stood for before tells nothing of what they stand for since.
  expect(prints.differs(header(164), WORLD)).toBe(false);
  prints.clear();
  expect(prints.knows(header(164), HELLO)).toBe(false);
});
