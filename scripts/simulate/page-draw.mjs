// Page: entries and lifelines as SVG, as text.

import { escapeHtml } from './page-escape.mjs';
import { labelOf, linesOf } from './page-label.mjs';
import { faultOf, HANG, LANE, LANES_FROM } from './page-layout.mjs';

/**
 * @typedef {import('./page-layout.mjs').Layout} Layout
 * @typedef {import('./page-layout.mjs').Placed} Placed
 * @typedef {import('./page-runs.mjs').FrameItem} FrameItem
 * @typedef {import('./page-runs.mjs').ConnectionItem} ConnectionItem
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 */

/**
 * @typedef {object} Scene
 * @property {readonly StoryItem[]} items
 * @property {Layout['columns']} columns
 * @property {Layout['size']} size
 *
 * @typedef {{ lines: string, words: { x: number, y: number, anchor: 'start' | 'end' } }} Drawn
 */

/** Where on its way a lost frame is crossed out. */
const LOST_AT = 0.7;
/** How far the mark of an end points to the other one. */
const STUB = 30;
const HEAD = 6;
/** How steep an arrow is straight, how wide a letter is about, how far an arrow may be level. */
const STEEP = 45;
const LETTER = 6.6;
const MOST_LEVEL = 0.65;

/** Faults of one colour. */
const FAULT_CLASSES = {
  broken: ['cut', 'halfOpen', 'forgedEnd', 'partition', 'oneWay', 'swizzle'],
  slow: ['slowLink', 'thinLink', 'stall'],
  dials: ['refusedDials', 'hangingDials', 'failingDials', 'duplicate'],
  death: ['restart', 'reboot', 'takeover'],
};

/** @param {string} fault */
export function faultClass(fault) {
  return Object.entries(FAULT_CLASSES).find(([, names]) => names.includes(fault))?.[0] ?? 'other';
}

/**
 * The lines of an entry, and apart from them its words: they go on top of everybody's lines.
 *
 * @param {Placed} entry
 * @param {Scene} scene
 * @param {string} [state] further classes
 */
export function drawEntry(entry, scene, state = '') {
  const { shape, item, places } = entry;
  const label = labelOf(entry, scene.items);
  const isRun = shape === 'data' || shape === 'quiet';
  const title = isRun ? [label, 'Click to open it.'] : places.flatMap((p) => titleOf(p, scene));
  const drawn = 'text' in item ? drawBar(entry, scene) : drawBetween(entry, label, scene);
  const place = isElsewhere(item, scene) ? 'elsewhere' : '';
  const classes = `entry ${classOf(entry)} ${isRun ? 'run' : ''} ${place} ${state}`;
  const group = `<g class="${classes}" data-place="${places[0]}">`;
  const tip = `<title>${escapeHtml(title.join('\n'))}</title>`;
  const { x, y, anchor } = drawn.words;
  const words = text(x, y, anchor, label);
  return { lines: `${group}${tip}${drawn.lines}</g>`, words: `${group}${tip}${words}</g>` };
}

/**
 * @param {number} place
 * @param {Scene} scene
 */
function titleOf(place, { items }) {
  const item = items[place];
  return item === undefined ? [] : linesOf(item);
}

/**
 * A fault between machines of which none is shown.
 *
 * @param {StoryItem} item
 * @param {Scene} scene
 */
function isElsewhere(item, { columns }) {
  return item.kind === 'fault' && !item.text.split(' ').some((word) => columns.has(word));
}

/** @param {Placed} entry */
function classOf({ shape, item }) {
  if ('text' in item) {
    const end = item.text.startsWith('end of ') ? 'over' : '';
    return `bar ${item.kind} ${faultClass(faultOf(item.text))} ${end}`;
  }
  if (item.kind !== 'frame') return `event ${item.kind}`;
  const fate = item.isUnread ? 'unread' : item.fate;
  const name = item.name.replace(' ', '-');
  return `frame ${shape === 'quiet' ? 'quiet' : name} ${fate} ${item.isResent ? 'resent' : ''}`;
}

/**
 * @param {Placed} entry
 * @param {Scene} scene
 * @returns {Drawn}
 */
function drawBar({ y1, item }, { columns, size }) {
  const named = 'text' in item ? item.text.split(' ') : [];
  const dots = named.flatMap((name) => {
    const x = columns.get(name);
    return x === undefined ? [] : [`<circle cx="${x}" cy="${y1 - 5}" r="4"/>`];
  });
  const x = LANES_FROM - 4;
  const rect = `<rect x="${x}" y="${y1 - 14}" width="${size.width - x}" height="18" rx="3"/>`;
  const words = { x: size.wordsAt, y: y1 - 1, anchor: /** @type {const} */ ('start') };
  return { lines: `${rect}${dots.join('')}`, words };
}

