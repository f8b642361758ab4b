/**
 * SenderAddresses: the addresses of those who send to us from a peer, so that messages of one
 * sender share one object.
 */

import type { Address } from './address.js';
import type { TcpAddress } from './runtime.js';

/** Remembered per peer. */
const MAX_SENDERS = 1024;

export class SenderAddresses {
  readonly #remote: TcpAddress;
  /** True if the peer is at another TCP port than we are: then its addresses say at which. */
  readonly #elsewhere: boolean;
  readonly #senders = new Map<number, Address>();
  #last: Address | null = null;

  constructor(remote: TcpAddress, local: TcpAddress) {
    this.#remote = remote;
    this.#elsewhere = remote.tcpPort !== local.tcpPort;
  }

  /** The address of a port of the peer. */
  of(port: number): Address {
    if (this.#last?.port === port) return this.#last;
    let sender = this.#senders.get(port);
    if (sender === undefined) {
      if (this.#senders.size >= MAX_SENDERS) this.#senders.clear();
      const { address, tcpPort } = this.#remote;
      sender = Object.freeze(this.#elsewhere ? { address, port, tcpPort } : { address, port });
      this.#senders.set(port, sender);
    }
    this.#last = sender;
    return sender;
  }
}
