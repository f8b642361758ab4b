// Page: which items of a story are shown. No DOM here, so that it can be tested.

/**
 * @typedef {import('../../packages/rds-core/test/simulation/story-item.ts').Story} Story
 * @typedef {import('../../packages/rds-core/test/simulation/story-item.ts').StoryItem} StoryItem
 */

/**
 * @typedef {object} Filter
 * @property {Set<string>} hiddenPairs
 * @property {Set<string>} hiddenKinds
 * @property {string} query all words of it must occur
 * @property {boolean} matchesOnly
 */

/** What can be switched off, and the kinds or frame names behind it. */
export const KINDS = {
  data: ['data', 'part'],
  'acks, heartbeats': ['ack', 'heartbeat'],
  maps: ['map'],
  greetings: ['hello', 'probe', 'probe pong', 'goodbye'],
  'pings, refusals': ['ping', 'pong', 'refusals'],
  connections: ['dial', 'refuse', 'open', 'end', 'reset', 'cut', 'close'],
  faults: ['fault', 'note'],
};

/** @param {StoryItem} item */
export function isBar(item) {
  return item.kind === 'fault' || item.kind === 'note';
}

/** @param {StoryItem} item */
function kindOf(item) {
  const name = item.kind === 'frame' ? item.name : item.kind;
  return Object.entries(KINDS).find(([, names]) => names.includes(name))?.[0] ?? name;
}

/**
 * The two machines of an item, whoever sent.
 *
 * @param {StoryItem} item
 * @param {readonly string[]} machines
 */
export function pairOf(item, machines) {
  if (isBar(item)) return '';
  const { from, to } = /** @type {{ from: string, to: string }} */ (item);
  return machines.indexOf(from) <= machines.indexOf(to) ? `${from} ↔ ${to}` : `${to} ↔ ${from}`;
}

/**
 * All pairs that have to do with each other, and how many items each has.
 *
 * @param {Story} story
 */
export function pairsOf({ items, machines }) {
  /** @type {Map<string, number>} */
  const pairs = new Map();
  for (const item of items) {
    const pair = pairOf(item, machines);
    if (pair !== '') pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return [...pairs].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * A test for items, or undefined if nothing is searched. A number matches only as a whole.
 *
 * @param {string} query
 * @returns {((item: StoryItem) => boolean) | undefined}
 */
export function matcher(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  const patterns = words.map((word) => {
    const pattern = word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const [before, after] = [/^\d/, /\d$/].map((digit) => digit.test(word));
    return new RegExp(`${before ? '(?<!\\d)' : ''}${pattern}${after ? '(?!\\d)' : ''}`);
  });
  return (item) => {
    const text = textOf(item).toLowerCase();
    return patterns.every((pattern) => pattern.test(text));
  };
}

/** @param {StoryItem} item */
function textOf(item) {
  if ('text' in item) return `${item.kind} ${item.text}`;
  const place = `${item.kind} ${item.from} → ${item.to} #${item.connection}`;
  if (item.kind !== 'frame') return `${place} ${item.outcome ?? ''}`;
  const fate = item.isUnread ? 'unread' : item.fate;
  return `${place} ${fate} ${item.label} ${item.details.join(' ')}`;
}

/**
 * The places of the items that are shown.
 *
 * @param {Story} story
 * @param {Filter} filter
 */
export function shown({ items, machines }, filter) {
  const matches = filter.matchesOnly ? matcher(filter.query) : undefined;
  return items.flatMap((item, place) => {
    if (filter.hiddenKinds.has(kindOf(item))) return [];
    if (filter.hiddenPairs.has(pairOf(item, machines))) return [];
    return matches === undefined || matches(item) ? [place] : [];
  });
}
