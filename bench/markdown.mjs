// The report as a document: what it was measured on, a table per workload, and what it says of us.

import { metricOf, significant } from './metrics.mjs';
import { isMet, outcomesOf, outcomeTexts } from './targets.mjs';

/** @typedef {import('./report.mjs').Report} Report */
/** @typedef {import('./report.mjs').Cell} Cell */

/**
 * @param {Report} report
 * @param {ReadonlyMap<string, string>} charts file names by workload
 * @param {string} explanation the way to the README of the benchmark
 */
export function markdownOf(report, charts, explanation) {
  const parts = [
    '# Benchmark results',
    `Made by \`npm run bench\`; what each number means is in [its README](${explanation}).`,
    tableOf(['', ''], Object.entries(report.facts)),
    '## Contenders',
    tableOf(
      ['name', 'what', 'versions'],
      report.contenders.map(({ name, about, versions }) => [name, about, versions]),
    ),
    ...skippedOf(report),
    '## Targets',
    ...targetsOf(report),
    '## Where a peer is ahead',
    ...aheadOf(report),
    '## Results',
    [
      'Each cell: the median of the rounds, in brackets the smallest and the largest, `±` the',
      'median distance from the median, and `×` the median of the ratios to `raw-net` in the same',
      'round.',
      '`-`: the contender can not do it.',
    ].join('\n'),
  ];
  for (const { name, about, rows } of report.sections) {
    parts.push(`### ${name}`, `${about[0]?.toUpperCase()}${about.slice(1)}.`);
    const chart = charts.get(name);
    if (chart !== undefined) parts.push(`![${about}](${chart})`);
    const titles = ['contender', ...rows.map(({ metric }) => metricOf(metric).title)];
    const lines = (rows[0]?.cells ?? []).map(({ contender }, index) => [
      contender,
      ...rows.map(({ metric, cells }) => cellText(metric, cells[index])),
    ]);
    parts.push(tableOf(titles, lines));
  }
  return `${parts.join('\n\n')}\n`;
}

/** @param {Report} report */
function skippedOf({ skipped }) {
  if (skipped.length === 0) return [];
  return ['Skipped:', skipped.map(({ name, why }) => `- ${name}: ${why}`).join('\n')];
}

/** @param {Report} report */
function targetsOf({ sections }) {
  const outcomes = outcomesOf(sections);
  if (outcomes.length === 0) return ['Nothing was measured that has one.'];
  const lines = outcomes.map((outcome) => [
    ...outcomeTexts(outcome),
    isMet(outcome) ? 'met' : '**missed**',
  ]);
  return [tableOf(['workload', 'figure', 'wanted', 'measured', ''], lines)];
}

/** @param {Report} report */
function aheadOf({ ahead, contenders }) {
  if (!contenders.some(({ kind }) => kind === 'peer')) return ['No peer has run.'];
  if (ahead.length === 0) return ['Nowhere.'];
  const lines = ahead.map(({ workload, metric, peer, ours }) => [
    ...[workload, metricOf(metric).title],
    middleText(metric, peer),
    ours.map((cell) => middleText(metric, cell)).join(', '),
  ]);
  return [tableOf(['workload', 'figure', 'peer', 'ours that it is ahead of'], lines)];
}

/**
 * @param {string} metric
 * @param {Cell} cell
 */
function middleText(metric, { contender, spread }) {
  return `${contender}: ${spread === undefined ? '-' : metricOf(metric).format(spread.median)}`;
}

/**
 * @param {string} metric
 * @param {Cell | undefined} cell
 */
function cellText(metric, cell) {
  if (cell === undefined || cell.state === 'cannot') return '-';
  if (cell.spread === undefined) return `failed: ${firstLine(cell.error)}`;
  const { min, max, median, mad } = cell.spread;
  const { format } = metricOf(metric);
  const range = max > min ? ` (${format(min)}–${format(max)}, ±${format(mad)})` : '';
  const ratio = cell.ratio == null ? '' : ` ${significant(cell.ratio)}×`;
  const failed = cell.error === undefined ? '' : `, not all rounds: ${firstLine(cell.error)}`;
  return `${format(median)}${range}${ratio}${failed}`;
}

/** @param {string | undefined} text */
function firstLine(text) {
  return text?.split('\n', 1)[0] ?? '';
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function tableOf(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
