// A bar chart as an SVG file: a bar for each contender, the best first, and a whisker from the
// smallest to the largest round. The scale is logarithmic where one contender is
// more than a hundred times another, and says so.

import { metricOf } from './metrics.mjs';

const WIDTH = 760;
const NAMES_WIDTH = 130;
const VALUES_WIDTH = 110;
const BAR_HEIGHT = 16;
const LINE_HEIGHT = 24;
const HEAD_HEIGHT = 44;
const FOOT_HEIGHT = 12;
const LOGARITHMIC_FROM = 100;
const COLOURS = { limit: '#8a8f98', ours: '#1f6feb', peer: '#d29922' };

/**
 * @param {string} title
 * @param {import('./report.mjs').Row} row
 * @returns {string | null} null where nothing was measured
 */
export function chartOf(title, { metric, cells }) {
  const { better, format, title: unit } = metricOf(metric);
  const bars = cells.flatMap(({ contender, kind, spread }) =>
    spread !== undefined && spread.median > 0 ? [{ contender, kind, ...spread }] : [],
  );
  if (bars.length === 0) return null;
  bars.sort((a, b) => (better === 'more' ? b.median - a.median : a.median - b.median));
  const scale = scaleOf(bars);
  const height = HEAD_HEIGHT + bars.length * LINE_HEIGHT + FOOT_HEIGHT;
  const note = `${unit}, ${better} is better${scale.isLogarithmic ? ', logarithmic' : ''}`;
  const drawn = bars.map(({ contender, kind, median, min, max }, index) => {
    const y = HEAD_HEIGHT + index * LINE_HEIGHT;
    const base = y + BAR_HEIGHT - 4;
    const middle = y + BAR_HEIGHT / 2;
    const right = Math.max(scale.at(median), scale.at(max)) + 6;
    return [
      `<text x="${NAMES_WIDTH - 8}" y="${base}" text-anchor="end">${escaped(contender)}</text>`,
      rectangle(y, scale.at(median) - NAMES_WIDTH, COLOURS[kind]),
      `<path d="M${scale.at(min)} ${middle}H${scale.at(max)}" stroke="#24292f"/>`,
      `<text x="${right}" y="${base}">${escaped(format(median))}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" \
width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="8" y="18" font-size="14" font-weight="bold">${escaped(title)}</text>
<text x="8" y="34" fill="#57606a">${escaped(note)}</text>
${drawn.join('\n')}
</svg>
`;
}

/** @param {readonly import('./statistics.mjs').Spread[]} bars */
function scaleOf(bars) {
  const room = WIDTH - NAMES_WIDTH - VALUES_WIDTH;
  const most = Math.max(...bars.map(({ max }) => max));
  const least = Math.min(...bars.map(({ min }) => Math.max(min, Number.MIN_VALUE)));
  const isLogarithmic = most / least > LOGARITHMIC_FROM;
  // The least still has a bar, of half a decade.
  const zero = Math.log10(least) - 0.5;
  const share = (/** @type {number} */ value) =>
    isLogarithmic
      ? (Math.log10(Math.max(value, least)) - zero) / (Math.log10(most) - zero)
      : value / most;
  const at = (/** @type {number} */ value) => Math.round(NAMES_WIDTH + room * share(value));
  return { at, isLogarithmic };
}

/**
 * @param {number} y
 * @param {number} width
 * @param {string} colour
 */
function rectangle(y, width, colour) {
  const place = `x="${NAMES_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}"`;
  return `<rect ${place} fill="${colour}"/>`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
