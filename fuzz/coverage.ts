/**
 * Coverage: which code of the core has run, as V8 counts its blocks. Bytes of the bundle are what
 * is counted: a block that runs as often as the one around it is not listed on its own, so only
 * the picture that all ranges paint together says what was covered.
 */

import { readFileSync } from 'node:fs';
import type { Profiler, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** The bundler writes the name of each file above what it made of it. */
const FILE_HEADING = /^\/\/ (\S+\.[a-z]+)$/gm;
const CORE = 'packages/rds-core/src/';

interface FileCoverage {
  readonly file: string;
  readonly covered: number;
  readonly total: number;
}

export class Coverage {
  readonly #session: Session;
  readonly #url: string;
  readonly #files: readonly { name: string; start: number; end: number }[];
  /** Per byte of the bundle: 1 inside a function of the core, 2 if it has run. */
  readonly #code: Uint8Array;
  /** What ran since the last look. */
  readonly #picture: Uint8Array;
  #news: number[] = [];

  /**
   * @param session that counts already
   * @param url of the bundle that holds the core
   */
  constructor(session: Session, url: string) {
    this.#session = session;
    this.#url = url;
    const text = readFileSync(fileURLToPath(url), 'utf8');
    const headings = [...text.matchAll(FILE_HEADING)];
    this.#files = headings
      .map(({ 1: name = '', index }, n) => {
        return { name, start: index, end: headings[n + 1]?.index ?? text.length };
      })
      .filter(({ name }) => name.startsWith(CORE) && !name.includes('/testing/'));
    this.#code = new Uint8Array(text.length);
    this.#picture = new Uint8Array(text.length);
    // What loading has run is no news.
    this.#paint();
  }

  /** How many bytes have run since the last look that never had before. */
  look(): number {
    this.#paint();
    this.#news = [];
    for (const { start, end } of this.#files) {
      for (let at = start; at < end; at++) {
        if (this.#picture[at] === 0 || this.#code[at] !== 1) continue;
        this.#code[at] = 2;
        this.#news.push(at);
      }
    }
    return this.#news.length;
  }

  /** What the last look found is news once more. */
  forgetLast(): void {
    for (const at of this.#news) this.#code[at] = 1;
  }

  perFile(): FileCoverage[] {
    return this.#files
      .map(({ name, start, end }) => {
        const code = this.#code.subarray(start, end);
        const covered = code.reduce((sum, mark) => sum + (mark === 2 ? 1 : 0), 0);
        const total = code.reduce((sum, mark) => sum + (mark === 0 ? 0 : 1), 0);
        return { file: name.slice(CORE.length), covered, total };
      })
      .filter(({ total }) => total > 0);
  }

  #paint(): void {
    this.#picture.fill(0);
    for (const { ranges } of this.#functions()) {
      const [whole] = ranges;
      // The module itself is one, too, and has run once.
      if (whole === undefined || whole.endOffset >= this.#code.length - 1) continue;
      for (let at = whole.startOffset; at < whole.endOffset; at++) {
        if (this.#code[at] === 0) this.#code[at] = 1;
      }
      // From the outside in: what is inside has the last word.
      for (const { startOffset, endOffset, count } of ranges) {
        this.#picture.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
  }

  #functions(): Profiler.FunctionCoverage[] {
    const { result } = this.#post('Profiler.takePreciseCoverage') as {
      result: Profiler.ScriptCoverage[];
    };
    return result.find(({ url }) => url === this.#url)?.functions ?? [];
  }

  /** The inspector of our own process answers at once. */
  #post(method: string): unknown {
    let answer: unknown;
    this.#session.post(method, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}
