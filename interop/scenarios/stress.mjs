// `rds stress` and a program in the kernel that holds the conversation of rds-stress, each in both
// roles: no message is missing, out of order or altered, and none is left over in the end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ownAddress } from '../bridge.mjs';
import { scenario } from '../scenario.mjs';
import { check } from '../verdict.mjs';

const OURS = fileURLToPath(new URL('../../packages/rds-tcp/dist/cli/main.js', import.meta.url));
const THEIRS = fileURLToPath(new URL('../agent/stress.py', import.meta.url));
const PORT = 4000;
/** What is measured; four seconds of every run go by before. */
const SECONDS = 1;
const LIMIT_SECONDS = 40;
/** Whoever comes first waits for the other. */
const RETRIES = '20';

/**
 * @typedef {import('../bridge.mjs').Side} Side
 * @typedef {import('../kernel.mjs').Kernel} Kernel
 * @typedef {import('../lab.mjs').Lab} Lab
 *
 * @typedef {object} Settings
 * @property {number} depth
 * @property {number} tasks
 * @property {number} requestBytes
 * @property {number} ackBytes
 * @property {boolean} oneWay
 *
 * @typedef {'requestsSent' | 'requestsReceived' | 'acksSent' | 'acksReceived'} Counter
 * @typedef {Record<Counter | 'unanswered', number>} Totals
 */

/** @type {Record<string, Settings>} */
const LOADS = {
  small: { depth: 8, tasks: 3, requestBytes: 64, ackBytes: 63, oneWay: false },
  'one way': { depth: 8, tasks: 2, requestBytes: 65_536, ackBytes: 1000, oneWay: true },
  large: { depth: 2, tasks: 1, requestBytes: 1 << 20, ackBytes: 4096, oneWay: false },
};

export const stress = scenario({
  name: 'stress',
  about: 'rds stress in both roles, with a program in the kernel that checks every message',
  cases: [
    { ours: 'lower', role: 'active', load: 'small' },
    { ours: 'higher', role: 'active', load: 'one way' },
    { ours: 'lower', role: 'active', load: 'large' },
    { ours: 'higher', role: 'passive', load: 'small' },
    { ours: 'lower', role: 'passive', load: 'one way' },
    { ours: 'higher', role: 'passive', load: 'large' },
  ],
  async run(lab, { ours, role, load }) {
    const settings = /** @type {Settings} */ (LOADS[String(load)]);
    const address = ownAddress(/** @type {Side} */ (ours));
    const run = role === 'active' ? activeRun : passiveRun;
    const { summary, counts } = await run(lab, address, settings);
    checkTotals(summary.totals, counts, role === 'active');
    const messages = counts.requests_sent + counts.requests_received;
    const bytes = messages * settings.requestBytes;
    return { messages: messages + counts.acks_sent + counts.acks_received, bytes };
  },
});

/**
 * Ours is the active side.
 *
 * @param {Lab} lab
 * @param {string} address
 * @param {Settings} settings
 */
async function activeRun(lab, address, settings) {
  const kernel = lab.kernel();
  const counts = theirs(kernel, ['passive', kernel.address, String(PORT)]);
  const { depth, tasks, requestBytes, ackBytes, oneWay } = settings;
  const summary = ours(lab, address, [
    ...['-s', kernel.address, '--connect-retries', RETRIES],
    ...['-d', depth, '-t', tasks, '-q', requestBytes, '-a', ackBytes, '-T', SECONDS, '-v'],
    ...(oneWay ? ['-o'] : []),
  ]);
  return { summary: await summary.done, counts: await counts };
}

/**
 * Ours is the passive side.
 *
 * @param {Lab} lab
 * @param {string} address
 * @param {Settings} settings
 */
async function passiveRun(lab, address, settings) {
  const kernel = lab.kernel();
  const { depth, tasks, requestBytes, ackBytes, oneWay } = settings;
  const options = {
    ...{ depth, tasks, request_bytes: requestBytes, ack_bytes: ackBytes },
    ...{ seconds: SECONDS, verify: true, one_way: oneWay },
  };
  const summary = ours(lab, address, []);
  await summary.waiting;
  const args = ['active', kernel.address, String(PORT), address, JSON.stringify(options)];
  const counts = await theirs(kernel, args);
  return { summary: await summary.done, counts };
}

/**
 * Runs `rds stress`: when it has said its first word, and what it said in the end.
 *
 * @param {Lab} lab
 * @param {string} address
 * @param {(string | number)[]} args
 */
function ours(lab, address, args) {
  const argv = [OURS, 'stress', '--json', '-r', address, ...args.map(String)];
  const child = spawn(process.execPath, argv);
  const ended = once(child, 'close');
  const close = () => {
    child.kill('SIGKILL');
    return ended;
  };
  lab.keep({ address, close });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
  });
  const done = ended.then(([code]) => {
    check(code === 0, `rds stress ended with ${code}: ${said.err}`);
    return JSON.parse(said.out.trim().split('\n').at(-1) ?? '');
  });
  // Whoever fails first is told of; the other one then fails as well.
  done.catch(() => {});
  return { done, waiting: Promise.race([once(child.stderr, 'data'), ended]) };
}

/**
 * Runs the program in the kernel, and gives what it counted.
 *
 * @param {Kernel} kernel
 * @param {string[]} args
 */
async function theirs(kernel, args) {
  const argv = [kernel.uml.python, THEIRS, ...args];
  const { status, output } = await kernel.call('execute', { argv, seconds: LIMIT_SECONDS });
  check(status === 0, `the peer in the kernel ended with ${status}: ${output}`);
  return JSON.parse(output);
}

/**
 * @param {Totals} totals what `rds stress` has counted
 * @param {Record<string, number>} counts what the program in the kernel has
 * @param {boolean} isActive
 */
function checkTotals(totals, counts, isActive) {
  const text = `${JSON.stringify(totals)} and ${JSON.stringify(counts)} there`;
  check(totals.requestsSent === counts.requests_received, `a request of ours is missing: ${text}`);
  check(totals.acksReceived === counts.acks_sent, `an ack of theirs is missing: ${text}`);
  check(
    totals.requestsReceived === counts.requests_sent,
    `a request of theirs is missing: ${text}`,
  );
  check(totals.acksSent === counts.acks_received, `an ack of ours is missing: ${text}`);
  check(totals.requestsSent + totals.requestsReceived > 0, 'nothing was sent');
  if (isActive) check(totals.unanswered === 0, `a request was not answered: ${text}`);
}
