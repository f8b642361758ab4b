/**
 * The judge of the soak, judged: it is shown every wrong that the soak looks for, and has to see
 * it; and what may happen when a process is killed, and has to let it pass.
 */

import { describe, expect, test } from 'vitest';
import { Ledger } from '../soak/ledger.mjs';
import { isFlat } from '../soak/memory.mjs';
import { ITERATOR_PORT, LISTENER_PORT, UNBOUND_PORT } from '../soak/network-plan.mjs';

const SENDER = 1;
const RECEIVER = 2;
/** The receiver's process after it was started again. */
const RESTARTED = 3;
const START_MS = 100_000;
const FLOW = flowTo(LISTENER_PORT);

type Outcome = 'accepted' | 'delivered' | 'not-delivered' | 'unknown';

function flowTo(port: number): string {
  return `0:${port}>1:${port}`;
}

/** Two nodes that live, and as many messages accepted. */
function ledgerWith(count: number, outcome: Outcome = 'accepted', flow = FLOW): Ledger {
  const ledger = new Ledger();
  ledger.lives.started(SENDER, [0], START_MS);
  ledger.lives.started(RECEIVER, [1], START_MS);
  for (let number = 0; number < count; number++) send(ledger, number, outcome, '', flow);
  return ledger;
}

function send(
  ledger: Ledger,
  number: number,
  outcome: Outcome | null,
  code = '',
  flow = FLOW,
): void {
  const sent = { length: 100, digest: `digest ${number}`, atMs: START_MS + number };
  ledger.sent(SENDER, flow, number, sent);
  if (outcome !== null) ledger.settled(SENDER, flow, number, outcome, code);
}

function arrive(ledger: Ledger, numbers: number[], receiver = RECEIVER, flow = FLOW): void {
  for (const number of numbers) {
    const arrival = { length: 100, digest: `digest ${number}`, atMs: START_MS + 50 };
    ledger.received(receiver, flow, SENDER, number, arrival);
  }
}

function restart(ledger: Ledger): void {
  ledger.lives.killed(RECEIVER, START_MS + 1000);
  ledger.lives.started(RESTARTED, [1], START_MS + 1100);
}

/** What is wrong, as `fault number`. */
function findings(ledger: Ledger): string[] {
  ledger.finish();
  return ledger.failures.map(({ fault, number }) => `${fault} ${number}`);
}

describe('the ledger', () => {
  test('has nothing to say when all is well', () => {
    const ledger = ledgerWith(3, 'delivered');
    arrive(ledger, [0, 1, 2]);
    send(ledger, 3, 'not-delivered', 'EAGAIN');
    expect(findings(ledger)).toEqual([]);
    expect(ledger.counts).toMatchObject({ messages: 3, bytes: 300, delivered: 3, notDelivered: 1 });
  });

  test('does not mind which log is read first', () => {
    const ledger = ledgerWith(0);
    arrive(ledger, [0, 1]);
    for (const number of [0, 1]) send(ledger, number, 'accepted');
    expect(findings(ledger)).toEqual([]);
  });

  test('sees a lost message, in the middle and at the end', () => {
    const ledger = ledgerWith(4);
    arrive(ledger, [0, 2]);
    expect(findings(ledger)).toEqual(['lost 1', 'lost 3']);
  });

  test('sees a message lost whose sender gave up waiting', () => {
    const ledger = ledgerWith(0);
    send(ledger, 0, 'unknown', 'ETIMEDOUT');
    expect(findings(ledger)).toEqual(['lost 0']);
  });

  test('sees a duplicated message, also long after', () => {
    const ledger = ledgerWith(3);
    arrive(ledger, [0, 1, 1, 2, 0]);
    expect(findings(ledger)).toEqual(['duplicated 1', 'duplicated 0']);
  });

  test('sees a message duplicated before its sender has settled it', () => {
    const ledger = ledgerWith(0);
    send(ledger, 0, null);
    arrive(ledger, [0, 0]);
    ledger.settled(SENDER, FLOW, 0, 'accepted', '');
    expect(findings(ledger)).toEqual(['duplicated 0']);
  });

  test('sees a message that arrives at two incarnations', () => {
    const ledger = ledgerWith(2);
    arrive(ledger, [0, 1]);
    restart(ledger);
    arrive(ledger, [1], RESTARTED);
    expect(findings(ledger)).toEqual(['duplicated 1']);
  });

  test('sees reordered messages', () => {
    const ledger = ledgerWith(3);
    arrive(ledger, [0, 2, 1]);
    expect(findings(ledger)).toEqual(['reordered 1']);
  });

  test('sees an altered byte, and an altered length', () => {
    const ledger = ledgerWith(2);
    const atMs = START_MS + 50;
    ledger.received(RECEIVER, FLOW, SENDER, 0, { length: 100, digest: 'another', atMs });
    ledger.received(RECEIVER, FLOW, SENDER, 1, { length: 99, digest: 'digest 1', atMs });
    expect(findings(ledger)).toEqual(['altered 0', 'altered 1']);
  });

  test('sees a message that nobody has sent', () => {
    const ledger = ledgerWith(1);
    arrive(ledger, [0, 7]);
    expect(findings(ledger)).toEqual(['altered 7']);
  });

  test('sees a promise that never settles', () => {
    const ledger = ledgerWith(0);
    send(ledger, 0, null);
    arrive(ledger, [0]);
    expect(findings(ledger)).toEqual(['unsettled 0']);
  });
});

