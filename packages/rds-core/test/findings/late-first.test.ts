/**
 * Seed 90094630: a kernel's first connection was heard behind its second. What it had numbered 1 it
 * had forgotten meanwhile, with the socket that sent it; so all looked as if the kernel had begun
 * to count anew, and came twice.
 */
import { expect, test } from 'vitest';
import { Inbound, type InboundOwner, type Lateness } from '../../src/inbound.js';
import { Stats } from '../../src/stats.js';
import { Header } from '../../src/wire/header.js';
import { wordOf } from './raw.js';

const QUESTION = 60_001;

function meet() {
  const heard: string[] = [];
  const owner: InboundOwner = {
    acksInBand: false,
    introduced() {},
    acknowledged: () => true,
    refused() {},
    pinged() {},
    isAnswer: (dport) => dport === QUESTION,
    ponged() {},
    startedOver() {},
    departed() {},
    deliver: (_sport, _dport, payload) => heard.push(new TextDecoder().decode(payload)) > 0,
  };
  const inbound = new Inbound(owner, new Stats());
  let order = 0;
  /** A connection that says this, where `7 pong` answers us. */
  const says = (lateness: Lateness, ...words: string[]): void => {
    inbound.begin({ lateness, order: ++order });
    for (const word of words) {
      const { seq: sequence, flags, text } = wordOf(word);
      const ports = text === 'pong' ? { sport: 0, dport: QUESTION } : { sport: 4000, dport: 5000 };
      const header = Object.assign(new Header(), { sequence, flags, ...ports });
      inbound.frame(header, new TextEncoder().encode(text));
    }
  };
  return { heard, says };
}

test('what has a number below the first that was heard, on a connection that is late, is old', () => {
  const { heard, says } = meet();
  says('not-late', '2r b', '3r c', '4 d');
  says('perhaps-overtaken', '1 a', '2 b', '3 c');
  says('not-late', '5 e');
  expect(heard).toEqual(['b', 'c', 'd', 'e']);
});

test('it is new behind an answer, or sent again: the kernel counts from anew', () => {
  const { heard, says } = meet();
  says('not-late', '46r a', '47 b');
  says('perhaps-overtaken', '1 pong', '2 c', '3 d');
  says('perhaps-overtaken', '2r c', '3r d', '4 e');
  expect(heard).toEqual(['a', 'b', 'c', 'd', 'e']);
  const other = meet();
  other.says('not-late', '46r a', '47 b');
  other.says('perhaps-overtaken', '1r c', '2r d', '3 e');
  expect(other.heard).toEqual(['a', 'b', 'c', 'd', 'e']);
});
