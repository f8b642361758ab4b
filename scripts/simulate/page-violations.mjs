// Page: the violations, with links to what they speak of: a moment, or the frames of a message.

import { escapeHtml } from './page-escape.mjs';

/** @typedef {import('./page-filter.mjs').Story} Story */

/** A message that was sent so often tells nothing new after that. */
const LINKS_SHOWN = 12;

/** @param {Story} story */
export function drawViolations({ violations, items }) {
  if (violations.length === 0) return '<p class="good">No rule was violated.</p>';
  const lines = violations.map((violation) => {
    const text = escapeHtml(violation).replace(
      /^(?<first>\d+(?:\.\d+)?)(?= )|(?<=sent at )(?<sent>\d+(?:\.\d+)?)/g,
      (ms) => `<a href="#ms-${ms}">${ms}</a>`,
    );
    return `<li>${text}${linksTo(violation, items)}</li>`;
  });
  return `<ol class="bad">${lines.join('')}</ol>`;
}

/**
 * @param {string} violation
 * @param {Story['items']} items
 */
function linksTo(violation, items) {
  const message = /\bmessage (\d+)/.exec(violation)?.[1];
  if (message === undefined) return '';
  const places = items.flatMap((item, place) => {
    if (item.kind !== 'frame' || item.message !== Number(message)) return [];
    const flow = `${item.from}:${item.sport} → ${item.to}:${item.dport}`;
    return violation.includes(flow) ? [place] : [];
  });
  if (places.length === 0) return ' <em>never left as a frame</em>';
  const links = places.slice(0, LINKS_SHOWN).map((place, at) => {
    const item = items[place];
    const fate = item?.kind === 'frame' ? item.fate : '';
    return `<a href="#item-${place}">transmission ${at + 1}, ${fate}</a>`;
  });
  return ` <span class="links">${links.join(' ')}</span>`;
}
