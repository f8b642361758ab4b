/**
 * Shows how far copy.ts is: a bar on a terminal, a line now and then elsewhere.
 */

import { SingleBar } from 'cli-progress';

export interface Progress {
  /** From 0 to 1. */
  readonly done: number;
  readonly messages: number;
  readonly bytes: number;
  readonly cuts: number;
}

const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 2000;

/** Returns how to stop. */
export function showProgress(read: () => Progress): () => void {
  return process.stderr.isTTY ? showBar(read) : showLines(read);
}

export function formatBytes(bytes: number): string {
  return bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function showBar(read: () => Progress): () => void {
  const bar = new SingleBar({ format: '[{bar}] {percentage}% | {text}', barsize: 30 });
  bar.start(100, 0, { text: describe(read()) });
  const update = (): void => {
    const progress = read();
    bar.update(Math.floor(progress.done * 100), { text: describe(progress) });
  };
  const timer = setInterval(update, BAR_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    update();
    bar.stop();
  };
}

function showLines(read: () => Progress): () => void {
  const timer = setInterval(() => {
    const progress = read();
    console.log(`${Math.floor(progress.done * 100)}% | ${describe(progress)}`);
  }, LINE_INTERVAL_MS);
  return () => clearInterval(timer);
}

function describe({ messages, bytes, cuts }: Progress): string {
  return `${messages} messages | ${formatBytes(bytes)} | ${cuts} cuts`;
}