describe('false receipts', () => {
  test('delivered, and it has not arrived', () => {
    const ledger = ledgerWith(1, 'delivered');
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });

  test('delivered to a listener that was killed, in whose log it is not', () => {
    const ledger = ledgerWith(1, 'delivered');
    restart(ledger);
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });

  test('delivered to a port where nobody is', () => {
    const ledger = ledgerWith(1, 'delivered', flowTo(UNBOUND_PORT));
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });

  test.each([true, false])('not delivered, and it has arrived (told first: %s)', (toldFirst) => {
    const ledger = ledgerWith(0);
    send(ledger, 0, toldFirst ? 'not-delivered' : null, 'ETIMEDOUT');
    arrive(ledger, [0]);
    if (!toldFirst) ledger.settled(SENDER, FLOW, 0, 'not-delivered', 'ETIMEDOUT');
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });

  test('refused, and a socket is bound there', () => {
    const ledger = ledgerWith(0);
    send(ledger, 0, 'not-delivered', 'ECONNREFUSED');
    send(ledger, 0, 'not-delivered', 'ECONNREFUSED', flowTo(UNBOUND_PORT));
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });

  test('a restart of a receiver that has lived all the time', () => {
    const ledger = ledgerWith(0);
    send(ledger, 0, 'unknown', 'ECONNRESET');
    arrive(ledger, [0]);
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });
});

describe('when the receiver was killed', () => {
  test('a message may be gone if its sender was told so', () => {
    const ledger = ledgerWith(2);
    send(ledger, 2, 'unknown', 'ECONNRESET');
    arrive(ledger, [0]);
    ledger.uncertain(SENDER, FLOW, 1);
    restart(ledger);
    expect(findings(ledger)).toEqual([]);
    expect(ledger.counts.uncertain).toBe(2);
  });

  test('and not if it was told nothing', () => {
    const ledger = ledgerWith(2);
    arrive(ledger, [0]);
    restart(ledger);
    expect(findings(ledger)).toEqual(['lost 1']);
  });

  test('nor if the same incarnation received what was sent after it', () => {
    const ledger = ledgerWith(3);
    arrive(ledger, [0, 2]);
    ledger.uncertain(SENDER, FLOW, 1);
    restart(ledger);
    expect(findings(ledger)).toEqual(['lost 1']);
  });

  test('nor if nobody was killed', () => {
    const ledger = ledgerWith(1);
    ledger.uncertain(SENDER, FLOW, 0);
    expect(findings(ledger)).toEqual(['lost 0']);
  });

  test('what was delivered may have died unread in its queue', () => {
    const flow = flowTo(ITERATOR_PORT);
    const ledger = ledgerWith(3, 'delivered', flow);
    arrive(ledger, [0], RECEIVER, flow);
    restart(ledger);
    expect(findings(ledger)).toEqual([]);
    expect(ledger.counts.diedUnread).toBe(2);
  });

  test('and not if what was queued behind it has been read', () => {
    const flow = flowTo(ITERATOR_PORT);
    const ledger = ledgerWith(3, 'delivered', flow);
    arrive(ledger, [1, 2], RECEIVER, flow);
    restart(ledger);
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });
});

describe('when the sender was killed', () => {
  test('what it had not transmitted is gone, and what waited settles no more', () => {
    const ledger = ledgerWith(2);
    send(ledger, 2, null);
    arrive(ledger, [0]);
    ledger.lives.killed(SENDER, START_MS + 1000);
    expect(findings(ledger)).toEqual([]);
    expect(ledger.counts.diedWithSender).toBe(1);
  });

  test('what arrived has no gap', () => {
    const ledger = ledgerWith(3);
    arrive(ledger, [0, 2]);
    ledger.lives.killed(SENDER, START_MS + 1000);
    expect(findings(ledger)).toEqual(['lost 1']);
  });

  test('its receipts were true', () => {
    const ledger = ledgerWith(1, 'delivered');
    ledger.lives.killed(SENDER, START_MS + 1000);
    expect(findings(ledger)).toEqual(['falseReceipts 0']);
  });
});

test('memory that grows is not flat', () => {
  const MIB = 2 ** 20;
  expect(isFlat(60 * MIB, 67 * MIB)).toBe(true);
  expect(isFlat(60 * MIB, 70 * MIB)).toBe(false);
  expect(isFlat(200 * MIB, 215 * MIB)).toBe(true);
});
