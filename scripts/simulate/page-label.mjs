// Page: the words next to an arrow or a mark, and those of its tooltip.

/**
 * @typedef {import('./page-runs.mjs').Entry} Entry
 * @typedef {import('./page-runs.mjs').FrameItem} FrameItem
 * @typedef {import('./page-runs.mjs').ConnectionItem} ConnectionItem
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 */

/** Marks of an end, by kind; `from` is the machine whose mark it is. */
const VERBS = {
  dial: 'dials',
  refuse: 'refuses',
  open: 'open',
  end: 'end',
  reset: 'reset',
  cut: 'cut',
  close: 'close',
};

/**
 * @param {Entry} entry
 * @param {readonly StoryItem[]} items
 */
export function labelOf({ shape, item, places }, items) {
  const all = places.map((place) => items[place]);
  if ('text' in item) return item.text;
  if (shape === 'event') {
    const verbs = /** @type {ConnectionItem[]} */ (all).map(({ kind }) => VERBS[kind]).join(', ');
    const { connection, outcome } = /** @type {ConnectionItem} */ (item);
    return outcome === undefined ? `${verbs} #${connection}` : `#${connection} dials: ${outcome}`;
  }
  const frames = /** @type {FrameItem[]} */ (all);
  if (shape === 'data') return labelOfData(frames);
  if (shape === 'quiet') return labelOfQuiet(frames);
  return /** @type {FrameItem} */ (item).label;
}

/** @param {FrameItem[]} frames */
function labelOfData(frames) {
  const [first, last] = [frames[0], frames.at(-1)];
  const flows = new Set(frames.map(({ sport, dport }) => `${sport}→${dport}`));
  const flow = flows.size === 1 ? [...flows][0] : `in ${flows.size} flows`;
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0).toLocaleString('en-US');
  const resent = first?.isResent ? ' resent' : '';
  return `${frames.length} data ${flow} ${bytes} B ${first?.number}…${last?.number}${resent}`;
}

/** @param {FrameItem[]} frames */
function labelOfQuiet(frames) {
  const beats = frames.filter(({ name }) => name === 'heartbeat').length;
  const acks = frames.length - beats;
  const parts = [
    ...(beats > 0 ? [`${beats} heartbeat${beats > 1 ? 's' : ''}`] : []),
    ...(acks > 0 ? [`${acks} ack${acks > 1 ? 's' : ''}`] : []),
  ];
  const durationMs = Number(frames.at(-1)?.atMs) - Number(frames[0]?.atMs);
  return `${parts.join(', ')} in ${durationOf(durationMs)}`;
}

/**
 * All that is known of one item, a line each.
 *
 * @param {StoryItem} item
 */
export function linesOf(item) {
  if ('text' in item) return [`${item.kind}: ${item.text}`, `at ${timeOf(item.atMs)} ms`];
  const way = `#${item.connection}, ${item.from} → ${item.to}`;
  if (item.kind !== 'frame') {
    const outcome = item.outcome === undefined ? [] : [item.outcome];
    return [`${item.kind} ${way}`, `at ${timeOf(item.atMs)} ms`, ...outcome];
  }
  return [...item.details, way, `left at ${timeOf(item.atMs)} ms`, fateOf(item)];
}

/** @param {FrameItem} item */
function fateOf({ name, arrivedMs, atMs, isUnread }) {
  if (name === 'part') return 'never complete';
  if (arrivedMs === undefined) return 'lost';
  const arrived = `arrived at ${timeOf(arrivedMs)} ms, after ${durationOf(arrivedMs - atMs)}`;
  return isUnread ? `${arrived}, at an end that was closed: nobody read it` : arrived;
}

/** @param {number} ms */
export function timeOf(ms) {
  const options = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  return ms.toLocaleString('en-US', options);
}

/** @param {number} ms */
export function durationOf(ms) {
  if (ms >= 9999.5) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 10) return `${ms.toFixed(0)} ms`;
  return `${Number(ms.toPrecision(2))} ms`;
}
