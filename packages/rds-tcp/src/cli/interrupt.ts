/**
 * Interrupt: Ctrl-C, or a SIGTERM. The first asks the command to end in good order, by a signal
 * that aborts; the second does not wait for it.
 */

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

export class Interrupt {
  readonly #controller = new AbortController();
  #exitCode: number | null = null;

  constructor() {
    for (const [name, number] of Object.entries(SIGNAL_NUMBERS)) {
      process.on(name, () => {
        const exitCode = 128 + number;
        if (this.#exitCode !== null) process.exit(exitCode);
        this.#exitCode = exitCode;
        this.#controller.abort();
      });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** As shells have it: 130 after Ctrl-C. Null if nothing came. */
  get exitCode(): number | null {
    return this.#exitCode;
  }
}
