/** The story of a seed, and the page that is made of it. */

import { expect, test } from 'vitest';
import { pageOf } from '../../../../scripts/simulate/page-html.mjs';
import { layOut } from '../../../../scripts/simulate/page-layout.mjs';
import { collapse } from '../../../../scripts/simulate/page-runs.mjs';
import { drawHeads, drawView } from '../../../../scripts/simulate/page-view.mjs';
import { drawViolations } from '../../../../scripts/simulate/page-violations.mjs';
import type { TraceEvent } from '../../src/testing/index.js';
import { writeHeader } from '../../src/wire/header.js';
import { StoryTeller, tellStory } from './story.js';
import type { FrameItem, Story, StoryItem } from './story-item.js';

const A = '10.0.0.1';
const B = '10.0.0.2';
const EMPTY: Story = {
  ...{ seed: 1, violations: [], simulatedMs: 3, messages: 1, arrivals: 0, faults: {} },
  ...{ plan: '{}', machines: [], items: [] },
};
const HOSTILE = `</script><!--<script>alert("1")</script>&'`;

test('tells what happened, in order, and what became of each frame', async () => {
  const { items, machines, violations } = await tellStory(4);
  expect(violations).toEqual([]);
  expect(machines).toEqual([...new Set(machines)].sort());
  expect(machines.length).toBeGreaterThan(1);
  const kinds = new Set(items.map((item) => (item.kind === 'frame' ? item.name : item.kind)));
  expect([...kinds]).toEqual(
    expect.arrayContaining(['dial', 'open', 'close', 'fault', 'map', 'probe', 'data']),
  );
  expect(items.map(({ atMs }) => atMs)).toEqual(
    items.map(({ atMs }) => atMs).sort((a, b) => a - b),
  );
  for (const item of framesOf(items)) {
    if (item.fate === 'arrived') expect(item.arrivedMs).toBeGreaterThanOrEqual(item.atMs);
    else expect(item.arrivedMs).toBeUndefined();
  }
});

test('one frame in pieces is one item, from its last byte to its last byte', () => {
  const bytes = frame({ sequence: 1000, length: 40 });
  const items = told([
    event('send', 1, bytes.subarray(0, 30)),
    event('send', 2, bytes.subarray(30)),
    event('arrive', 3, bytes.subarray(0, 30)),
    event('arrive', 5, bytes.subarray(30)),
  ]);
  expect(items).toMatchObject([
    { name: 'data', atMs: 2, arrivedMs: 5, fate: 'arrived', number: 's+0', bytes: 40 },
  ]);
});

test('what does not arrive is lost, and what never left as a whole is told too', () => {
  const bytes = frame({ sequence: 1001, length: 40 });
  const items = told([
    event('send', 1, frame({ sequence: 1000, length: 8 })),
    event('arrive', 2, frame({ sequence: 1000, length: 8 })),
    event('send', 3, bytes),
    event('arrive', 4, bytes.subarray(0, 20)),
    event('send', 5, bytes.subarray(0, 20)),
    event('send', 6, bytes.subarray(20, 60)),
  ]);
  expect(framesOf(items).at(-1)?.label).toBe('60 B, the beginning of: 4000→4001 40 B s+1');
  expect(framesOf(items).map(({ name, fate, number }) => [name, fate, number])).toEqual([
    ['data', 'arrived', 's+0'],
    ['data', 'lost', 's+1'],
    ['part', 'lost', undefined],
  ]);
});

test('numbers are told from the first of each life, acknowledgements by those of the other', () => {
  const items = told([
    event('send', 1, frame({ sequence: 5_000_000, length: 8 })),
    event('send', 2, frame({ sequence: 5_000_003, length: 8 })),
    event('send', 3, frame({ sequence: 9_000_000, length: 8 })),
    { ...event('send', 4, frame({ ack: 5_000_003 })), from: B, to: A },
  ]);
  expect(framesOf(items).map(({ number, label }) => number ?? label)).toEqual([
    's+0',
    's+3',
    's2+0',
    'ack s+3',
  ]);
});

