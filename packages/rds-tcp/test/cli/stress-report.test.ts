/**
 * What `rds stress` says: the columns of rds-stress, figures between two moments, how long answers
 * took, and JSON.
 */

import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { Latency } from '../../src/cli/stress/latency.js';
import { Report, type Summary } from '../../src/cli/stress/report.js';
import { type Figures, figuresBetween, Tally } from '../../src/cli/stress/tally.js';

const FIGURES: Figures = {
  tasks: 2,
  requestsSentPerSecond: 1234.5,
  requestsReceivedPerSecond: 99.4,
  kibPerSecond: 2048.126,
  sendUs: 1.254,
  rttUs: 83.5,
  cpuPercent: 12.345,
};

const LATENCY = new Latency();
for (const us of [20, 30, 30, 30, 31.6, 40, 40, 40, 40, 500]) LATENCY.record(us);

const SUMMARY: Summary = {
  role: 'active',
  peer: '10.0.0.2',
  settings: {
    depth: 1,
    requestBytes: 1024,
    ackBytes: 63,
    tasks: 2,
    basePort: 4000,
    runSeconds: 10,
    oneWay: false,
    verify: false,
    summaryOnly: false,
    tos: 0,
  },
  seconds: 10.0004,
  figures: FIGURES,
  totals: {
    requestsSent: 12_345,
    requestsReceived: 994,
    acksSent: 994,
    acksReceived: 12_343,
    unanswered: 2,
    strays: 1,
  },
  latency: LATENCY.summary(),
};

describe('a report', () => {
  test('has the columns of rds-stress', async () => {
    const { report, text } = reporting({ json: false });
    await report.note('agreed');
    await report.heading();
    await report.row(FIGURES, 1);
    await report.summary(SUMMARY);
    expect(text().split('\n')).toEqual([
      'agreed',
      'tsks   tx/s   rx/s  tx+rx K/s    mbi K/s    mbo K/s tx us/c   rtt us cpu %',
      '   2   1235     99    2048.13       0.00       0.00    1.25    83.50 12.35',
      '-'.repeat(74),
      '   2   1235     99    2048.13       0.00       0.00    1.25    83.50 12.35  (average)',
      '',
      'rtt of 10 requests in us: min 20, mean 80.2, 50 % 32, 90 % 40, 99 % 500, 99.9 % 500, max 500',
      `        16 –         32             4  40.00 % ${'█'.repeat(32)}`,
      `        32 –         64             5  50.00 % ${'█'.repeat(40)}`,
      '        64 –        128             0   0.00 %',
      '       128 –        256             0   0.00 %',
      `       256 –        512             1  10.00 % ${'█'.repeat(8)}`,
      '',
      'requests under way when the run ended: 2',
      '',
      'datagrams from other addresses, ignored: 1',
      '',
    ]);
  });

  test('of a side that asked nothing has no round trips', async () => {
    const { report, text } = reporting({ json: false });
    const settings = { ...SUMMARY.settings, summaryOnly: true };
    const totals = { ...SUMMARY.totals, unanswered: 0, strays: 0 };
    await report.summary({ ...SUMMARY, settings, totals, latency: new Latency().summary() });
    expect(text().split('\n')).toEqual([
      'tsks   tx/s   rx/s  tx+rx K/s    mbi K/s    mbo K/s tx us/c   rtt us cpu %',
      '   2   1235     99    2048.13       0.00       0.00    1.25    83.50 12.35  (average)',
      '',
    ]);
  });

  test('in JSON is one object a line, and leaves what is for people to stderr', async () => {
    const { report, text, notes } = reporting({ json: true });
    await report.note('agreed');
    await report.heading();
    await report.row(FIGURES, 1.00049);
    await report.summary(SUMMARY);
    expect(notes()).toBe('agreed\n');
    const [interval, summary, ...rest] = text().trim().split('\n');
    expect(rest).toEqual([]);
    expect(JSON.parse(interval as string)).toEqual({
      type: 'interval',
      seconds: 1,
      ...FIGURES,
      kibPerSecond: 2048.126,
    });
    expect(JSON.parse(summary as string)).toEqual({ type: 'summary', ...SUMMARY, seconds: 10 });
  });
});

