/** SendQueue: what is next, in every order of sends, acknowledgements and broken connections. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeBytes, type Settlement } from '../src/message.js';
import { type ControlFrame, SendQueue } from '../src/send-queue.js';
import { countOf, type Train } from '../src/train.js';
import { FLAG_RETRANSMITTED } from '../src/wire/header.js';
import { makeTrain, ownerOf } from './trains.js';

const ping = (sport: number): ControlFrame => ({
  kind: 'control',
  sport,
  dport: 0,
  extended: false,
});
/** One message that wants a receipt. */
const makeMessage = (id: number, length: number, owner = ownerOf()): Train =>
  Object.assign(makeTrain(id, [length], owner), { receipt: () => {} });
/** Each train as often as it has messages. */
const ids = (trains: Iterable<Train>): number[] =>
  [...trains].flatMap(({ dport, count }) => new Array<number>(count).fill(dport));

/**
 * What is next, as a word: "map", "ping 7", "message 3", "message 3 again", "nothing", or of a
 * train "3 messages 7".
 */
function nextOf(queue: SendQueue, sequence: number, windowOpen = true): string {
  const item = queue.next(windowOpen, sequence);
  if (item === null) return 'nothing';
  if (item.kind === 'map') return 'map';
  if (item.kind === 'control') return `ping ${item.sport}`;
  const what = item.count === 1 ? 'message' : `${item.count} messages`;
  return `${what} ${item.dport}${item.flags & FLAG_RETRANSMITTED ? ' again' : ''}`;
}

/** Everything that is next, with sequence numbers from `sequence` up. */
function drain(queue: SendQueue, sequence: number): string[] {
  const words: string[] = [];
  for (let word = nextOf(queue, sequence); word !== 'nothing'; word = nextOf(queue, sequence)) {
    words.push(word);
    if (!word.endsWith('again') && word !== 'map') sequence++;
  }
  return words;
}

/** Everything fresh leaves, with sequence numbers from `sequence` up. */
function drainTrains(queue: SendQueue, sequence: number): void {
  for (let item = queue.next(true, sequence); item !== null; item = queue.next(true, sequence)) {
    if (item.kind === 'train') sequence += item.count;
  }
}

