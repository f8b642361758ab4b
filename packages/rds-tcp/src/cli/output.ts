/**
 * Output: stdout, or whatever stands for it. Writing waits for a slow reader, so that nothing
 * piles up; a reader that has left (`rds … | head -1`) is no error but the end of the work.
 */

import type { Writable } from 'node:stream';

export class Output {
  readonly #stream: Writable;
  readonly #gone = new AbortController();

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', () => this.#gone.abort());
    stream.on('close', () => this.#gone.abort());
  }

  /** Aborts when nobody reads any more. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves when there is room for more, or nobody to write for. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.gone.aborted || this.#stream.write(data)) return;
    await new Promise<void>((resolve) => {
      const over = () => {
        this.#stream.off('drain', over);
        this.gone.removeEventListener('abort', over);
        resolve();
      };
      this.#stream.once('drain', over);
      this.gone.addEventListener('abort', over);
    });
  }
}
