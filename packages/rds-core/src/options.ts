/**
 * Options: every knob, with its default and where the default comes from. They are read and
 * checked once, when a node or socket is made; inside, they are just values.
 */

import { checkPort, type IpAddress, isInteger, RDS_TCP_PORT, unicastIp } from './address.js';
import { RdsError } from './errors.js';
import { MAX_PATHS } from './wire/extension.js';

const MIB = 1024 * 1024;

/** How long to wait between tries to reach a peer. */
export interface ReconnectOptions {
  /** The first upper bound of the random delay; it doubles from try to try. Default 1. */
  readonly minDelayMs?: number | undefined;
  /** The last upper bound. Default 30,000; a Linux kernel has 1,000. */
  readonly maxDelayMs?: number | undefined;
}

/** What sockets of a node have unless they say otherwise. */
export interface BufferOptions {
  /**
   * SO_SNDBUF: payload bytes per socket and peer that are accepted and not yet acknowledged.
   * Beyond it a send waits, or fails with EAGAIN. Sockets that send to the same peer share: each
   * may have what all leave free of 8 MiB per path, or of two buffers if these are larger, and
   * 64 KiB in any case. Default 4 MiB.
   */
  readonly sendBufferBytes?: number | undefined;
  /**
   * SO_RCVBUF: payload bytes that a socket queues before it marks its port as congested, upon
   * which senders wait. Default 4 MiB.
   */
  readonly receiveBufferBytes?: number | undefined;
}

/** What a node is opened with. */
export interface NodeOptions extends BufferOptions {
  /** The unicast IP address of this node: it listens there, and peers know it by it. */
  readonly address: string;
  /**
   * The TCP port to listen on, and where peers are expected unless their address names another.
   * Default 16385, the port of RDS; 0 for any free one. Linux peers can only be on 16385.
   */
  readonly tcpPort?: number | undefined;
  /** RDS_MAX_MSG_SIZE: the largest message, sent or received. Default 1 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * The hard limit for what all sockets of the node queue together. Past it the node stops
   * reading from TCP until something is received. Default 64 MiB.
   */
  readonly maxQueuedBytes?: number | undefined;
  /** Peers that are remembered at the same time. Default 8192 (UEK's sock_max_peers). */
  readonly maxPeers?: number | undefined;
  /** `'kernel'` for rds_tcp's own profile: 1 ms to 1 s. */
  readonly reconnect?: 'kernel' | ReconnectOptions | undefined;
  /** A peer that says nothing for so long is gone; its connection is made anew. Default 10,000. */
  readonly livenessMs?: number | undefined;
  /** How long a TCP connect may take. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a peer may take to say its first word. Default 5,000. */
  readonly handshakeTimeoutMs?: number | undefined;
  /**
   * TCP connections per peer, if the peer has as many: each socket uses one of them, so that its
   * messages stay in order, and a large one holds up fewer others. Default 1; a kernel has 8.
   */
  readonly paths?: number | undefined;
}

/** What a socket is bound with. */
export interface BindOptions extends BufferOptions {
  /** 2 to 65535; 0 or nothing for any free port. */
  readonly port?: number | undefined;
  /**
   * SIOCRDSSETTOS: the class of service, 0 to 255. As in the kernel's rds_tcp all classes share
   * one TCP connection.
   */
  readonly tos?: number | undefined;
}

export interface ResolvedNodeOptions {
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly ip: IpAddress;
  readonly tcpPort: number;
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  readonly maxPeers: number;
  readonly reconnect: { readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly livenessMs: number;
  readonly connectTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly paths: number;
}

export interface ResolvedBindOptions {
  /** 0 for any. */
  readonly port: number;
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly tos: number;
}

const HOUR_MS = 3_600_000;
const KERNEL_RECONNECT = { minDelayMs: 1, maxDelayMs: 1000 };
/** Four of the largest messages, so that a stream of them keeps flowing while one is acked. */
const BUFFER_BYTES = 4 * MIB;
/** Byte budgets stay below 2^31, far from where sums of them would lose precision. */
export const MAX_BUFFER_BYTES = 2 ** 31 - 1;

const SYSCALL = { syscall: 'createNode' };

export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  if (typeof options !== 'object' || options === null) {
    throw new RdsError('EINVAL', 'createNode needs options with at least an address', SYSCALL);
  }
  const number = checker(options, 'createNode');
  const { reconnect } = options;
  const profile = reconnect === 'kernel' ? KERNEL_RECONNECT : (reconnect ?? {});
  if (typeof profile !== 'object') {
    throw new RdsError('EINVAL', "reconnect is 'kernel' or { minDelayMs, maxDelayMs }", SYSCALL);
  }
  const delay = checker(profile, 'createNode');
  const minDelayMs = delay('minDelayMs', 1, 1, HOUR_MS);
  return {
    ip: unicastIp(options.address, 'createNode'),
    tcpPort: number('tcpPort', RDS_TCP_PORT, 0, 65535),
    sendBufferBytes: number('sendBufferBytes', BUFFER_BYTES, 1, MAX_BUFFER_BYTES),
    receiveBufferBytes: number('receiveBufferBytes', BUFFER_BYTES, 1, MAX_BUFFER_BYTES),
    maxMessageBytes: number('maxMessageBytes', MIB, 1, 64 * MIB),
    maxQueuedBytes: number('maxQueuedBytes', 64 * MIB, 1, MAX_BUFFER_BYTES),
    maxPeers: number('maxPeers', 8192, 1, 65536),
    reconnect: {
      minDelayMs,
      maxDelayMs: delay('maxDelayMs', Math.max(30_000, minDelayMs), minDelayMs, HOUR_MS),
    },
    livenessMs: number('livenessMs', 10_000, 1000, HOUR_MS),
    connectTimeoutMs: number('connectTimeoutMs', 5000, 1, HOUR_MS),
    handshakeTimeoutMs: number('handshakeTimeoutMs', 5000, 1, HOUR_MS),
    paths: number('paths', 1, 1, MAX_PATHS),
  };
}

export function resolveBindOptions(
  options: number | BindOptions | undefined,
  node: ResolvedNodeOptions,
): ResolvedBindOptions {
  const given = typeof options === 'object' && options !== null ? options : { port: options };
  const number = checker(given, 'bind');
  const port = given.port ?? 0;
  return {
    port: port === 0 ? 0 : checkPort(port, 'bind'),
    sendBufferBytes: number('sendBufferBytes', node.sendBufferBytes, 1, MAX_BUFFER_BYTES),
    receiveBufferBytes: number('receiveBufferBytes', node.receiveBufferBytes, 1, MAX_BUFFER_BYTES),
    tos: number('tos', 0, 0, 255),
  };
}

/** Reads whole numbers out of `options`, or says which one is wrong and what would be right. */
function checker<T extends object>(options: T, syscall: string) {
  return (name: keyof T & string, fallback: number, min: number, max: number): number => {
    const value: unknown = options[name] ?? fallback;
    if (isInteger(value, min, max)) return value;
    const wrong = `${name} is ${String(value)}, not a whole number from ${min} to ${max}`;
    throw new RdsError('EINVAL', wrong, { syscall });
  };
}