describe('SendQueue', () => {
  test('gives the map, then resends, then pings and pongs, then what is fresh', () => {
    const queue = new SendQueue();
    queue.push(makeMessage(1, 10));
    queue.push(makeMessage(2, 10));
    expect(drain(queue, 100)).toEqual(['message 1', 'message 2']);
    queue.rewind();
    queue.push(makeMessage(3, 10));
    queue.pushControl(ping(7));
    queue.mapDue = true;
    expect(drain(queue, 102)).toEqual([
      'map',
      'message 1 again',
      'message 2 again',
      'ping 7',
      'message 3',
    ]);
    expect(queue.mapDue).toBe(false);
  });

  test('holds back only what is fresh while the window is closed', () => {
    const queue = new SendQueue();
    queue.push(makeMessage(1, 10));
    queue.next(true, 1);
    queue.rewind();
    queue.push(makeMessage(2, 10));
    queue.pushControl(ping(7));
    queue.mapDue = true;
    const words = Array.from({ length: 4 }, () => nextOf(queue, 2, false));
    expect(words).toEqual(['map', 'message 1 again', 'ping 7', 'nothing']);
    expect(nextOf(queue, 3)).toBe('message 2');
  });

  test('gives a message its number when it is first sent, and no other ever after', () => {
    const queue = new SendQueue();
    const message = makeMessage(1, 10);
    queue.push(message);
    expect(message.sequence).toBe(0);
    queue.next(true, 7);
    expect(message).toMatchObject({ sequence: 7, flags: 0 });
    queue.rewind();
    queue.next(true, 8);
    expect(message).toMatchObject({ sequence: 7, flags: FLAG_RETRANSMITTED });
  });

  test('keeps the flags that a message has when it is sent again', () => {
    const queue = new SendQueue();
    const message = Object.assign(makeMessage(1, 10), { flags: 0x02 });
    queue.push(message);
    queue.next(true, 1);
    queue.rewind();
    queue.next(true, 2);
    expect(message.flags).toBe(0x02 | FLAG_RETRANSMITTED);
  });

  test('keeps no ping or pong for the next connection', () => {
    const queue = new SendQueue();
    queue.pushControl(ping(7));
    queue.rewind();
    expect(nextOf(queue, 1)).toBe('nothing');
  });

  test('takes 1024 pings and pongs and no more', () => {
    const queue = new SendQueue();
    for (let count = 0; count < 1024; count++) expect(queue.pushControl(ping(count))).toBe(true);
    expect(queue.pushControl(ping(1024))).toBe(false);
    expect(nextOf(queue, 1)).toBe('ping 0');
    expect(queue.pushControl(ping(1024))).toBe(true);
  });

  test('says of each message what the peer said of it', () => {
    const settled: string[] = [];
    const queue = new SendQueue();
    for (let id = 1; id <= 5; id++) {
      const owner = ownerOf((_, how, outcome) => settled.push(`${id} ${how} ${outcome}`));
      queue.push(makeMessage(id, 10, owner));
    }
    drain(queue, 11);
    queue.judge(12, 13, 'refused');
    queue.judge(14, 14, 'unconfirmed');
    queue.judge(90, 99, 'refused');
    expect(settled).toEqual([]);
    expect(queue.acknowledge(10)).toBe(0);
    expect(queue.acknowledge(15)).toBe(5);
    expect(settled).toEqual([
      '1 delivered null',
      '2 refused not-delivered',
      '3 refused not-delivered',
      '4 unconfirmed unknown',
      '5 delivered null',
    ]);
  });

  test('says nothing of messages whose sender wants no receipt', () => {
    const queue = new SendQueue();
    queue.push(makeMessage(1, 10));
    queue.push(makeTrain(2, [10, 10]));
    queue.push(makeMessage(3, 10));
    drainTrains(queue, 11);
    expect(queue.judge(11, 14, 'unconfirmed')).toBe(2);
    expect(queue.takeSent().map(({ verdict }) => verdict)).toEqual([
      'unconfirmed',
      'delivered',
      'unconfirmed',
    ]);
  });

  test('settles the part of a train that is acknowledged, and sends only the rest again', () => {
    const settled: number[] = [];
    const queue = new SendQueue();
    queue.push(
      makeTrain(
        1,
        [10, 100, 200],
        ownerOf(({ count }) => settled.push(count)),
      ),
    );
    queue.push(makeMessage(2, 10));
    drainTrains(queue, 11);
    expect(queue.acknowledge(12)).toBe(2);
    expect(settled).toEqual([2]);
    expect(queue.inFlightBytes).toBe(264);
    queue.rewind();
    const [rest, last] = [queue.next(true, 15), queue.next(true, 15)] as Train[];
    expect(rest).toMatchObject({ sequence: 13, count: 1, payloadBytes: 200 });
    expect(last).toMatchObject({ sequence: 14 });
  });

  test('loses nothing and keeps the order, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 80, size: 'max' }), (steps) => {
        const pair = new Pair();
        for (const step of steps) {
          step.run(pair);
          pair.compare();
        }
        pair.finish();
      }),
      { numRuns: 300 },
    );
  });
});

/** A message. Those of one train have one id. */
interface Entry {
  readonly id: number;
  readonly length: number;
  readonly hasReceipt: boolean;
  sequence: number;
  /** On the present connection. */
  isSent: boolean;
  verdict: Settlement;
}

/** A SendQueue and a plain list of messages, which must agree after every step. */
class Pair {
  readonly queue = new SendQueue();
  readonly settled: string[] = [];
  readonly expectedSettled: string[] = [];
  entries: Entry[] = [];
  pings: number[] = [];
  mapDue = false;
  nextSequence = 1000;
  #lastId = 1;
  /** All that were ever pushed and not taken out again. */
  #pushed = 0;

  push(lengths: readonly number[]): void {
    const id = ++this.#lastId;
    const owner = ownerOf(({ count }, how) => {
      for (let index = 0; index < count; index++) this.settled.push(`${id} ${how}`);
    });
    const train = makeTrain(id, lengths, owner);
    const hasReceipt = lengths.length === 1;
    if (hasReceipt) train.receipt = () => {};
    this.queue.push(train);
    for (const length of lengths) {
      const entry = { id, length, hasReceipt, sequence: 0, isSent: false };
      this.entries.push({ ...entry, verdict: 'delivered' });
    }
    this.#pushed += lengths.length;
  }

  next(windowOpen: boolean): void {
    expect(nextOf(this.queue, this.nextSequence, windowOpen)).toBe(this.#expectedNext(windowOpen));
  }

  #expectedNext(windowOpen: boolean): string {
    if (this.mapDue) {
      this.mapDue = false;
      return 'map';
    }
    const first = this.entries.find(({ isSent }) => !isSent);
    const train = this.entries.filter(({ id, isSent }) => id === first?.id && !isSent);
    const word = `${train.length === 1 ? 'message' : `${train.length} messages`} ${first?.id}`;
    if (first !== undefined && first.sequence > 0) {
      for (const entry of train) entry.isSent = true;
      return `${word} again`;
    }
    const port = this.pings.shift();
    if (port === undefined && (!windowOpen || first === undefined)) return 'nothing';
    if (port !== undefined) {
      this.nextSequence++;
      return `ping ${port}`;
    }
    for (const entry of train) {
      Object.assign(entry, { isSent: true, sequence: this.nextSequence++ });
    }
    return word;
  }

