// How long it takes until messages flow again: of the first message that is sent after the end of a
// fault between two nodes, from its sending to its arrival, each way.

export class Recovery {
  slowestMs = 0;
  slowestWhat = '';
  /** @type {Map<string, { faults: number, sinceMs: number, what: string }>} */
  #ways = new Map();

  /**
   * @param {number} one
   * @param {number} other
   */
  faultBegan(one, other) {
    for (const way of [wayOf(one, other), wayOf(other, one)]) {
      const { faults = 0 } = this.#ways.get(way) ?? {};
      this.#ways.set(way, { faults: faults + 1, sinceMs: Number.POSITIVE_INFINITY, what: '' });
    }
  }

  /**
   * @param {number} one
   * @param {number} other
   * @param {string} what
   * @param {number} atMs
   */
  faultEnded(one, other, what, atMs) {
    for (const way of [wayOf(one, other), wayOf(other, one)]) {
      const faults = (this.#ways.get(way)?.faults ?? 1) - 1;
      const sinceMs = faults === 0 ? atMs : Number.POSITIVE_INFINITY;
      this.#ways.set(way, { faults, sinceMs, what });
    }
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} sentAtMs
   * @param {number} atMs
   */
  arrived(from, to, sentAtMs, atMs) {
    const way = wayOf(from, to);
    const fault = this.#ways.get(way);
    if (fault === undefined || sentAtMs <= fault.sinceMs) return;
    this.#ways.delete(way);
    if (atMs - sentAtMs <= this.slowestMs) return;
    this.slowestMs = atMs - sentAtMs;
    this.slowestWhat = `${way} after ${fault.what}`;
  }
}

/**
 * @param {number} from
 * @param {number} to
 */
function wayOf(from, to) {
  return `${from}>${to}`;
}