test('what arrives at a closed end is unread', () => {
  const bytes = frame({ sequence: 1, length: 0 });
  const closed: TraceEvent = { kind: 'close', atMs: 2, connection: 1, from: B, to: A };
  const items = told([event('send', 1, bytes), closed, event('arrive', 3, bytes)]);
  expect(framesOf(items)).toMatchObject([{ fate: 'arrived', isUnread: true }]);
});

test('a page shows all items, whatever is in their names, and is not broken by it', async () => {
  const items: StoryItem[] = told([
    { ...event('send', 1, frame({ sequence: 7, length: 8 })), from: HOSTILE },
    { kind: 'fault', atMs: 2, text: `cut ${HOSTILE}` },
    { kind: 'dial', atMs: 3, connection: 2, from: HOSTILE, to: B },
  ]);
  const machines = [HOSTILE, B];
  const violations = [`1 ${HOSTILE}: lost: message 0`];
  const faults = { [HOSTILE]: 1 };
  const plan = JSON.stringify({ a: HOSTILE });
  const story: Story = { ...EMPTY, violations, faults, plan, machines, items };
  const page = pageOf(story, { style: '', script: `const words = '</script><!--';` });
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('<!--');
  // That of the data, that of the script, and no third.
  expect(page.split('</script').length - 1).toBe(2);
  const json = /id="story">(.*)<\/script>/.exec(page)?.[1] ?? '';
  expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(story)));

  const places = items.map((_, place) => place);
  const layout = layOut(
    collapse(items, places, () => false),
    items,
    machines,
    1000,
  );
  const drawn = drawView(layout, items, { top: 0, bottom: 1000 }, () => '') + drawHeads(layout);
  expect(drawn).toContain('&lt;script&gt;');
  expect(drawn).not.toContain('<script');
});

test('a violation links to the moments and the transmissions that it names', () => {
  const bytes = frame({ sequence: 7, length: 8 });
  const items = told([event('send', 1, bytes), event('arrive', 2, bytes)]);
  const flow = `${A}:4000 → ${B}:4001`;
  const violations = [`12.5 ${flow}: arrived twice: message 0 (number 0, 8 bytes, sent at 1, …)`];
  const page = drawViolations({ ...EMPTY, violations, items });
  expect(page).toContain('<a href="#ms-12.5">12.5</a>');
  expect(page).toContain('sent at <a href="#ms-1">1</a>');
  expect(page).toContain('<a href="#item-0">transmission 1, arrived</a>');
});

test('messages that leave together are one arrow, until it is opened', () => {
  const events = [0, 1, 2, 3].map((at) => event('send', 1, frame({ sequence: 9 + at, length: 8 })));
  const items = told(events);
  const places = [0, 1, 2, 3];
  expect(collapse(items, places, () => false)).toMatchObject([{ shape: 'data', places }]);
  expect(collapse(items, places, () => true)).toHaveLength(4);
});

function told(events: readonly TraceEvent[]): StoryItem[] {
  const teller = new StoryTeller();
  for (const each of events) teller.hear(each);
  return teller.finish();
}

function framesOf(items: readonly StoryItem[]): FrameItem[] {
  return items.filter((item) => item.kind === 'frame');
}

function event(kind: 'send' | 'arrive', atMs: number, bytes: Uint8Array) {
  return { kind, atMs, connection: 1, from: A, to: B, bytes };
}

/** A message from port 4000 to 4001 with a sequence; without, an acknowledgement. */
function frame({ sequence = 0, ack = 0, length = 0 }): Uint8Array {
  const bytes = new Uint8Array(48 + length);
  const [sport, dport] = sequence > 0 ? [4000, 4001] : [0, 0];
  writeHeader(new DataView(bytes.buffer), 0, sequence, ack, length, sport, dport, 0);
  return bytes;
}
