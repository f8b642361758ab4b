// A story as one HTML page that needs nothing else: the diagram is drawn by the script in it.

import { escapeHtml, escapeJson } from './page-escape.mjs';
import { KINDS, pairsOf } from './page-filter.mjs';
import { timeOf } from './page-label.mjs';
import { drawLegend } from './page-legend.mjs';
import { drawViolations } from './page-violations.mjs';

/** @typedef {import('./page-filter.mjs').Story} Story */

/**
 * @param {Story} story
 * @param {{ style: string, script: string }} parts
 */
export function pageOf(story, { style, script }) {
  const { seed, violations } = story;
  const title = `Seed ${seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}${violations.length > 0 ? ' failed' : ''}</title>
<style>
${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="summary">${escapeHtml(summaryOf(story))}</p>
${drawViolations(story)}
<div class="tools">
<label>Search <input id="query" type="search" placeholder="m17, s+3, lost, #5 …"></label>
<button id="previous" title="Shift+Enter">↑</button>
<button id="next" title="Enter">↓</button>
<output id="found"></output>
<label><input id="only" type="checkbox"> only these</label>
<label><input id="collapse" type="checkbox" checked> collapse runs</label>
<details class="menu"><summary>Pairs</summary>${drawPairs(story)}</details>
<details class="menu"><summary>Kinds</summary>${drawKinds()}</details>
<details class="menu"><summary>Plan</summary><pre>${escapeHtml(planOf(story))}</pre></details>
<details class="menu legend"><summary>Legend</summary><div>${drawLegend()}</div></details>
</div>
</header>
<main id="scroll" tabindex="0">
<svg id="heads" class="diagram"></svg>
<div id="canvas"><svg id="view" class="diagram"></svg></div>
</main>
<aside id="about" hidden></aside>
<script type="application/json" id="story">${escapeJson(story)}</script>
<script>
${script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')}</script>
</body>
</html>
`;
}

/** @param {Story} story */
export function summaryOf({
  violations,
  messages,
  arrivals,
  simulatedMs,
  faults,
  machines,
  items,
}) {
  const kinds = Object.entries(faults).map(([kind, times]) => `${kind} ${times}`);
  return [
    `${violations.length} violation${violations.length === 1 ? '' : 's'}`,
    `${machines.length} machines`,
    `${messages} messages, ${arrivals} arrivals`,
    `${timeOf(simulatedMs / 1000)} s simulated`,
    `${items.length} events`,
    `faults: ${kinds.join(', ') || 'none'}`,
  ].join(' · ');
}

/** @param {Story} story */
function drawPairs(story) {
  const boxes = pairsOf(story).map(([pair, count]) => {
    const name = escapeHtml(pair);
    const box = `<input type="checkbox" name="pair" value="${name}" checked>`;
    return `<label>${box} ${name} <i>${count}</i></label>`;
  });
  const all = `<p><button data-all="pair">all</button> <button data-none="pair">none</button></p>`;
  return `<div>${all}${boxes.join('')}</div>`;
}

function drawKinds() {
  const boxes = Object.keys(KINDS).map(
    (kind) => `<label><input type="checkbox" name="kind" value="${kind}" checked> ${kind}</label>`,
  );
  return `<div>${boxes.join('')}</div>`;
}

/** @param {Story} story */
function planOf({ plan }) {
  return Object.entries(JSON.parse(plan))
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join('\n');
}
