/**
 * npm start [-- FILE…]
 *
 * Three processes copy files to each other as datagrams, each to both others, while every TCP
 * connection between them is cut again and again (copy-cutter.ts). In the end the SHA-256 of every
 * copy must be that of the original, and no message lost, duplicated or reordered.
 *
 * What a process does with the library is in copy-worker.ts. This is the parent, which starts
 * them, tells them of each other, compares and counts.
 */

import { fork } from 'node:child_process';
import { filesToCopy } from './copy-files.js';
import { formatBytes, type Progress, showProgress } from './copy-progress.js';
import type { Calls, Peer, Report, Said } from './copy-worker.js';

const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const COPIES_PER_FILE = ADDRESSES.length * (ADDRESSES.length - 1);
/** Small files are there in a moment: they are copied again until so many cuts were survived. */
const MIN_CUTS = 50;
const MAX_ROUNDS = 10_000;
/** Without any progress for so long, we give up. */
const STALLED_MS = 60_000;

const files = await filesToCopy(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exit(2);
});
const fileBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
/** The connections that were cut. Both ends may have done it, and said so. */
const cuts = new Set<string>();
const workers = ADDRESSES.map(startWorker);
let stopShowing = (): void => {};
const stalled = setTimeout(() => fail(1, `Nothing has moved for ${STALLED_MS} ms.`), STALLED_MS);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => fail(130));

try {
  process.exitCode = await main();
} catch (error) {
  fail(1, error instanceof Error ? error.message : String(error));
}

/** Gives the exit code. */
async function main(): Promise<number> {
  const nodes = await Promise.all(workers.map(({ call, address }) => call('open', address)));
  console.log(introduction(nodes));
  stopShowing = showProgress(howFar);
  let reports: Report[] = [];
  let equal = 0;
  let rounds = 0;
  while (rounds === 0 || (cuts.size < MIN_CUTS && rounds < MAX_ROUNDS)) {
    reports = await copyOnce(nodes);
    equal += compare(reports);
    rounds++;
  }
  await Promise.all(workers.map(({ call }) => call('close')));
  for (const { child } of workers) child.disconnect();
  clearTimeout(stalled);
  stopShowing();
  return sumUp(reports, equal, rounds);
}

function sumUp(reports: readonly Report[], equal: number, rounds: number): number {
  const sum = (name: Exclude<keyof Report, 'files'>): number =>
    reports.reduce((total, report) => total + report[name], 0);
  const [lost, duplicated, reordered] = [sum('lost'), sum('duplicated'), sum('reordered')];
  const copies = files.length * COPIES_PER_FILE * rounds;
  const factors = `${files.length} × ${COPIES_PER_FILE} directions × ${plural(rounds, 'round')}`;
  console.log(`${equal} of ${copies} copies (${factors}) have their original's SHA-256.`);
  console.log(
    `files=${equal} messages=${sum('messages')} bytes=${sum('bytes')} cuts=${cuts.size} ` +
      `lost=${lost} duplicated=${duplicated} reordered=${reordered}`,
  );
  const isClean = equal === copies && lost + duplicated + reordered === 0;
  return isClean && cuts.size >= MIN_CUTS ? 0 : 1;
}

function introduction(nodes: readonly Peer[]): string {
  const names = nodes.map(({ address, tcpPort }) => `${address}:${tcpPort}`).join(', ');
  const what = `${plural(files.length, 'file')} (${formatBytes(fileBytes)})`;
  const how = 'while their connections are cut';
  return `Processes at ${names}.\nEach copies ${what} to the others ${how}.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Every process sends every file to both others. Resolves when they have said what they got. */
async function copyOnce(nodes: readonly Peer[]): Promise<Report[]> {
  const paths = files.map(({ path }) => path);
  const sent = await Promise.all(
    workers.map(({ call }, index) => {
      const peers = nodes.filter((_, other) => other !== index);
      return call('copy', paths, peers);
    }),
  );
  const sentByAll = Object.assign({}, ...sent);
  return Promise.all(workers.map(({ call }) => call('report', sentByAll)));
}

/** How many copies are equal to their originals; says which are not. */
function compare(reports: readonly Report[]): number {
  const counts = files.map(() => 0);
  for (const { index, sha256 } of reports.flatMap((report) => report.files)) {
    if (files[index]?.sha256 === sha256) counts[index] = (counts[index] ?? 0) + 1;
  }
  for (const [index, { path }] of files.entries()) {
    const wrong = COPIES_PER_FILE - (counts[index] ?? 0);
    if (wrong > 0) console.log(`${wrong} copies of ${path} differ from it, or are missing.`);
  }
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A process, and how to call the functions of copy-worker.ts in it: one at a time. */
function startWorker(address: string) {
  const child = fork(new URL('copy-worker.js', import.meta.url));
  const worker = { address, child, call, messages: 0, bytes: 0 };
  let pending = { resolve: (_value: never) => {}, reject: (_reason: Error) => {} };
  child.on('message', (said: Said) => {
    if (said.type === 'returned') pending.resolve(said.value as never);
    else if (said.type === 'failed') pending.reject(new Error(said.message));
    else if (said.type === 'cut') cuts.add(said.connection);
    else if (said.messages > worker.messages) {
      stalled.refresh();
      Object.assign(worker, said);
    }
  });
  child.on('error', (error) => pending.reject(error));
  child.on('exit', (code, signal) => {
    pending.reject(new Error(`The process at ${address} has ended (${signal ?? `code ${code}`}).`));
  });
  return worker;

  function call<K extends keyof Calls>(name: K, ...args: Parameters<Calls[K]>) {
    child.send({ name, args });
    return new Promise<Awaited<ReturnType<Calls[K]>>>((resolve, reject) => {
      pending = { resolve, reject };
    });
  }
}

function howFar(): Progress {
  const messages = workers.reduce((sum, worker) => sum + worker.messages, 0);
  const bytes = workers.reduce((sum, worker) => sum + worker.bytes, 0);
  const copied = fileBytes === 0 ? 1 : bytes / (fileBytes * COPIES_PER_FILE);
  return { done: Math.min(copied, cuts.size / MIN_CUTS, 1), messages, bytes, cuts: cuts.size };
}

function fail(code: number, message?: string): never {
  stopShowing();
  for (const { child } of workers) child.kill();
  if (message !== undefined) console.error(message);
  process.exit(code);
}
