/**
 * LinuxSocket: an RDS socket of a simulated kernel. Mirrors `struct rds_sock`: rds_sendmsg in
 * net/rds/send.c, rds_recvmsg and rds_recv_rcvbuf_delta in net/rds/recv.c.
 */

import type { Address } from '../address.js';
import type { Incoming } from '../message.js';
import { Queue } from '../queue.js';
import type { LinuxConnection } from './linux-connection.js';
import type { LinuxFate, LinuxMessage } from './linux-path.js';

/** The buffers of a socket of the kernel, in bytes. */
export interface LinuxSocketOptions {
  /** SO_SNDBUF and SO_RCVBUF as RDS counts them. Default 106,496, half of wmem_default. */
  readonly sendBufferBytes?: number;
  readonly receiveBufferBytes?: number;
}

export interface LinuxSocketOwner {
  connection(address: string): LinuxConnection;
  fate(token: unknown, fate: LinuxFate): void;
  congestionChanged(port: number, isCongested: boolean): void;
  closed(socket: LinuxSocket): void;
}

const BUFFER_BYTES = 106_496;

/** An RDS socket of a simulated kernel; `LinuxPeer.bind` makes it. */
export class LinuxSocket {
  readonly port: number;
  /** Called with each message as it comes: the program of one who reads at once. */
  onMessage: ((message: Incoming) => void) | undefined;
  readonly #owner: LinuxSocketOwner;
  /** RDS_MPATH_HASH: which of its peers' paths it would use. */
  readonly #hash: number;
  readonly #sendBufferBytes: number;
  readonly #receiveBufferBytes: number;
  #isOpen = true;
  #sentBytes = 0;
  #queuedBytes = 0;
  #isCongested = false;
  readonly #received = new Queue<Incoming>();
  readonly #blocked = new Queue<{ data: Uint8Array; to: Address; token: unknown }>();

  constructor(owner: LinuxSocketOwner, port: number, hash: number, options: LinuxSocketOptions) {
    this.#owner = owner;
    this.port = port;
    this.#hash = hash;
    this.#sendBufferBytes = options.sendBufferBytes ?? BUFFER_BYTES;
    this.#receiveBufferBytes = options.receiveBufferBytes ?? BUFFER_BYTES;
  }

  /** With MSG_DONTWAIT. `token` is what `onFate` will name the message by. */
  sendmsg(data: Uint8Array, to: Address, token?: unknown): 'sent' | 'ENOBUFS' | 'EAGAIN' {
    if (!this.#isOpen) throw new Error('EBADF: the socket is closed');
    if (data.length > this.#sendBufferBytes) throw new Error('EMSGSIZE: above the send buffer');
    const connection = this.#owner.connection(to.address);
    connection.prepare(this.#hash);
    const path = connection.pathOf(this.#hash);
    path.connectIfDown();
    if (connection.isCongested(to.port)) return 'ENOBUFS';
    if (this.#sentBytes >= this.#sendBufferBytes) return 'EAGAIN';
    this.#sentBytes += data.length;
    const payload = data.slice();
    path.queue({ sport: this.port, dport: to.port, payload, sender: this, token });
    this.#owner.fate(token, 'queued');
    path.xmit();
    return 'sent';
  }

  /** Blocks, as in a thread of its own, until it can be sent and the peer's paths are known. */
  send(data: Uint8Array, to: Address, token?: unknown): void {
    this.#blocked.push({ data, to, token });
    if (this.#blocked.length === 1) this.wake();
  }

  /** What has come and was not received. */
  get queuedMessages(): number {
    return this.#received.length;
  }

  recvmsg(): Incoming | undefined {
    const message = this.#received.shift();
    if (message !== undefined) this.#queued(-message.data.length);
    return message;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#blocked.clear();
    this.#received.clear();
    this.#queued(-this.#queuedBytes);
    this.#owner.closed(this);
  }

  /** For the kernel: something came that a blocked send may have waited for. */
  wake(): void {
    for (let next = this.#blocked.peek(); next; next = this.#blocked.peek()) {
      const connection = this.#owner.connection(next.to.address);
      if (
        !connection.prepare(this.#hash) ||
        this.sendmsg(next.data, next.to, next.token) !== 'sent'
      )
        return;
      this.#blocked.shift();
    }
  }

  /** For the kernel: queued whatever the receive buffer says. */
  receive(message: Incoming): void {
    this.#received.push(message);
    this.#queued(message.data.length);
    if (this.onMessage === undefined) return;
    this.recvmsg();
    this.onMessage(message);
  }

  /** For the path. */
  settled({ payload, token }: LinuxMessage, fate: LinuxFate): void {
    this.#sentBytes -= payload.length;
    this.#owner.fate(token, fate);
    if (this.#isOpen) this.wake();
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes;
    const limit = this.#isCongested ? this.#receiveBufferBytes / 2 : this.#receiveBufferBytes;
    const isCongested = this.#isCongested ? this.#queuedBytes >= limit : this.#queuedBytes > limit;
    if (isCongested === this.#isCongested) return;
    this.#isCongested = isCongested;
    this.#owner.congestionChanged(this.port, isCongested);
  }
}
