/**
 * Sockopt: the options of a socket under the names that they have in C, for who ports a program.
 * Mirrors rds_setsockopt, rds_getsockopt and rds_ioctl in net/rds/af_rds.c. What a socket can has
 * a better form elsewhere; here it is only found under its old name.
 */

import { type Address, isInteger } from './address.js';
import { RdsError, type RdsErrorCode } from './errors.js';
import { MAX_BUFFER_BYTES } from './options.js';
import type { Receiver } from './receiver.js';
import type { Sender } from './sender.js';

// The numbers are those of Linux on most machines (asm-generic/socket.h, linux/rds.h).

/** The level of the options that every kind of socket has. */
export const SOL_SOCKET = 1;
/** The send buffer of a socket, in bytes: `sendBufferBytes`. */
export const SO_SNDBUF = 7;
/** The receive buffer of a socket, in bytes: `receiveBufferBytes`. */
export const SO_RCVBUF = 8;
/** How long `recvmsg` waits, in milliseconds; 0 for ever. */
export const SO_RCVTIMEO = 20;
/** How long sends wait, in milliseconds; 0 for ever. */
export const SO_SNDTIMEO = 21;
/** 1: received messages have `receivedAtMs`. At SOL_SOCKET or SOL_RDS. */
export const SO_TIMESTAMP = 29;

/** The level of the options of rds(7). */
export const SOL_RDS = 276;
/** `cancelSentTo`: the value is a destination, or nothing for all. Can only be set. */
export const RDS_CANCEL_SENT_TO = 1;
/** RDMA, which is not there: EOPNOTSUPP. */
export const RDS_GET_MR = 2;
/** RDMA, which is not there: EOPNOTSUPP. */
export const RDS_FREE_MR = 3;
/** Reports of failed RDMA, of which there are none: 0 or 1 is kept, as in Linux over TCP. */
export const RDS_RECVERR = 5;
/** 1: 'uncongested' tells of destinations that refused with ENOBUFS, once they no longer would. */
export const RDS_CONG_MONITOR = 6;
/** RDMA, which is not there: EOPNOTSUPP. */
export const RDS_GET_MR_FOR_DEST = 7;
/** The transport: RDS_TRANS_TCP, and no other can be set. */
export const SO_RDS_TRANSPORT = 8;
/** Times a message on its way in. Not there: EOPNOTSUPP. */
export const SO_RDS_MSG_RXPATH_LATENCY = 10;

/** The one value of SO_RDS_TRANSPORT that there is here. */
export const RDS_TRANS_TCP = 2;

/** `ioctl`: sets the class of service, 0 to 255, once, before the first send or connect. */
export const SIOCRDSSETTOS = 0x89e0;
/** `ioctl`: the class of service. */
export const SIOCRDSGETTOS = 0x89e1;

/** 24 days, as much as a timer can. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A number, or for RDS_CANCEL_SENT_TO a destination. */
export type SocketOptionValue = number | Address;

const IMPOSSIBLE: Readonly<Record<number, string>> = {
  [RDS_GET_MR]: 'there is no remote memory over TCP',
  [RDS_FREE_MR]: 'there is no remote memory over TCP',
  [RDS_GET_MR_FOR_DEST]: 'there is no remote memory over TCP',
  [SO_RDS_MSG_RXPATH_LATENCY]: 'the way of a message inside the node is not timed',
};

interface Option {
  readonly get?: () => number;
  readonly set: (value: SocketOptionValue | undefined) => void;
}

export class SocketOptions {
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  readonly #port: number;
  tos: number;
  #wantsErrors = false;

