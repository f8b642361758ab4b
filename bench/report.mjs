// What came of a run: per workload and metric the cells of all contenders, each with the median and
// the spread of its rounds, and its ratio to the base in the same round.

import { BASE } from './contenders.mjs';
import { metricOf } from './metrics.mjs';
import { can } from './rounds.mjs';
import { median, spreadOf } from './statistics.mjs';

/** @typedef {import('./rounds.mjs').Measurement} Measurement */
/** @typedef {import('./workload.mjs').Workload} Workload */

/**
 * @typedef {object} Cell
 * @property {string} contender
 * @property {'limit' | 'ours' | 'peer'} kind
 * @property {'measured' | 'failed' | 'cannot'} state
 * @property {import('./statistics.mjs').Spread} [spread]
 * @property {number | null} [ratio] to the base: the median of the ratios of the rounds
 * @property {string} [error] of the first round that failed; others may have been measured
 */

/** @typedef {{ metric: string, cells: readonly Cell[] }} Row */
/** @typedef {{ name: string, about: string, rows: readonly Row[] }} Section */
/** @typedef {{ workload: string, metric: string, peer: Cell, ours: readonly Cell[] }} Ahead */
/** @typedef {{ name: string, kind: Cell['kind'], about: string, versions: string }} Shown */
/** @typedef {{ name: string, why: string }} Skipped */

/**
 * @typedef {object} Report
 * @property {Readonly<Record<string, string>>} facts about the machine and the run
 * @property {readonly Shown[]} contenders
 * @property {readonly Skipped[]} skipped
 * @property {readonly Section[]} sections
 * @property {readonly Ahead[]} ahead cells where a peer is ahead of ours, of whichever
 * @property {readonly Measurement[]} measurements
 */

/**
 * @param {readonly (import('./rounds.mjs').Runner & { kind: Cell['kind'] })[]} runners
 * @param {readonly Workload[]} workloads
 * @param {readonly Measurement[]} measurements
 * @returns {readonly Section[]}
 */
export function sectionsOf(runners, workloads, measurements) {
  return workloads.map((workload) => {
    const own = measurements.filter((measurement) => measurement.workload === workload.name);
    const names = new Set(own.flatMap(({ figures }) => Object.keys(figures ?? {})));
    const bases = basesOf(workload, measurements);
    // Where all have failed there is no metric, and still something to say.
    if (names.size === 0 && own.length > 0) names.add('rate');
    const rows = [...names].map((metric) => ({
      metric,
      cells: runners.map((runner) => {
        const place = { contender: runner.name, kind: runner.kind };
        if (!can(runner, workload)) return { ...place, state: /** @type {const} */ ('cannot') };
        const its = own.filter(({ contender }) => contender === runner.name);
        return { ...place, ...cellOf(metric, its, bases) };
      }),
    }));
    return { name: workload.name, about: workload.about, rows };
  });
}

/**
 * Where a peer is better than any of ours over TCP, and than which of them.
 *
 * @param {readonly Section[]} sections
 * @returns {readonly Ahead[]}
 */
export function aheadOf(sections) {
  return sections.flatMap(({ name: workload, rows }) =>
    rows.flatMap(({ metric, cells }) => {
      const { better } = metricOf(metric);
      if (better === 'none') return [];
      const peers = cells.filter(({ kind, spread }) => kind === 'peer' && spread !== undefined);
      const ours = cells.filter(({ contender, kind, spread }) => {
        return kind === 'ours' && contender !== 'ours-loopback' && spread !== undefined;
      });
      return peers.flatMap((peer) => {
        const behind = ours.filter((one) => isBetter(better, medianOf(peer), medianOf(one)));
        return behind.length === 0 ? [] : [{ workload, metric, peer, ours: behind }];
      });
    }),
  );
}

/**
 * @param {string} metric
 * @param {readonly Measurement[]} measurements of one contender in one workload
 * @param {ReadonlyMap<number, import('./workload.mjs').Figures>} bases
 */
function cellOf(metric, measurements, bases) {
  const error = measurements.find((measurement) => measurement.error !== undefined)?.error;
  /** @type {number[]} */
  const values = [];
  /** @type {number[]} */
  const ratios = [];
  for (const { round, figures } of measurements) {
    const value = figures?.[metric];
    if (value === undefined) continue;
    values.push(value);
    const base = bases.get(round)?.[metric];
    if (base !== undefined && base > 0) ratios.push(value / base);
  }
  const noted = error === undefined ? {} : { error };
  if (values.length === 0) return { state: /** @type {const} */ ('failed'), ...noted };
  const ratio = ratios.length === 0 ? null : median(ratios);
  return { state: /** @type {const} */ ('measured'), spread: spreadOf(values), ratio, ...noted };
}

/**
 * The figures of the base, by round.
 *
 * @param {Workload} workload
 * @param {readonly Measurement[]} measurements
 */
function basesOf({ name, baseWorkload }, measurements) {
  const of = (/** @type {string | undefined} */ wanted) =>
    measurements.flatMap(({ contender, workload, round, figures }) =>
      contender === BASE && workload === wanted && figures !== null
        ? [/** @type {const} */ ([round, figures])]
        : [],
    );
  const own = of(name);
  return new Map(own.length > 0 ? own : of(baseWorkload));
}

/**
 * @param {'more' | 'less'} better
 * @param {number} one
 * @param {number} other
 */
function isBetter(better, one, other) {
  return better === 'more' ? one > other : one < other;
}

/** @param {Cell} cell */
function medianOf({ spread }) {
  return spread?.median ?? Number.NaN;
}
