// One side of a measurement, as a process of its own: `node side.mjs ROLE CONTENDER PLAN [WHERE]`.
//
// It is told what to do by lines of words on its standard input, and answers with lines of JSON,
// as programs in other languages do, too:
//
//   expect N     the receiver counts to N:  { expecting }, and when they are there { arrived }
//   lost         the receiver under cuts:   { lost: { lost, repeated } }
//   after T      the receiver under cuts:   { after: { atMs } }, of the first message sent after T
//   send N       the sender sends so many:  { sent: N }
//   send-for MS  or for so long:            { sent: N }
//   ping-for MS  the sender measures:       { pinged: { p50, p99, p999, messages } }
//   tick         the sender sends a message a millisecond from now on: { ticking }
//   usage        either:                    { usage: { cpuMs, peakKib, nowKib, startKib } }
//
// It begins with { ready: WHERE }, says { connected } when messages can flow, and when something
// is wrong { failed: WHY }. It ends with its standard input.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Arrivals } from './arrivals.mjs';
import { findContender } from './contenders.mjs';
import { Departures } from './departures.mjs';

/** The clock of /proc: sysconf(_SC_CLK_TCK) is 100 wherever Node runs on Linux. */
const MS_PER_TICK = 10;

const [role = '', name = '', planText = '', whereText = '{}'] = process.argv.slice(2);
/** @type {import('./contender.mjs').Plan} */
const plan = JSON.parse(planText);
/** @type {Arrivals | undefined} */
let arrivals;
/** @type {Departures | undefined} */
let departures;
/** @type {readonly number[]} */
let helpers = [];
let startKib = 0;

process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
await open();
createInterface({ input: process.stdin })
  .on('line', (line) => obey(line.split(' ')).catch(failed))
  .on('close', () => process.exit());

async function open() {
  const contender = /** @type {import('./contender.mjs').Contender} */ (await findContender(name));
  startKib = process.memoryUsage.rss() / 1024;
  let where = JSON.parse(whereText);
  if (role !== 'send') {
    arrivals = new Arrivals(plan, failed);
    const receiving = await contender.receive(plan, arrivals.deliver, where);
    helpers = receiving.helpers ?? [];
    where = receiving.where;
    if (role === 'receive') say({ ready: where });
  }
  if (role !== 'receive') {
    const sending = await contender.send(plan, (message) => departures?.answered(message), where);
    say({ ready: sending.where ?? {} });
    const flows = await sending.flows;
    departures = new Departures(plan, { flows, keeps: sending.keeps }, failed);
  }
  say({ connected: true });
}

/** @param {string[]} words */
async function obey([what, argument]) {
  const amount = Number(argument);
  switch (what) {
    case 'expect': {
      const arrived = arrivals?.expect(amount);
      say({ expecting: amount });
      return say({ arrived: await arrived });
    }
    case 'lost':
      return say({ lost: { lost: arrivals?.lost, repeated: arrivals?.repeated } });
    case 'after':
      return say({ after: { atMs: arrivals?.firstSentAfter(amount) } });
    case 'send':
      return say({ sent: await departures?.send(amount) });
    case 'send-for':
      return say({ sent: await departures?.sendFor(amount) });
    case 'ping-for':
      return say({ pinged: await departures?.pingFor(amount) });
    case 'tick':
      departures?.tick();
      return say({ ticking: true });
    case 'usage':
      return say({ usage: usage() });
    default:
      throw new Error(`What is “${what}”?`);
  }
}

function usage() {
  const { user, system } = process.cpuUsage();
  const cpuMs = (user + system) / 1000 + helpers.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  return { cpuMs, peakKib: peakKib(), nowKib: process.memoryUsage.rss() / 1024, startKib };
}

/** Not getrusage's maxrss: that begins with what the harness had when it started this process. */
function peakKib() {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
}

/** @param {number} pid */
function cpuMsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is a name in brackets, in which anything may stand.
  const [utime, stime] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
  return (Number(utime) + Number(stime)) * MS_PER_TICK;
}

/** @param {object} words */
function say(words) {
  process.stdout.write(`${JSON.stringify(words)}\n`);
}

/** @param {unknown} error */
function failed(error) {
  say({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  // What was said has to leave through the pipe first.
  process.stdout.write('', () => process.exit(1));
}
