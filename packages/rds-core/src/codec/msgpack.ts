/**
 * Typed messages over a socket, in MessagePack. A subpath of its own, because packing costs more
 * than the whole transport, and whoever sends bytes should not even load it.
 */

import { C1, Packr } from 'msgpackr';
import type { Address } from '../address.js';
import { RdsError } from '../errors.js';
import type { Incoming } from '../message.js';
import type { SendOptions } from '../sender.js';
import type { RdsSocket } from '../socket.js';

/** A received value. */
export interface Decoded<T> {
  readonly value: T;
  readonly from: Address;
}

/** A socket that carries values. Iterating gives those that come, until it is closed. */
export interface CodecSocket<T> extends AsyncIterable<Decoded<T>> {
  /** As `sendmsg`, and rejects as it does. */
  send(value: T, to?: Address, options?: SendOptions): Promise<void>;
}

/**
 * Wraps a socket that carries values of type `T`. The type is a promise between programs: what
 * comes from a peer that you do not trust needs a check of its own.
 *
 * Iterating throws EINVAL on a message that is no MessagePack; `address` and `port` say whose it
 * was. Iterate again to go on with the next one.
 */
export function msgpackSocket<T>(socket: RdsSocket): CodecSocket<T> {
  // Each datagram must be readable alone, so no structures are shared between them.
  const packr = new Packr({ useRecords: false });
  const unpack = ({ data, from }: Incoming): Decoded<T> => {
    try {
      const value: unknown = packr.unpack(data);
      // The one byte that begins nothing. msgpackr gives an object of its own for it.
      if (value === C1) throw new Error('0xc1 begins no MessagePack');
      return { value: value as T, from };
    } catch (cause) {
      const details = { syscall: 'recvmsg', ...from, cause };
      throw new RdsError('EINVAL', `a message of ${from.address} is no MessagePack`, details);
    }
  };
  return {
    send: (value, to, options) => socket.sendmsg(packr.pack(value), to, options),
    async *[Symbol.asyncIterator]() {
      for await (const message of socket) yield unpack(message);
    },
  };
}
