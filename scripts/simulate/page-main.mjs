// Page: what runs in the browser. It draws the part that is on the screen, again whenever that
// changes, and hears the controls. What it draws, and where, is decided in the other files.
//
// The compiler knows the names of Node here, not those of a browser.
// @ts-nocheck

import { escapeHtml } from './page-escape.mjs';
import { matcher, pairOf, shown } from './page-filter.mjs';
import { linesOf } from './page-label.mjs';
import { layOut } from './page-layout.mjs';
import { collapse } from './page-runs.mjs';
import { drawHeads, drawView } from './page-view.mjs';

const element = (id) => document.getElementById(id);
const story = JSON.parse(element('story').textContent);
const { items, machines } = story;
const filter = { hiddenPairs: new Set(), hiddenKinds: new Set(), query: '', matchesOnly: false };
const opened = new Set();
let selected = -1;
let found = [];
let layout;
const [scroll, view, heads, canvas, about] = ['scroll', 'view', 'heads', 'canvas', 'about'].map(
  element,
);

/** Everything anew. What is at the top of the window, or `place`, stays where it is. */
function arrange(place) {
  const top = scroll.scrollTop;
  const first = layout?.entries.find(({ y1 }) => y1 > top);
  const offset = (first?.y1 ?? 0) - top;
  const places = shown(story, filter);
  const isOpened = (run) => !element('collapse').checked || opened.has(run);
  layout = layOut(collapse(items, places, isOpened), items, machines, scroll.clientWidth);
  canvas.style.height = `${layout.size.height}px`;
  canvas.style.width = `${layout.size.width}px`;
  heads.setAttribute('width', layout.size.width);
  heads.setAttribute('height', 26);
  heads.innerHTML = drawHeads(layout);
  const matches = matcher(filter.query);
  found = matches === undefined ? [] : places.filter((at) => matches(items[at]));
  element('found').value = matches === undefined ? '' : `${found.length} found`;
  const anchor = place ?? first?.places[0];
  const entry = anchor === undefined ? undefined : entryOf(anchor);
  if (entry !== undefined) {
    scroll.scrollTop = entry.y1 - (place === undefined ? offset : scroll.clientHeight / 3);
  }
  draw();
}

/** The entry that has the item, or the first one after it. */
function entryOf(place) {
  const { entries } = layout;
  return (
    entries.find(({ places }) => places.includes(place)) ??
    entries.find(({ places }) => places[0] > place)
  );
}

function draw() {
  const margin = scroll.clientHeight / 2;
  const top = Math.max(0, scroll.scrollTop - margin);
  const bottom = Math.min(layout.size.height, scroll.scrollTop + scroll.clientHeight + margin);
  const height = Math.max(0, bottom - top);
  view.style.top = `${top}px`;
  view.setAttribute('width', layout.size.width);
  view.setAttribute('height', height);
  view.setAttribute('viewBox', `0 ${top} ${layout.size.width} ${height}`);
  const matching = new Set(found);
  const isSearching = filter.query.trim() !== '';
  const message = items[selected]?.message;
  view.innerHTML = drawView(layout, items, { top, bottom }, ({ places }) => {
    const states = [];
    if (places.includes(selected)) states.push('selected');
    else if (message !== undefined && places.some((at) => items[at].message === message)) {
      states.push('same');
    }
    if (isSearching) states.push(places.some((at) => matching.has(at)) ? 'match' : 'dim');
    return states.join(' ');
  });
}

/** Shows an item, wherever it is, even if it was filtered out. */
function show(place) {
  selected = place;
  if (!shown(story, filter).includes(place)) clearFilter();
  arrange(place);
  const x = layout.columns.get(items[place].from) ?? 0;
  const isVisible = x > scroll.scrollLeft && x < scroll.scrollLeft + scroll.clientWidth;
  if (!isVisible) scroll.scrollLeft = x - scroll.clientWidth / 3;
  tell([place]);
}

function clearFilter() {
  filter.hiddenPairs.clear();
  filter.hiddenKinds.clear();
  filter.matchesOnly = false;
  element('only').checked = false;
  for (const box of document.querySelectorAll('[name=pair], [name=kind]')) box.checked = true;
}

