// Page: what the lines and colours mean, drawn by what draws the diagram.

import { drawEntry, text } from './page-draw.mjs';

/**
 * @typedef {import('./page-filter.mjs').StoryItem} StoryItem
 * @typedef {import('./page-runs.mjs').Entry} Entry
 */

const WIDTH = 440;
const ROW = 30;

const frame = {
  ...{ kind: 'frame', atMs: 0, arrivedMs: 1, connection: 1, from: 'a', to: 'b', name: 'data' },
  ...{ fate: 'arrived', sport: 0, dport: 0, bytes: 0, isResent: false, label: '', details: [] },
};
const event = { atMs: 0, connection: 1, from: 'a', to: 'b' };

/** @type {[string, object][]} */
const SAMPLES = [
  ['a message: ports, length, sequence', { ...frame, label: '4000→4001 120 B s+3' }],
  ['the same, sent again', { ...frame, isResent: true, label: '4000→4001 120 B s+3 resent' }],
  ['never arrived', { ...frame, fate: 'lost', label: '4000→4001 120 B s+4' }],
  ['arrived at an end that was closed', { ...frame, isUnread: true, label: '4000→4001 9 B s+5' }],
  ['acknowledgement, heartbeat', { ...frame, name: 'ack', label: 'ack s+3' }],
  ['congestion map', { ...frame, name: 'map', label: 'map 4001' }],
  ['hello, probe, goodbye', { ...frame, name: 'probe', label: 'probe s+0' }],
  ['ping, pong, refusals', { ...frame, name: 'ping', label: 'ping 40000 s+9' }],
  ['a TCP connection is dialled', { ...event, kind: 'dial', outcome: 'open after 2 ms' }],
  ['the dialler is connected', { ...event, kind: 'open' }],
  ['it has sent all', { ...event, kind: 'end' }],
  ['it is reset', { ...event, kind: 'reset' }],
  ['the network cuts it', { ...event, kind: 'cut' }],
  ['its end is closed', { ...event, kind: 'close' }],
];

const FAULTS = {
  broken: 'connections break, or nothing passes',
  slow: 'slow links, stalled processes',
  dials: 'dials fail, or are somebody else’s',
  death: 'a process or machine is gone',
  other: 'clocks, and all else',
};

export function drawLegend() {
  const columns = new Map([
    ['a', 20],
    ['b', 200],
  ]);
  const size = { wordsAt: 0, width: WIDTH, height: 0 };
  const rows = SAMPLES.map(([words, sample], at) => {
    const item = /** @type {StoryItem} */ (sample);
    const items = [item];
    const y1 = 22 + at * ROW;
    /** @type {import('./page-layout.mjs').Placed} */
    const entry = { shape: 'event', item, places: [0], y1, y2: y1 + 6 };
    if (item.kind === 'frame') entry.shape = 'frame';
    const drawn = drawEntry(entry, { items, columns, size });
    // Nothing is to be told of what never happened.
    const sampled = (drawn.lines + drawn.words).replaceAll(/<title>.*?<\/title>/gs, '');
    return sampled + text(225, y1, 'start', words, 'words');
  });
  const faults = Object.entries(FAULTS).map(
    ([name, words]) => `<li><span class="swatch ${name}"></span>${words}</li>`,
  );
  const view = `width="${WIDTH}" height="${SAMPLES.length * ROW + 8}"`;
  return (
    `<svg class="diagram" role="img" aria-label="Legend" ${view}>${rows.join('')}</svg>` +
    `<div><p>Time goes down, not to scale; the numbers at the left are milliseconds. An arrow ` +
    `goes from the moment a frame’s last byte left to the moment it arrived at the other ` +
    `machine’s TCP, which is not yet the program.</p>` +
    `<p><b>s+3</b> is the sequence, counted from the first of its direction; <b>s2+3</b> that of ` +
    `the sender’s second life. <b>m17</b> is message 17 of the workload, <b>#5</b> the fifth ` +
    `connection that was dialled, and <b>ack s+3</b> says that all up to there is processed.</p>` +
    `<p>A thick arrow stands for several messages, a dotted line for the heartbeats and ` +
    `acknowledgements of a quiet connection. A click opens them; a click on anything tells all ` +
    `about it.</p><p>Faults are bars; one that lasts also runs down the left side. A dashed ` +
    `lifeline is a machine without its process.</p><ul>${faults.join('')}</ul></div>`
  );
}