/**
 * @param {Placed} entry
 * @param {string} label
 * @param {Scene} scene
 * @returns {Drawn}
 */
function drawBetween(entry, label, { columns }) {
  const { shape, item, y1, y2 } = entry;
  const { from, to } = /** @type {FrameItem | ConnectionItem} */ (item);
  const x1 = columns.get(from) ?? 0;
  const x2 = columns.get(to) ?? 0;
  if (item.kind !== 'frame') {
    return drawMark(/** @type {ConnectionItem} */ (item), { x1, x2, y1 });
  }
  const words = wordsAt(x1, x2, 8, y1 - 4);
  if (shape === 'quiet') {
    const heads = head(x2, y1, x1, y1) + head(x1, y1, x2, y1);
    return { lines: line(x1, y1, x2, y1) + heads, words };
  }
  if (item.fate === 'lost') {
    const x = x1 + (x2 - x1) * LOST_AT;
    return { lines: line(x1, y1, x, y2) + cross(x, y2, 5), words };
  }
  // A steep arrow would run through the words below its own: it goes level first, under its own.
  const level =
    y2 - y1 > STEEP ? Math.min(label.length * LETTER, Math.abs(x2 - x1) * MOST_LEVEL) : 0;
  const x = x1 + (x2 >= x1 ? level : -level);
  const shelf = level === 0 ? '' : line(x1, y1, x, y1);
  return { lines: shelf + line(x, y1, x2, y2) + head(x, y1, x2, y2), words };
}

/**
 * @param {ConnectionItem} event
 * @param {{ x1: number, x2: number, y1: number }} at
 * @returns {Drawn}
 */
function drawMark({ kind }, { x1, x2, y1 }) {
  const y = y1 - 3;
  if (kind === 'dial') {
    const lines = line(x1, y1, x2, y1 + HANG) + head(x1, y1, x2, y1 + HANG);
    return { lines, words: wordsAt(x1, x2, 8, y1 - 4) };
  }
  if (kind === 'cut') {
    const lines = line(x1, y, x2, y) + cross((x1 + x2) / 2, y, 6);
    return { lines, words: wordsAt(x1, x2, 8, y - 3) };
  }
  const words = wordsAt(x1, x2, 12, y1 + 1);
  if (kind === 'open') return { lines: `<circle cx="${x1}" cy="${y}" r="4"/>`, words };
  if (kind === 'close') return { lines: cross(x1, y, 4), words };
  const stub = x1 + (x2 >= x1 ? STUB : -STUB);
  const lines = line(x1, y, stub, y) + head(x1, y, stub, y);
  return { lines, words: wordsAt(x1, x2, STUB + 6, y1 + 1) };
}

/**
 * Where words begin that stand `away` from the lifeline at x1, on the side of x2.
 *
 * @param {number} x1
 * @param {number} x2
 * @param {number} away
 * @param {number} y
 * @returns {Drawn['words']}
 */
function wordsAt(x1, x2, away, y) {
  return x2 >= x1 ? { x: x1 + away, y, anchor: 'start' } : { x: x1 - away, y, anchor: 'end' };
}

/**
 * @param {number} x
 * @param {number} y
 * @param {'start' | 'middle' | 'end'} anchor
 * @param {string} words
 */
export function text(x, y, anchor, words, name = '') {
  const place = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"`;
  return `<text class="${name}" ${place}>${escapeHtml(words)}</text>`;
}

/**
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function line(x1, y1, x2, y2, name = '') {
  const place = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`;
  return `<line class="${name}" ${place}/>`;
}

/**
 * The head of an arrow that comes from x1, y1. The lifeline stays visible at its tip.
 *
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
function head(x1, y1, x2, y2) {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const points = [2.7, -2.7].map((turn) => {
    const x = x2 + HEAD * 1.3 * Math.cos(angle + turn);
    return `${round(x)},${round(y2 + HEAD * 1.3 * Math.sin(angle + turn))}`;
  });
  return `<polygon points="${round(x2)},${round(y2)} ${points.join(' ')}"/>`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
function cross(x, y, size) {
  const [l, r, t, b] = [x - size, x + size, y - size, y + size].map(round);
  return `<path class="cross" d="M${l},${t}L${r},${b}M${l},${b}L${r},${t}"/>`;
}

/** @param {number} lane */
export function laneAt(lane) {
  return LANES_FROM + lane * LANE;
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
