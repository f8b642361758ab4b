// Page: where everything is. Time goes down, in its order but not to its scale: what happens gets
// the room that its words need, and when nothing happens little is lost.

import { isBar } from './page-filter.mjs';

/**
 * @typedef {import('./page-runs.mjs').Entry} Entry
 * @typedef {import('./page-runs.mjs').FrameItem} FrameItem
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 *
 * @typedef {Entry & { y1: number, y2: number }} Placed
 * @typedef {{ y: number, ms: number }} Moment
 * @typedef {{ kind: string, text: string, y1: number, y2: number, lane: number }} Span
 *
 * @typedef {object} Layout
 * @property {Placed[]} entries ascending by y1
 * @property {Moment[]} moments the times written at the left
 * @property {Moment[]} gaps when nothing happens, and for how long
 * @property {Span[]} spans of faults that last
 * @property {Map<string, number>} columns where the lifelines are
 * @property {{ wordsAt: number, width: number, height: number }} size where the words of bars begin
 */

const ROW = 18;
const BAR_ROW = 22;
const TOP = 14;
/** From so long on a pause is marked. */
const GAP_MS = 100;
const GAP_ROW = 26;
/** Between arrivals of one moment, so that arrows do not run into one point. */
const ARRIVAL = 5;
/** How far a mark without a second end hangs down. */
export const HANG = 9;
const LEAST_COLUMN = 125;
const MOST_COLUMN = 480;
const MARGIN = 60;
/** What faults say stands left of the lifelines. */
const WORDS = 245;
/** The times at the left, and each lane of faults. */
export const LANES_FROM = 92;
export const LANE = 8;
const MOST_LANES = 8;

/**
 * @param {readonly Entry[]} entries
 * @param {readonly StoryItem[]} items
 * @param {readonly string[]} machines
 * @param {number} width of the window
 * @returns {Layout}
 */
export function layOut(entries, items, machines, width) {
  const rows = placeRows(entries, items);
  const spans = spansOf(rows.entries);
  const lanes = Math.max(1, ...spans.map(({ lane }) => lane + 1));
  const wordsAt = LANES_FROM + lanes * LANE + 8;
  const left = wordsAt + WORDS;
  const present = new Set(
    entries.flatMap(({ item }) => ('from' in item ? [item.from, item.to] : [])),
  );
  const names = machines.filter((name) => present.has(name));
  const spaces = Math.max(1, names.length - 1);
  const room = Math.floor((width - left - MARGIN) / spaces);
  const column = Math.min(MOST_COLUMN, Math.max(LEAST_COLUMN, room));
  const columns = new Map(names.map((name, at) => [name, left + at * column]));
  const size = { wordsAt, width: Math.max(width, left + spaces * column + MARGIN) };
  return { ...rows, spans, columns, size: { ...size, height: rows.height } };
}

/**
 * @param {readonly Entry[]} entries
 * @param {readonly StoryItem[]} items
 */
function placeRows(entries, items) {
  const placed = entries.map((entry) => ({ ...entry, y1: 0, y2: 0 }));
  const points = placed.flatMap((entry) => pointsOf(entry, items));
  // What arrives in a moment is the cause of what leaves in it.
  points.sort((a, b) => a.ms - b.ms || Number(a.isStart) - Number(b.isStart));
  /** @type {Moment[]} */
  const moments = [];
  /** @type {Moment[]} */
  const gaps = [];
  let y = TOP;
  let lastMs = points[0]?.ms ?? 0;
  for (const { ms, isStart, entry } of points) {
    const passed = ms - lastMs;
    if (passed >= GAP_MS) {
      gaps.push({ y: y + GAP_ROW / 2 + 4, ms: passed });
      y += GAP_ROW;
    } else if (passed > 0) y += Math.min(10, 2 + passed / 4);
    lastMs = ms;
    if (!isStart) {
      y += ARRIVAL;
      entry.y2 = y;
      continue;
    }
    y += isBar(entry.item) ? BAR_ROW : ROW;
    entry.y1 = y;
    entry.y2 = y + (entry.shape === 'bar' || entry.shape === 'quiet' ? 0 : HANG);
    if (moments.at(-1)?.ms !== ms) moments.push({ y, ms });
  }
  return { entries: placed, moments, gaps, height: y + 3 * ROW };
}

/**
 * @param {Placed} entry
 * @param {readonly StoryItem[]} items
 */
function pointsOf(entry, items) {
  const start = { ms: entry.item.atMs, isStart: true, entry };
  if (entry.shape !== 'frame' && entry.shape !== 'data') return [start];
  const last = /** @type {FrameItem} */ (items[Number(entry.places.at(-1))]);
  const { arrivedMs } = last;
  if (arrivedMs === undefined || arrivedMs <= entry.item.atMs) return [start];
  return [start, { ms: arrivedMs, isStart: false, entry }];
}

/**
 * Faults that last: each begins with a bar and ends with another, which says so.
 *
 * @param {readonly Placed[]} entries
 */
function spansOf(entries) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {Map<string, Placed[]>} */
  const begun = new Map();
  /** @type {number[]} where each lane is free again */
  const free = [];
  for (const entry of entries) {
    if (!('text' in entry.item) || entry.item.kind !== 'fault') continue;
    const { text } = entry.item;
    const fault = text.replace(/^end of /, '');
    if (fault === text) {
      begun.set(text, [...(begun.get(text) ?? []), entry]);
      continue;
    }
    const first = begun.get(fault)?.shift();
    if (first === undefined) continue;
    spans.push({ kind: faultOf(fault), text: fault, y1: first.y1, y2: entry.y1, lane: 0 });
  }
  spans.sort((a, b) => a.y1 - b.y1);
  for (const span of spans) {
    const lane = free.findIndex((y) => y < span.y1);
    span.lane = Math.min(MOST_LANES - 1, lane < 0 ? free.length : lane);
    free[span.lane] = Math.max(free[span.lane] ?? 0, span.y2);
  }
  return spans;
}

/**
 * The name of a fault, without its machines and whether it begins or ends.
 *
 * @param {string} text
 */
export function faultOf(text) {
  return text.replace(/^end of /, '').split(' ')[0] ?? '';
}
