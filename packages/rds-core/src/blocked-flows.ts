/**
 * BlockedFlows: who waits until a port of a peer is no longer congested. Mirrors m_conn_list and
 * rds_cong_map_updated in net/rds/cong.c.
 */

import type { CongestionMap } from './congestion-map.js';
import type { Flow } from './flow.js';

export class BlockedFlows {
  readonly #flows = new Map<number, Set<Flow>>();

  add(port: number, flow: Flow): void {
    const flows = this.#flows.get(port) ?? new Set();
    this.#flows.set(port, flows.add(flow));
  }

  /** True if a send waits, and not only somebody who waited once. */
  get areWaiting(): boolean {
    return [...this.#flows.values()].some((flows) => [...flows].some((flow) => flow.waiting > 0));
  }

  /** The peer has sent another map. */
  advance(congestion: CongestionMap): void {
    for (const [port, flows] of [...this.#flows]) {
      if (congestion.isCongested(port)) continue;
      this.#flows.delete(port);
      for (const flow of flows) flow.advance();
    }
  }
}
