// A socket in a kernel: the agent's commands for it, in the form in which our own have them.

/**
 * @typedef {object} Name of a socket
 * @property {string} address
 * @property {number} port
 * @property {number | undefined} [tcpPort]
 *
 * @typedef {'blocking' | 'waiting' | 'once'} Mode how a sender meets a full buffer or congestion:
 *   its call blocks; it tries again until it works; or it gives up
 *
 * @typedef {object} SendPlan
 * @property {number} count
 * @property {readonly number[]} sizes in bytes, in turn
 * @property {number} [first] the number of the first message, 0 if not given
 * @property {Mode} [mode]
 * @property {boolean} [receipts] waits for a receipt of each; our own sockets only
 * @property {number} [seconds] until it gives up
 *
 * @typedef {object} Sent
 * @property {number} sent
 * @property {number} bytes
 * @property {string} digest SHA-256 of all of it
 * @property {string | null} error why it stopped early
 * @property {{ EAGAIN: number, ENOBUFS: number }} waits
 * @property {Receipts} [receipts]
 *
 * @typedef {Record<'delivered' | 'not-delivered' | 'unknown', number[]>} Receipts
 *   numbers of messages
 *
 * @typedef {object} ReceivePlan it ends with the first of these
 * @property {number} [count] of messages
 * @property {number} [seconds]
 * @property {number} [quietSeconds] nothing came for so long
 *
 * @typedef {object} Received
 * @property {number} read by this call
 * @property {Record<string, import('./message.mjs').Tally>} senders by `keyOf`, over all calls
 *
 * @typedef {object} TestSocket
 * @property {string} address
 * @property {number} port
 * @property {number} [tcpPort]
 * @property {(to: Name, plan: SendPlan) => Promise<Sent>} send
 * @property {(plan: ReceivePlan) => Promise<Received>} receive
 */

/** More than anybody sends. */
export const ANY_COUNT = 1e9;
export const DEFAULT_SECONDS = 20;

/** @implements {TestSocket} */
export class KernelSocket {
  #number;

  /**
   * @param {import('./kernel.mjs').Kernel} kernel
   * @param {number} number the agent's
   * @param {string} address
   * @param {number} port
   */
  constructor(kernel, number, address, port) {
    this.kernel = kernel;
    this.#number = number;
    this.address = address;
    this.port = port;
  }

  /**
   * @param {Name} to
   * @param {SendPlan} plan
   * @returns {Promise<Sent>}
   */
  send({ address, port }, { count, sizes, first = 0, mode = 'waiting', seconds }) {
    const plan = { first, count, sizes, mode, seconds: seconds ?? DEFAULT_SECONDS };
    return this.kernel.call('send', { socket: this.#number, address, port, ...plan });
  }

  /**
   * @param {ReceivePlan} plan
   * @returns {Promise<Received>}
   */
  receive({ count = ANY_COUNT, seconds = DEFAULT_SECONDS, quietSeconds = seconds }) {
    const plan = { count, seconds, quiet_seconds: quietSeconds };
    return this.kernel.call('receive', { socket: this.#number, ...plan });
  }

  /** What it has not sent yet is dropped, and so is what nobody has read. */
  async close() {
    await this.kernel.call('close', { socket: this.#number });
  }
}

/**
 * @param {Name} name
 * @returns {string}
 */
export function keyOf({ address, port, tcpPort }) {
  const suffix = tcpPort === undefined || tcpPort === 16385 ? '' : `/${tcpPort}`;
  return `${address}:${port}${suffix}`;
}
