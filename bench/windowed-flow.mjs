// A flow of a library that takes whatever it is given: each so many bytes it asks to be told when
// these are through, in whatever way the library has, and waits if too much is not.

/** Large enough that asking costs nothing, small enough that what waits stays in the cache. */
const WINDOW_BYTES = 256 * 1024;
/** One is filled while the others are on their way. */
const WINDOWS = 4;

/** @typedef {(message: Buffer) => void} Send */
/** @typedef {(message: Buffer, through: () => void) => void} SendAndTell */

export class WindowedFlow {
  #send;
  #sendAndTell;
  #messagesPerWindow;
  #messages = 0;
  #windows = 0;
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {number} sizeBytes of a message
   * @param {Send} send
   * @param {SendAndTell} sendAndTell
   * @param {number} [mostMessages] in a window, for who does badly with more
   */
  constructor(sizeBytes, send, sendAndTell, mostMessages = Number.POSITIVE_INFINITY) {
    const messages = Math.min(Math.floor(WINDOW_BYTES / sizeBytes), mostMessages);
    this.#messagesPerWindow = Math.max(1, messages);
    this.#send = send;
    this.#sendAndTell = sendAndTell;
  }

  /** @type {import('./contender.mjs').Flow['send']} */
  send(message) {
    this.#messages++;
    if (this.#messages < this.#messagesPerWindow) {
      this.#send(message);
      return true;
    }
    this.#messages = 0;
    this.#windows++;
    this.#sendAndTell(message, this.#through);
    return this.#windows < WINDOWS;
  }

  /** @returns {Promise<void>} */
  writable() {
    if (this.#windows < WINDOWS) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #through = () => {
    this.#windows--;
    this.#wake?.();
    this.#wake = null;
  };
}
