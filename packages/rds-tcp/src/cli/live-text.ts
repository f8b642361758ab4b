/**
 * LiveText: text that stays in its place on a terminal and is renewed there.
 */

import { clearScreenDown, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';

/** The stream, if it is a terminal. What has no size is no place to stay in. */
export function terminalOf(stream: WriteStream): WriteStream | null {
  return stream.isTTY === true && stream.rows > 0 && stream.columns > 0 ? stream : null;
}

export class LiveText {
  readonly #terminal: WriteStream;
  #shown: readonly string[] = [];

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  /** In place of what was shown before. What does not fit on the screen is left out. */
  show(text: string): void {
    this.clear();
    const lines = text.split('\n');
    // The cursor stands on a row of its own below.
    while (this.#heightOf(lines) >= this.#terminal.rows) lines.pop();
    this.#terminal.write(lines.map((line) => `${line}\n`).join(''));
    this.#shown = lines;
  }

  clear(): void {
    if (this.#shown.length === 0) return;
    moveCursor(this.#terminal, 0, -this.#heightOf(this.#shown));
    clearScreenDown(this.#terminal);
    this.#shown = [];
  }

  /** In rows of the screen: a long line takes several. */
  #heightOf(lines: readonly string[]): number {
    const { columns } = this.#terminal;
    return lines.reduce((rows, { length }) => rows + Math.max(1, Math.ceil(length / columns)), 0);
  }
}