/** What is known of one item, or of those in one mark, at the lower right. */
function tell(places) {
  const lines = places.flatMap((place) => linesOf(items[place]));
  const said = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('');
  const run = runOf(places[0]);
  const turning = opened.has(run?.[0]) ? 'Close' : 'Open';
  const fold = run && `<button data-run="${run[0]}">${turning} the run of ${run.length}</button>`;
  const pair = escapeHtml(pairOf(items[places[0]], machines));
  const only = pair && `<button data-pair="${pair}">Only these two</button>`;
  const link = `<a href="#item-${places[0]}">#item-${places[0]}</a>`;
  const actions = `<p class="actions">${link} ${only} ${fold ?? ''}</p>`;
  about.innerHTML = `<button data-leave title="Escape">×</button>${said}${actions}`;
  about.hidden = false;
}

/** The run of which an item is, or would be if it were not opened. */
function runOf(place) {
  const runs = collapse(items, shown(story, filter), () => false).filter(isRun);
  return runs.find(({ places }) => places.includes(place))?.places;
}

function isRun({ shape }) {
  return shape === 'data' || shape === 'quiet';
}

function clicked({ target }) {
  const place = Number(target.closest?.('.entry')?.dataset.place ?? -1);
  if (place < 0) return;
  const entry = layout.entries.find(({ places }) => places[0] === place);
  selected = place;
  if (isRun(entry)) {
    turn(place);
    return;
  }
  draw();
  tell(entry.places);
}

/** Opens a run, or closes it. */
function turn(run) {
  about.hidden = true;
  if (!opened.delete(run)) opened.add(run);
  arrange();
}

/** Goes to the next match after what is selected, or to the one before it. */
function step(by) {
  if (found.length === 0) return;
  const next = by > 0 ? found.find((at) => at > selected) : found.findLast((at) => at < selected);
  show(next ?? found.at(by > 0 ? 0 : -1));
}

function leave() {
  about.hidden = true;
  selected = -1;
  draw();
}

/** `#item-17`, `#ms-1234.5`: a place that can be linked to. */
function followHash() {
  const [, kind, text] = /^#(item|ms)-([\d.]+)$/.exec(location.hash) ?? [];
  if (kind === undefined) return;
  const place =
    kind === 'item' ? Number(text) : items.findIndex(({ atMs }) => atMs >= Number(text));
  if (items[place] !== undefined) show(place);
}

function setHidden(name) {
  const hidden = name === 'pair' ? filter.hiddenPairs : filter.hiddenKinds;
  hidden.clear();
  for (const { checked, value } of document.getElementsByName(name)) {
    if (!checked) hidden.add(value);
  }
  arrange(selected < 0 ? undefined : selected);
}

/** Checks the boxes of a name for which `isChecked` is true, and no others. */
function check(name, isChecked) {
  for (const box of document.getElementsByName(name)) box.checked = isChecked(box.value);
  setHidden(name);
}

function changed({ target }) {
  if (target.name === 'pair' || target.name === 'kind') setHidden(target.name);
  if (target.id === 'only') filter.matchesOnly = target.checked;
  if (target.id === 'only' || target.id === 'collapse') arrange();
}

function pressed({ target }) {
  const { all, none, pair, run, leave: leaves } = target.dataset;
  if (all !== undefined) check(all, () => true);
  if (none !== undefined) check(none, () => false);
  if (pair !== undefined) check('pair', (value) => value === pair);
  if (run !== undefined) turn(Number(run));
  if (leaves !== undefined) leave();
  if (target.id === 'next') step(1);
  if (target.id === 'previous') step(-1);
  const menu = target.closest?.('.menu');
  for (const other of document.querySelectorAll('.menu[open]')) {
    if (other !== menu) other.open = false;
  }
}

let isScheduled = false;
scroll.addEventListener('scroll', () => {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw();
  });
});
view.addEventListener('click', clicked);
document.addEventListener('click', pressed);
document.addEventListener('change', changed);
element('query').addEventListener('input', ({ target }) => {
  filter.query = target.value;
  arrange();
});
document.addEventListener('keydown', ({ key, shiftKey, target }) => {
  if (key === 'Enter' && target.id === 'query') step(shiftKey ? -1 : 1);
  if (key === 'Escape') leave();
});
addEventListener('resize', () => arrange());
addEventListener('hashchange', followHash);
arrange();
followHash();