  acknowledge(sequence: number): void {
    const acked = this.entries.filter((entry) => entry.sequence > 0 && entry.sequence <= sequence);
    this.entries = this.entries.filter((entry) => !acked.includes(entry));
    for (const { id, verdict } of acked) this.expectedSettled.push(`${id} ${verdict}`);
    expect(this.queue.acknowledge(sequence)).toBe(acked.length);
  }

  judge(first: number, last: number): void {
    this.queue.judge(first, last, 'refused');
    for (const entry of this.entries) {
      const isMeant = entry.sequence >= first && entry.sequence <= last;
      if (isMeant && entry.hasReceipt) entry.verdict = 'refused';
    }
  }

  take(matches: (id: number) => boolean): void {
    const taken = this.queue.takeWhere(({ dport }) => matches(dport));
    const expected = this.entries.filter(({ id }) => matches(id));
    expect(ids(taken)).toEqual(expected.map(({ id }) => id));
    this.entries = this.entries.filter(({ id }) => !matches(id));
    this.#pushed -= countOf(taken);
  }

  takeSent(): void {
    const sent = this.entries.filter(({ sequence }) => sequence > 0);
    expect(ids(this.queue.takeSent())).toEqual(sent.map(({ id }) => id));
    this.entries = this.entries.filter(({ sequence }) => sequence === 0);
    this.#pushed -= sent.length;
  }

  rewind(): void {
    this.queue.rewind();
    this.pings = [];
    for (const entry of this.entries) entry.isSent = false;
  }

  compare(): void {
    const { queue } = this;
    const sent = this.entries.filter(({ sequence }) => sequence > 0);
    expect(queue.sentCount).toBe(sent.length);
    expect(queue.freshCount).toBe(this.entries.length - sent.length);
    expect(queue.hasResends).toBe(sent.some(({ isSent }) => !isSent));
    expect([queue.hasSent, queue.hasFresh]).toEqual([queue.sentCount > 0, queue.freshCount > 0]);
    expect(queue.isEmpty).toBe(this.entries.length === 0);
    expect(queue.inFlightBytes).toBe(
      sent.reduce((sum, { length }) => sum + chargeBytes(length), 0),
    );
    expect(this.settled).toEqual(this.expectedSettled);
  }

  /** Everything that is left goes out and is acknowledged: each message is settled once. */
  finish(): void {
    while (this.mapDue || this.pings.length > 0 || this.entries.some(({ isSent }) => !isSent)) {
      this.next(true);
    }
    this.acknowledge(Number.MAX_SAFE_INTEGER);
    this.compare();
    expect(this.settled).toHaveLength(this.#pushed);
    expect(this.queue.isEmpty).toBe(true);
  }
}

interface Step {
  run(pair: Pair): void;
}

function step<T>(
  name: string,
  argument: fc.Arbitrary<T>,
  run: (pair: Pair, argument: T) => void,
): fc.Arbitrary<Step> {
  return argument.map((value) => ({
    run: (pair: Pair) => run(pair, value),
    toString: () => `${name} ${fc.stringify(value)}`,
  }));
}

/** How far behind the next sequence number. */
const back = fc.nat(30);

const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: step(
      'push',
      fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }),
      (pair, lengths) => pair.push(lengths),
    ),
  },
  { weight: 9, arbitrary: step('next', fc.boolean(), (pair, open) => pair.next(open)) },
  {
    weight: 2,
    arbitrary: step('acknowledge', back, (pair, by) => pair.acknowledge(pair.nextSequence - by)),
  },
  {
    weight: 1,
    arbitrary: step('judge', fc.tuple(back, fc.nat(4)), (pair, [by, count]) =>
      pair.judge(pair.nextSequence - by, pair.nextSequence - by + count),
    ),
  },
  { weight: 1, arbitrary: step('rewind', fc.constant(null), (pair) => pair.rewind()) },
  {
    weight: 1,
    arbitrary: step('take', fc.tuple(fc.constantFrom(1, 2, 5), fc.nat(4)), (pair, [by, rest]) =>
      pair.take((id) => id % by === rest),
    ),
  },
  { weight: 1, arbitrary: step('takeSent', fc.constant(null), (pair) => pair.takeSent()) },
  {
    weight: 1,
    arbitrary: step('ping', fc.nat(65535), (pair, port) => {
      pair.queue.pushControl(ping(port));
      pair.pings.push(port);
    }),
  },
  {
    weight: 1,
    arbitrary: step('map', fc.constant(null), (pair) => {
      pair.queue.mapDue = true;
      pair.mapDue = true;
    }),
  },
);
