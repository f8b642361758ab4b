/**
 * LocalCongestion: which ports of a node are marked as congested: those whose socket has more
 * queued than it wants, and all of them when the sockets together come near the hard limit.
 */

import { CongestionMap } from './congestion-map.js';
import type { PortTable } from './port-table.js';
import { receiverOf } from './socket.js';

export class LocalCongestion {
  readonly #map = new CongestionMap();
  readonly #ports: PortTable;
  readonly #changed: () => void;
  #isCrowded = false;
  /** Counts the changes. */
  version = 0;

  /** `changed` is called when there is a new map to send. */
  constructor(ports: PortTable, changed: () => void) {
    this.#ports = ports;
    this.#changed = changed;
  }

  isCongested(port: number): boolean {
    return this.#map.isCongested(port);
  }

  copyTo(bytes: Uint8Array, at: number): void {
    this.#map.copyTo(bytes, at);
  }

  /** A socket has more than it wants, or no longer; or its port has been bound or freed. */
  mark(port: number, congested: boolean): void {
    const marked = congested || (this.#isCrowded && this.#ports.has(port));
    if (marked === this.#map.isCongested(port)) return;
    this.#set(port, marked);
    this.#tell();
  }

  /** The sockets together are near the hard limit, or no longer. */
  crowd(isCrowded: boolean): void {
    this.#isCrowded = isCrowded;
    for (const socket of this.#ports) {
      this.#set(socket.port, this.#isCrowded || receiverOf(socket).queue.isCongested);
    }
    this.#tell();
  }

  #set(port: number, congested: boolean): void {
    if (congested) this.#map.set(port);
    else this.#map.clear(port);
  }

  #tell(): void {
    this.version++;
    this.#changed();
  }
}
