// Page: what is drawn as one. Messages that leave together become one arrow, so do the heartbeats
// and acknowledgements of a quiet connection; what happens to an end in one moment is one mark.

import { isBar } from './page-filter.mjs';

/**
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 * @typedef {import('../../packages/rds-core/test/simulation/story-item.ts').FrameItem} FrameItem
 * @typedef {import('../../packages/rds-core/test/simulation/story-item.ts').ConnectionItem}
 *   ConnectionItem
 */

/**
 * @typedef {object} Entry
 * @property {'bar' | 'event' | 'frame' | 'data' | 'quiet'} shape the last two are runs
 * @property {StoryItem} item the first
 * @property {number[]} places of all of them in the story
 */

/** Fewer are drawn one by one. */
const LEAST_RUN = 3;
/** Messages of one run leave so close to each other. */
const TOGETHER_MS = 1;

/**
 * @param {readonly StoryItem[]} items
 * @param {readonly number[]} places of what is shown
 * @param {(run: number) => boolean} isOpened tells by the first place of a run
 * @returns {Entry[]} in the order of their first items
 */
export function collapse(items, places, isOpened) {
  /** @type {Entry[]} */
  const entries = [];
  /** @type {Map<number, Entry>} the last entry of each connection */
  const last = new Map();
  for (const place of places) {
    const item = /** @type {StoryItem} */ (items[place]);
    if (isBar(item)) {
      last.clear();
      entries.push({ shape: 'bar', item, places: [place] });
      continue;
    }
    const single = /** @type {FrameItem | ConnectionItem} */ (item);
    const before = last.get(single.connection);
    if (before !== undefined && goesOn(before, items, single)) {
      before.places.push(place);
      continue;
    }
    const entry = { shape: shapeOf(single), item, places: [place] };
    entries.push(entry);
    last.set(single.connection, entry);
  }
  return entries
    .flatMap((entry) => unfold(entry, items, isOpened))
    .sort((a, b) => Number(a.places[0]) - Number(b.places[0]));
}

/**
 * @param {FrameItem | ConnectionItem} item
 * @returns {Entry['shape']}
 */
function shapeOf(item) {
  if (item.kind !== 'frame') return 'event';
  if (item.name === 'data') return 'data';
  return item.name === 'ack' || item.name === 'heartbeat' ? 'quiet' : 'frame';
}

/**
 * @param {Entry} entry
 * @param {readonly StoryItem[]} items
 * @param {FrameItem | ConnectionItem} next
 */
function goesOn({ shape, places }, items, next) {
  if (shapeOf(next) !== shape) return false;
  const last = items[Number(places.at(-1))];
  if (last?.kind === 'frame' && next.kind === 'frame') {
    const isAlike = last.fate === next.fate && last.isUnread === next.isUnread;
    if (shape === 'quiet') return isAlike && next.fate === 'arrived';
    const isNear = next.atMs - last.atMs <= TOGETHER_MS && last.from === next.from;
    return shape === 'data' && isAlike && isNear && last.isResent === next.isResent;
  }
  const { from, atMs, kind } = /** @type {ConnectionItem} */ (last);
  return shape === 'event' && kind !== 'dial' && from === next.from && atMs === next.atMs;
}

/**
 * @param {Entry} entry
 * @param {readonly StoryItem[]} items
 * @param {(run: number) => boolean} isOpened
 * @returns {Entry[]}
 */
function unfold(entry, items, isOpened) {
  const { shape, places } = entry;
  if (shape !== 'data' && shape !== 'quiet') return [entry];
  if (places.length >= LEAST_RUN && !isOpened(Number(places[0]))) return [entry];
  return places.map((place) => ({
    shape: 'frame',
    item: /** @type {StoryItem} */ (items[place]),
    places: [place],
  }));
}
