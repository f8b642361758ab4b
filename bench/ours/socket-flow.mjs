// A flow of ours: one socket to one destination, with the calls that docs/API.md names for speed.

/** @typedef {import('./library.mjs').RdsSocket} RdsSocket */
/** @typedef {import('./library.mjs').Address} Address */

export class SocketFlow {
  #socket;
  #to;
  /** @type {Promise<void>} */
  #writable = Promise.resolve();

  /**
   * @param {RdsSocket} socket
   * @param {Address} to
   */
  constructor(socket, to) {
    this.#socket = socket;
    this.#to = to;
  }

  /** @type {import('../contender.mjs').Flow['send']} */
  send(message) {
    try {
      this.#socket.trySendmsg(message, this.#to);
      return true;
    } catch (error) {
      if (!mustWait(error)) throw error;
      this.#writable = this.#sendLater(message);
      return false;
    }
  }

  writable() {
    return this.#writable;
  }

  /** @param {Buffer} message */
  deliver(message) {
    return this.#socket.sendmsg(message, this.#to, { until: 'delivered' });
  }

  /** @param {Buffer} message */
  async #sendLater(message) {
    await this.#socket.waitWritable(this.#to);
    await this.#socket.sendmsg(message, this.#to);
  }
}

/** @param {unknown} error */
function mustWait(error) {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'EAGAIN' || error.code === 'ENOBUFS';
}
