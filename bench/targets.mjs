// What ours is meant to reach, and whether it has: nothing that is missed is left out.

import { metricOf, significant } from './metrics.mjs';

/** @typedef {import('./report.mjs').Section} Section */

/**
 * @typedef {object} Target
 * @property {string} workload
 * @property {string} metric
 * @property {string} contender
 * @property {'ratio' | 'median'} of to the base in the same round, or the figure itself
 * @property {string} [against] of the medians here and in this workload, instead
 * @property {'least' | 'most'} bound
 * @property {number} value
 */

/** @typedef {Target & { figure: number | null }} Outcome null if it was not measured */

const SIZES = ['64', '1K', '64K', '1M'];

/**
 * One per size.
 *
 * @param {string} contender
 * @param {'rate' | 'cpu'} metric
 * @param {readonly number[]} values
 * @returns {readonly Target[]}
 */
function perSize(contender, metric, values) {
  return values.map((value, index) => ({
    ...{ workload: `one-way-${SIZES[index]}`, metric, contender, value },
    ...{ of: 'ratio', bound: metric === 'rate' ? 'least' : 'most' },
  }));
}

/** @type {readonly Target[]} */
const TARGETS = [
  ...perSize('ours-callback', 'rate', [0.9, 0.9, 1, 1]),
  ...perSize('ours-iterator', 'rate', [0.6, 0.8, 1, 1]),
  ...perSize('ours-recvmmsg', 'rate', [0.9, 0.8, 1, 1]),
  ...perSize('ours-callback', 'cpu', [1.3, 1.2, 1, 1]),
  ...['ping-pong', 'ping-pong-one-core'].flatMap(
    (workload) =>
      /** @type {const} */ ([
        { ...most(workload, 'p50', 1), of: 'ratio' },
        { ...most(workload, 'p99', 1.1), of: 'ratio' },
      ]),
  ),
  {
    ...{ workload: 'sockets-64', against: 'sockets-1', metric: 'rate', of: 'median' },
    ...{ contender: 'ours-callback', bound: 'least', value: 0.9 },
  },
  {
    ...{ workload: 'peers-1000', against: 'peers-10', metric: 'rate', of: 'median' },
    ...{ contender: 'ours-callback', bound: 'least', value: 1 },
  },
  { ...most('peers-1000', 'idle', 100), of: 'median' },
  { ...most('cut', 'cut', 20), of: 'median' },
];

/**
 * @param {string} workload
 * @param {string} metric
 * @param {number} value
 */
function most(workload, metric, value) {
  const bound = /** @type {const} */ ('most');
  return { workload, metric, contender: 'ours-callback', bound, value };
}

/**
 * Those of which anything was measured.
 *
 * @param {readonly Section[]} sections
 * @returns {readonly Outcome[]}
 */
export function outcomesOf(sections) {
  return TARGETS.map((target) => ({ ...target, figure: figureOf(target, sections) })).filter(
    ({ figure }) => figure !== null,
  );
}

/** @param {Outcome} outcome */
export function isMet({ figure, bound, value }) {
  if (figure === null) return false;
  return bound === 'least' ? figure >= value : figure <= value;
}

/**
 * What it is of, what it is meant to be, and what it is.
 *
 * @param {Outcome} outcome
 */
export function outcomeTexts({ workload, against, metric, contender, of, bound, value, figure }) {
  const compared = against === undefined ? '' : `, against ${against}`;
  const unit = of === 'ratio' || against !== undefined ? '×' : '';
  return [
    `${workload}${compared}`,
    `${contender}, ${metricOf(metric).title}`,
    `${bound === 'least' ? '≥' : '≤'} ${value}${unit}`,
    `${significant(figure ?? Number.NaN)}${unit}`,
  ];
}

/**
 * @param {Target} target
 * @param {readonly Section[]} sections
 * @returns {number | null}
 */
function figureOf({ workload, against, metric, contender, of }, sections) {
  const cell = cellOf(sections, workload, metric, contender);
  if (of === 'ratio') return cell?.ratio ?? null;
  const median = cell?.spread?.median ?? null;
  if (against === undefined || median === null) return median;
  const other = cellOf(sections, against, metric, contender)?.spread?.median;
  return other === undefined ? null : median / other;
}

/**
 * @param {readonly Section[]} sections
 * @param {string} workload
 * @param {string} metric
 * @param {string} contender
 */
function cellOf(sections, workload, metric, contender) {
  const row = sections
    .find(({ name }) => name === workload)
    ?.rows.find((each) => each.metric === metric);
  return row?.cells.find((cell) => cell.contender === contender);
}
