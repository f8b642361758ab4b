// Which incarnation of which node lived from when to when. A kill is entered before it is done, so
// that nothing which it causes can be older.

/**
 * @typedef {{ incarnation: number, node: number, startedAtMs: number, killedAtMs: number }} Life
 */

const ALIVE = Number.POSITIVE_INFINITY;
/** So long may a sender take to notice that its peer is another: it may itself stand still. */
const NOTICE_MS = 30_000;

export class Lives {
  /** @type {Life[]} */
  #all = [];
  /** @type {Set<number>} */
  #killed = new Set();

  /**
   * @param {number} incarnation of a process
   * @param {readonly number[]} nodes that it has
   * @param {number} atMs
   */
  started(incarnation, nodes, atMs) {
    for (const node of nodes) {
      this.#all.push({ incarnation, node, startedAtMs: atMs, killedAtMs: ALIVE });
    }
  }

  /**
   * @param {number} incarnation
   * @param {number} atMs
   */
  killed(incarnation, atMs) {
    this.#killed.add(incarnation);
    for (const life of this.#all) if (life.incarnation === incarnation) life.killedAtMs = atMs;
  }

  /** @param {number} incarnation */
  wasKilled(incarnation) {
    return this.#killed.has(incarnation);
  }

  /**
   * The incarnations of a node that ended, and could have received what was sent then.
   *
   * @param {number} node
   * @param {number} sentAtMs
   */
  endedAfter(node, sentAtMs) {
    return this.#all.filter(
      (life) => life.node === node && life.killedAtMs !== ALIVE && life.killedAtMs >= sentAtMs,
    );
  }

  /**
   * Whether a sender could honestly say of what it sent then that its peer has restarted.
   *
   * @param {number} node
   * @param {number} sentAtMs
   */
  restartedAround(node, sentAtMs) {
    return this.endedAfter(node, sentAtMs - NOTICE_MS).length > 0;
  }
}
