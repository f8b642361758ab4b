/**
 * The benchmark carries messages as it says, and its checks see what is wrong. Nothing here looks
 * at a time: how fast anything is on a busy machine says nothing.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../bench/arguments.mjs';
import { Arrivals } from '../bench/arrivals.mjs';
import { chartOf } from '../bench/chart.mjs';
import type { Plan } from '../bench/contender.mjs';
import { contenders, findContender } from '../bench/contenders.mjs';
import { FrameReader } from '../bench/framing/frame-reader.mjs';
import { NumberedMessages } from '../bench/numbered.mjs';
import { aheadOf, sectionsOf } from '../bench/report.mjs';
import { Session } from '../bench/session.mjs';
import { spreadOf } from '../bench/statistics.mjs';
import { summaryOf } from '../bench/summary.mjs';
import { isMet, outcomesOf, outcomeTexts } from '../bench/targets.mjs';
import { workloads } from '../bench/workloads.mjs';
import { writeReport } from '../bench/written.mjs';
import { root } from '../scripts/paths.mjs';

const MESSAGES = 2000;
const network = `127.${64 + (process.pid % 128)}`;

describe('a measurement', () => {
  test.each([
    { name: 'raw-net', workload: 'one-way-64' },
    { name: 'raw-net', workload: 'one-way-64K' },
    { name: 'raw-net-onread', workload: 'fan-1-to-16' },
    { name: 'ours-callback', workload: 'one-way-64' },
    { name: 'ours-callback', workload: 'sockets-8' },
    { name: 'ours-callback', workload: 'receipts-64' },
    { name: 'ours-loopback', workload: 'one-way-64' },
  ])('of $name in $workload counts what was sent', async ({ name, workload }) => {
    const session = await Session.open(name, planOf(workload), false);
    try {
      expect(await session.carry(MESSAGES)).toMatchObject({ messages: MESSAGES });
      expect(await session.carry(16)).toMatchObject({ messages: 16 });
    } finally {
      await session.close();
    }
  });

  test('of a contender that is not there fails', async () => {
    await expect(Session.open('nobody', planOf('one-way-64'), false)).rejects.toThrow('nobody');
  });
});

describe('what arrives', () => {
  const plan = { ...planOf('one-way-64'), sizeBytes: 20 };

  test('is counted once all of it is there', async () => {
    const { arrivals, errors } = arrivalsOf(plan);
    const messages = new NumberedMessages(plan, true);
    const arrived = arrivals.expect(3);
    for (let count = 0; count < 3; count++) arrivals.deliver(messages.next(0));
    expect(await arrived).toMatchObject({ messages: 3 });
    expect(errors).toEqual([]);
  });

  test.each([
    { wrong: 'missing', numbers: [0, 2] },
    { wrong: 'repeated', numbers: [0, 0] },
    { wrong: 'out of order', numbers: [1, 0] },
  ])('is refused if one is $wrong', ({ numbers }) => {
    const { arrivals, errors } = arrivalsOf(plan);
    const messages = new NumberedMessages(plan, true);
    const sent = [messages.next(0), messages.next(0), messages.next(0)];
    for (const number of numbers) arrivals.deliver(sent[number] ?? Buffer.alloc(0));
    expect(errors[0]).toMatch(/arrived, not number/);
  });

  test('is refused if one is shorter, or there are too many', () => {
    const short = arrivalsOf(plan);
    short.arrivals.deliver(new NumberedMessages(plan, true).next(0).subarray(1));
    expect(short.errors).toHaveLength(1);
    const many = arrivalsOf(plan);
    const messages = new NumberedMessages(plan, true);
    for (let count = 0; count < 2; count++) many.arrivals.deliver(messages.next(0));
    void many.arrivals.expect(1);
    expect(many.errors).toEqual(['more arrived than was sent']);
  });

  test('under cuts may be lost or repeated, which is counted', () => {
    const cut = { ...plan, cut: true };
    const { arrivals, errors } = arrivalsOf(cut);
    const messages = new NumberedMessages(cut, true);
    const sent = Array.from({ length: 4 }, () => messages.next(0));
    for (const number of [0, 3, 3]) arrivals.deliver(sent[number] ?? Buffer.alloc(0));
    expect([arrivals.lost, arrivals.repeated, errors]).toEqual([2, 1, []]);
    arrivals.deliver(messages.next(0).subarray(1));
    expect(errors).toHaveLength(1);
  });
});

test.each([1, 3, 7, 1000])('frames can be read in pieces of %i bytes', (pieceBytes) => {
  const bodies = [5, 300, 1, 70].map((length, index) => Buffer.alloc(length, index));
  const frames = bodies.flatMap((body) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return [length, body];
  });
  const bytes = Buffer.concat(frames);
  const read: Buffer[] = [];
  const reader = new FrameReader((message) => read.push(Buffer.from(message)));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.push(bytes.subarray(at, at + pieceBytes));
  }
  expect(read).toEqual(bodies);
});

describe('the report', () => {
  const runners = [
    { name: 'raw-net', kind: 'limit', features: [] },
    { name: 'ours-callback', kind: 'ours', features: ['echo'] },
    { name: 'ws', kind: 'peer', features: ['echo'] },
  ] as const;
  const chosen = workloads.filter(({ name }) => ['one-way-64', 'ping-pong'].includes(name));
  const rates = { 'raw-net': [100, 400], 'ours-callback': [50, 400], ws: [60, 80] };
  const measurements = [
    ...Object.entries(rates).flatMap(([contender, values]) =>
      values.map((rate, index) => ({
        ...{ round: index + 1, contender, workload: 'one-way-64', figures: { rate } },
      })),
    ),
    { round: 1, contender: 'ws', workload: 'ping-pong', figures: { p50: 9 } },
    { round: 1, contender: 'ours-callback', workload: 'ping-pong', figures: null, error: 'gone' },
  ];
  const sections = sectionsOf(runners, chosen, measurements);
  const cells = (index: number) => sections[index]?.rows[0]?.cells ?? [];

  test('has ratios of the same round', () => {
    expect(cells(0).map(({ ratio }) => ratio)).toEqual([1, 0.75, 0.4]);
    expect(cells(0)[1]?.spread).toEqual(spreadOf([50, 400]));
  });

  test('tells what can not be done from what has failed', () => {
    expect(cells(1).map(({ state }) => state)).toEqual(['cannot', 'failed', 'measured']);
  });

  test('names the cells where a peer is ahead', () => {
    expect(aheadOf(sections)).toEqual([]);
    const faster = measurements.map((one) =>
      one.contender === 'ws' && one.workload === 'one-way-64'
        ? { ...one, figures: { rate: 500 } }
        : one,
    );
    const ahead = aheadOf(sectionsOf(runners, chosen, faster));
    expect(ahead.map(({ workload, peer }) => [workload, peer.contender])).toEqual([
      ['one-way-64', 'ws'],
    ]);
  });

  test('says which targets are met and which are missed, of what was measured', () => {
    const texts = outcomesOf(sections).map((one) => [...outcomeTexts(one), isMet(one)]);
    expect(texts).toEqual([['one-way-64', 'ours-callback, messages/s', '≥ 0.9×', '0.75×', false]]);
    const of = (rate: number, workload: string) => {
      return { round: 1, contender: 'ours-callback', workload, figures: { rate } };
    };
    const both = workloads.filter(({ name }) => ['sockets-1', 'sockets-64'].includes(name));
    const rounds = [of(100, 'sockets-1'), of(95, 'sockets-64')];
    const able = [{ name: 'ours-callback', kind: 'ours', features: ['sockets'] }] as const;
    const [compared] = outcomesOf(sectionsOf(able, both, rounds));
    expect(compared).toMatchObject({ workload: 'sockets-64', figure: 0.95 });
    expect(compared !== undefined && isMet(compared)).toBe(true);
  });

  test('is written as tables, charts and JSON, and hides no failure', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rds-bench-'));
    const report = {
      ...{ facts: { node: 'v20' }, contenders: [], sections, measurements },
      ...{ skipped: [{ name: 'c', why: 'no compiler' }], ahead: aheadOf(sections) },
    };
    try {
      writeReport(report, folder);
      const names = ['README.md', 'one-way-64.svg', 'ping-pong.svg', 'results.json'];
      expect(readdirSync(folder).sort()).toEqual(names);
      for (const text of [readFileSync(join(folder, 'README.md'), 'utf8'), summaryOf(report)]) {
        expect(text).toContain('gone');
        expect(text).toContain('no compiler');
        expect(text).toMatch(/missed/i);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('has no chart of nothing', () => {
    expect(chartOf('nothing', { metric: 'rate', cells: [] })).toBeNull();
  });
});

describe('arguments', () => {
  test('choose contenders, always with the base', () => {
    const chosen = parseArguments(['--only', 'ws', '--workload', 'cut', '--rounds', '2']);
    expect(chosen).toMatchObject({ rounds: 2, folder: undefined });
    const names = typeof chosen === 'string' ? [] : chosen.contenders.map(({ name }) => name);
    expect(names).toEqual(['raw-net', 'ws']);
  });

  test('write to the documents only what is complete', () => {
    expect(parseArguments([])).toMatchObject({ folder: 'docs/benchmarks', rounds: 5 });
    expect(parseArguments(['--quick'])).toMatchObject({ folder: undefined, rounds: 1 });
  });

  test.each([['--only', 'nobody'], ['--workload', 'x'], ['--rounds', '0'], ['--hurry']])(
    'make no sense as %s %s',
    (...args) => {
      expect(() => parseArguments(args)).toThrow();
    },
  );
});

test('every contender has a file, and every file is a contender', () => {
  const files = readdirSync(join(root, 'bench/contenders')).map((name) => name.slice(0, -4));
  expect(files.sort()).toEqual(contenders.map(({ name }) => name).sort());
});

test('ours can do all that is measured', async () => {
  const { features } = await findContender('ours-callback');
  for (const { needs } of workloads) expect(features).toEqual(expect.arrayContaining([...needs]));
});

function planOf(name: string): Plan {
  const workload = workloads.find((one) => one.name === name);
  if (workload === undefined) throw new Error(`There is no workload ${name}.`);
  return { ...workload.plan, network };
}

function arrivalsOf(plan: Plan): { arrivals: Arrivals; errors: string[] } {
  const errors: string[] = [];
  return { arrivals: new Arrivals(plan, ({ message }) => errors.push(message)), errors };
}
