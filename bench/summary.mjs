// The report for a terminal.

import { metricOf, significant } from './metrics.mjs';
import { isMet, outcomesOf, outcomeTexts } from './targets.mjs';

/** @typedef {import('./report.mjs').Report} Report */
/** @typedef {import('./report.mjs').Cell} Cell */

/** @param {Report} report */
export function summaryOf(report) {
  const blocks = [factsOf(report)];
  for (const { name, about, rows } of report.sections) {
    if (rows.length > 0) blocks.push(`${name}: ${about}\n${tableOf(rows)}`);
  }
  blocks.push(failuresOf(report), skippedOf(report), targetsOf(report), aheadOf(report));
  return blocks.filter((block) => block !== '').join('\n\n');
}

/** @param {Report} report */
function factsOf({ facts }) {
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

/** @param {readonly import('./report.mjs').Row[]} rows */
function tableOf(rows) {
  const names = rows[0]?.cells.map(({ contender }) => contender) ?? [];
  const columns = rows.map(({ metric, cells }) =>
    aligned([metricOf(metric).title, ...cells.map((cell) => cellText(metric, cell))]),
  );
  const width = Math.max(...names.map((name) => name.length));
  const lines = ['', ...names].map((name, index) =>
    [name.padEnd(width), ...columns.map((column) => column[index])].join('   '),
  );
  return lines.map((line) => `  ${line}`).join('\n');
}

/** @param {readonly string[]} texts */
function aligned(texts) {
  const width = Math.max(...texts.map((text) => text.length));
  return texts.map((text) => text.padStart(width));
}

/**
 * @param {string} metric
 * @param {Cell | undefined} cell
 */
function cellText(metric, cell) {
  if (cell === undefined || cell.state === 'cannot') return '-';
  if (cell.spread === undefined) return 'failed';
  const { median, mad } = cell.spread;
  const { format } = metricOf(metric);
  const spread = mad > 0 ? ` ±${significant((100 * mad) / median)}%` : '';
  const ratio = cell.ratio == null ? '' : ` ${significant(cell.ratio)}×`;
  return `${format(median)}${spread}${ratio}`;
}

/** @param {Report} report */
function failuresOf({ measurements }) {
  const failed = measurements.flatMap(({ round, contender, workload, error }) =>
    error === undefined ? [] : [`  ${contender}, ${workload}, round ${round}: ${error}`],
  );
  return failed.length === 0 ? '' : `failed:\n${failed.join('\n')}`;
}

/** @param {Report} report */
function skippedOf({ skipped }) {
  if (skipped.length === 0) return '';
  return `SKIPPED:\n${skipped.map(({ name, why }) => `  ${name}: ${why}`).join('\n')}`;
}

/** @param {Report} report */
function targetsOf({ sections }) {
  const outcomes = outcomesOf(sections);
  if (outcomes.length === 0) return '';
  const lines = outcomes.map((outcome) => {
    const [where = '', what = '', wanted = '', figure = ''] = outcomeTexts(outcome);
    const verdict = isMet(outcome) ? 'met' : 'MISSED';
    return `  ${verdict.padEnd(7)} ${where.padEnd(30)} ${what.padEnd(44)} ${wanted}: ${figure}`;
  });
  const met = outcomes.filter(isMet).length;
  return `targets, ${met} of ${outcomes.length} met:\n${lines.join('\n')}`;
}

/** @param {Report} report */
function aheadOf({ ahead, contenders }) {
  if (!contenders.some(({ kind }) => kind === 'peer')) return 'no peer has run';
  if (ahead.length === 0) return 'no peer is ahead of ours in any cell';
  const lines = ahead.map(({ workload, metric, peer, ours }) => {
    const { title, format } = metricOf(metric);
    const text = (/** @type {Cell} */ { contender, spread }) =>
      `${contender} ${spread === undefined ? '-' : format(spread.median)}`;
    return `  ${workload}, ${title}: ${text(peer)} before ${ours.map(text).join(', ')}`;
  });
  return `cells where a peer is ahead of ours over TCP, by the way of receiving:\n${lines.join('\n')}`;
}
