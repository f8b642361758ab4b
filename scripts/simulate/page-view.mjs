// Page: the part of the diagram that is on the screen, and its head with the machines' names.

import { drawEntry, faultClass, laneAt, line, text } from './page-draw.mjs';
import { escapeHtml } from './page-escape.mjs';
import { durationOf, timeOf } from './page-label.mjs';

/**
 * @typedef {import('./page-layout.mjs').Layout} Layout
 * @typedef {import('./page-layout.mjs').Placed} Placed
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 */

/** Times closer to each other than this would touch. */
const TIME_ROW = 13;
/** A fault that ends a life: the lifeline shows it. */
const DEATHS = ['restart', 'reboot', 'takeover'];

/**
 * @param {Layout} layout
 * @param {readonly StoryItem[]} items
 * @param {{ top: number, bottom: number }} window
 * @param {(entry: Placed) => string} stateOf further classes of an entry
 */
export function drawView(layout, items, { top, bottom }, stateOf) {
  const { entries, moments, gaps, spans, columns, size } = layout;
  /** @param {{ y: number }} it */
  const isNear = ({ y }) => y > top - 40 && y < bottom + 40;
  /** @param {{ y1: number, y2: number }} it */
  const isSeen = ({ y1, y2 }) => y2 > top - 40 && y1 < bottom + 40;
  const scene = { items, columns, size };
  const seen = entries.filter(isSeen);
  const bars = seen.filter(({ shape }) => shape === 'bar');
  const others = seen.filter(({ shape }) => shape !== 'bar');
  const [drawnBars, drawn] = [bars, others].map((some) =>
    some.map((entry) => drawEntry(entry, scene, stateOf(entry))),
  );
  const lifelines = [...columns.values()].map((x) => line(x, top, x, bottom, 'life'));
  const dead = spans.filter((span) => DEATHS.includes(span.kind) && isSeen(span));
  const pauses = gaps.filter(isNear).map(({ y, ms }) => drawGap(y, ms, size));
  return [
    ...lifelines,
    ...dead.map((span) => drawDeath(span, columns)),
    ...pauses,
    ...(drawnBars ?? []).flatMap(({ lines, words }) => [lines, words]),
    ...spans.filter(isSeen).map(drawSpan),
    ...drawTimes(moments.filter(isNear)),
    ...(drawn ?? []).map(({ lines }) => lines),
    ...(drawn ?? []).map(({ words }) => words),
  ].join('');
}

/** @param {Layout} layout */
export function drawHeads({ columns }) {
  return [...columns].map(([name, x]) => text(x, 17, 'middle', name, 'machine')).join('');
}

/** @param {Layout['moments']} moments */
function drawTimes(moments) {
  let free = -Infinity;
  return moments.flatMap(({ y, ms }) => {
    if (y < free) return [];
    free = y + TIME_ROW;
    return [text(84, y + 1, 'end', timeOf(ms), 'time')];
  });
}

/**
 * @param {number} y
 * @param {number} ms
 * @param {Layout['size']} size
 */
function drawGap(y, ms, { wordsAt, width }) {
  const rect = `<rect class="gap" x="0" y="${y - 9}" width="${width}" height="18"/>`;
  const words = `${durationOf(ms)} pass`;
  const dots = text(84, y + 4, 'end', '⋮', 'time');
  return `${rect}${dots}${text(wordsAt, y + 4, 'start', words, 'pause')}`;
}

/** @param {import('./page-layout.mjs').Span} span */
function drawSpan({ kind, text: words, y1, y2, lane }) {
  const place = `x="${laneAt(lane)}" y="${y1 - 5}" width="5" height="${Math.max(4, y2 - y1)}"`;
  const title = `<title>${escapeHtml(words)}</title>`;
  return `<rect class="span ${faultClass(kind)}" rx="2.5" ${place}>${title}</rect>`;
}

/**
 * @param {import('./page-layout.mjs').Span} span
 * @param {Layout['columns']} columns
 */
function drawDeath({ text: words, y1, y2 }, columns) {
  const x = columns.get(words.split(' ')[1] ?? '');
  return x === undefined ? '' : line(x, y1 - 5, x, y2 - 5, 'dead');
}