test('on a terminal, one line is renewed, and makes way for those that stay', async () => {
  const terminal = new PassThrough() as unknown as NodeJS.WriteStream;
  let screen = '';
  (terminal as unknown as PassThrough).on('data', (data) => {
    screen += data;
  });
  Object.assign(terminal, { isTTY: true, columns: 200, rows: 50 });
  const { report } = reporting({ json: false }, terminal);
  expect(report.isLive).toBe(true);
  report.live(FIGURES, 3725.9, 1500);
  expect(screen).toContain(
    '01:02:05  sent 1,235/s, received 99/s, 2,048 KiB/s, rtt 83.5 us, 99 % below 1,500 us',
  );
  const before = screen.length;
  await report.row(FIGURES, 1);
  // A row up, and all below is erased.
  expect(screen.slice(before)).toBe('\u001b[1A\u001b[0J');
});

test('with JSON there is no such line', () => {
  const { report } = reporting({ json: true }, new PassThrough() as unknown as NodeJS.WriteStream);
  expect(report.isLive).toBe(false);
});

describe('figures', () => {
  const sizes = { tasks: 3, requestBytes: 1024, ackBytes: 512 };
  const sample = (counts: Partial<Tally>, atMs: number, cpuUs: number) => ({
    tally: Object.assign(new Tally(), counts),
    atMs,
    cpuUs,
  });

  test('are rates and means between two moments', () => {
    const before = sample({ requestsSent: 100, sendUs: 1000, rttUs: 5 }, 1000, 1_000_000);
    const after = sample(
      {
        requestsSent: 300,
        requestsReceived: 40,
        acksSent: 20,
        acksReceived: 160,
        sendUs: 1500,
        rttUs: 16_005,
      },
      3000,
      2_500_000,
    );
    expect(figuresBetween(before, after, sizes)).toEqual({
      tasks: 3,
      requestsSentPerSecond: 100,
      requestsReceivedPerSecond: 20,
      kibPerSecond: 165,
      sendUs: 2.5,
      rttUs: 100,
      cpuPercent: 75,
    });
  });

  test('of no time and no messages are zero', () => {
    const now = sample({}, 1000, 5);
    expect(Object.values(figuresBetween(now, now, sizes))).toEqual([3, 0, 0, 0, 0, 0, 0]);
  });
});

describe('latency', () => {
  test('counts what takes longer than a minute as a minute, and no time as none', () => {
    const latency = new Latency();
    latency.record(0);
    latency.record(1e12);
    const { count, maxUs, buckets } = latency.summary();
    expect(count).toBe(2);
    // Three digits of it.
    expect(maxUs).toBeGreaterThanOrEqual(60_000_000);
    expect(maxUs).toBeLessThan(60_100_000);
    expect(buckets).toHaveLength(26);
    expect(buckets[0]).toEqual({ fromUs: 0, toUs: 2, count: 1 });
    expect(buckets.at(-1)).toEqual({ fromUs: 2 ** 25, toUs: 2 ** 26, count: 1 });
  });

  test('can begin anew', () => {
    const latency = new Latency();
    latency.record(5);
    latency.reset();
    expect(latency.summary()).toMatchObject({ count: 0, p50Us: 0, maxUs: 0, buckets: [] });
  });
});

function reporting({ json }: { json: boolean }, terminal: NodeJS.WriteStream | null = null) {
  const [output, notes] = [new PassThrough(), new PassThrough()];
  const read = (stream: PassThrough) => () => String(stream.read() ?? '');
  const report = new Report(new Output(output), new Output(notes), { json }, terminal);
  return { report, text: read(output), notes: read(notes) };
}