  constructor(
    sender: Sender,
    receiver: Receiver,
    socket: { readonly port: number; readonly tos: number },
  ) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#port = socket.port;
    this.tos = socket.tos;
  }

  set(level: number, name: number, value: SocketOptionValue | undefined): void {
    this.#find(level, name, 'setsockopt').set(value);
  }

  get(level: number, name: number): number {
    const { get } = this.#find(level, name, 'getsockopt');
    if (get === undefined) throw this.#error('ENOPROTOOPT', 'it can only be set', 'getsockopt');
    return get();
  }

  ioctl(request: number, value: number | undefined): number {
    if (request === SIOCRDSGETTOS) return this.tos;
    if (request !== SIOCRDSSETTOS) {
      throw this.#error('EOPNOTSUPP', `there is no request ${request}`, 'ioctl');
    }
    const tos = this.#integer(value, 0, 255, 'ioctl');
    // Once, and before a connection was looked up, which in the kernel depends on it.
    if (this.tos !== 0 || this.#sender.hasDestinations) {
      throw this.#error('EINVAL', 'tos is set once, before the first send or connect', 'ioctl');
    }
    this.tos = tos;
    return tos;
  }

  #find(level: number, name: number, syscall: string): Option {
    const option = level === SOL_SOCKET ? this.#generic(name) : null;
    // Programs set the time stamp at either level.
    const isOfRds = level === SOL_RDS || (level === SOL_SOCKET && name === SO_TIMESTAMP);
    const found = isOfRds ? this.#ofRds(name) : option;
    if (found !== null) return found;
    const why = level === SOL_RDS ? IMPOSSIBLE[name] : undefined;
    if (why !== undefined) throw this.#error('EOPNOTSUPP', why, syscall);
    throw this.#error('ENOPROTOOPT', `there is no option ${name} at level ${level}`, syscall);
  }

  #generic(name: number): Option | null {
    const bytes = (value: unknown) => this.#integer(value, 1, MAX_BUFFER_BYTES);
    switch (name) {
      case SO_SNDBUF:
        return {
          get: () => this.#sender.bufferBytes,
          set: (value) => this.#sender.resize(bytes(value)),
        };
      case SO_RCVBUF:
        return {
          get: () => this.#receiver.queue.limitBytes,
          set: (value) => this.#receiver.queue.resize(bytes(value)),
        };
      case SO_SNDTIMEO:
        return {
          get: () => this.#sender.timeoutMs ?? 0,
          set: (value) => {
            this.#sender.timeoutMs = this.#timeout(value);
          },
        };
      case SO_RCVTIMEO:
        return {
          get: () => this.#receiver.timeoutMs ?? 0,
          set: (value) => {
            this.#receiver.timeoutMs = this.#timeout(value);
          },
        };
      default:
        return null;
    }
  }

  #ofRds(name: number): Option | null {
    const flag = (value: unknown) => this.#integer(value, 0, 1) === 1;
    switch (name) {
      case RDS_CANCEL_SENT_TO:
        return { set: (value) => this.#cancel(value) };
      case RDS_RECVERR:
        return {
          get: () => Number(this.#wantsErrors),
          set: (value) => {
            this.#wantsErrors = flag(value);
          },
        };
      case RDS_CONG_MONITOR:
        return {
          get: () => Number(this.#sender.monitor.isOn),
          set: (value) => {
            this.#sender.monitor.isOn = flag(value);
          },
        };
      case SO_TIMESTAMP:
        return {
          get: () => Number(this.#receiver.stampsMessages),
          set: (value) => {
            this.#receiver.stampsMessages = flag(value);
          },
        };
      case SO_RDS_TRANSPORT:
        return { get: () => RDS_TRANS_TCP, set: (value) => this.#pin(value) };
      default:
        return null;
    }
  }

  #cancel(to: SocketOptionValue | undefined): void {
    if (typeof to === 'number') {
      throw this.#error('EINVAL', 'RDS_CANCEL_SENT_TO takes a destination', 'setsockopt');
    }
    this.#sender.cancel(to);
  }

  #pin(transport: SocketOptionValue | undefined): void {
    if (transport === RDS_TRANS_TCP) return;
    throw this.#error('EOPNOTSUPP', 'the transport is RDS_TRANS_TCP', 'setsockopt');
  }

  /** 0, as in C, is without a limit. */
  #timeout(value: unknown): number | undefined {
    return this.#integer(value, 0, MAX_TIMEOUT_MS) || undefined;
  }

  #integer(value: unknown, min: number, max: number, syscall = 'setsockopt'): number {
    if (isInteger(value, min, max)) return value;
    const text = `the value ${String(value)} is not a whole number from ${min} to ${max}`;
    throw this.#error('EINVAL', text, syscall);
  }

  #error(code: RdsErrorCode, text: string, syscall: string): RdsError {
    return new RdsError(code, text, { syscall, port: this.#port });
  }
}
