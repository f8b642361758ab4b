/**
 * Settings: what the two sides of a run agree on. The active side decides, and tells the passive
 * one in the options block.
 */

import { isIP } from 'node:net';
import { CommandError } from '../exit.js';

export interface Settings {
  /** How many requests each task keeps unanswered towards each task of the other side. */
  readonly depth: number;
  readonly requestBytes: number;
  readonly ackBytes: number;
  /** On each side; each talks to all tasks of the other side. */
  readonly tasks: number;
  /** The control connection's TCP port. Task `i` has the RDS port `basePort + 1 + i`. */
  readonly basePort: number;
  /** How long the active side measures; 0: until it is stopped. */
  readonly runSeconds: number;
  /** Only the active side sends requests. */
  readonly oneWay: boolean;
  /** Messages are filled with a pattern, and the receiver compares it. */
  readonly verify: boolean;
  /** No figures while it runs. */
  readonly summaryOnly: boolean;
  /** Type of service of the sockets. */
  readonly tos: number;
}

/** What a message begins with; see message.ts. IPv6 addresses did not fit into the older one. */
const HEADER_BYTES = { 4: 63, 6: 96 } as const;
/** The header of tools before 2.0, which is the same up to its last three bytes. */
const OLD_HEADER_BYTES = 60;
/** RDS_MAX_MSG_SIZE: the largest message of the protocol. */
export const MAX_MESSAGE_BYTES = 1 << 20;
/** Each talks to each of the other side: a caller can ask for 16,384 pairs, of about 1 KB each. */
export const MAX_TASKS = 128;
/** A task keeps a request and an ack, and may have two of each in its send buffer, or more. */
const MAX_KEPT_BYTES = 64 << 20;
/** Indices of requests are 16-bit numbers in a message. */
export const MAX_DEPTH = 65_535;
/** Requests under way from one side: for each, we remember when it was sent. */
const MAX_UNANSWERED = 1 << 20;

export function leastMessageBytes(address: string): number {
  return HEADER_BYTES[isIP(address) === 6 ? 6 : 4];
}

/** The header that both sides use: an old peer shows by sizes that are too small for the new. */
export function headerBytes({ requestBytes, ackBytes }: Settings, address: string): number {
  return Math.min(leastMessageBytes(address), requestBytes, ackBytes);
}

/** Refuses, in a sentence, what cannot be run: also what a passive side is told by a stranger. */
export function checkSettings(settings: Settings, address: string): void {
  const { depth, requestBytes, ackBytes, tasks, basePort } = settings;
  const least = isIP(address) === 6 ? HEADER_BYTES[6] : OLD_HEADER_BYTES;
  within('the request size', requestBytes, least, MAX_MESSAGE_BYTES);
  within('the ack size', ackBytes, least, MAX_MESSAGE_BYTES);
  within('the depth', depth, 1, MAX_DEPTH);
  within('the number of tasks', tasks, 1, MAX_TASKS);
  within('the port', basePort, 1, 65_535);
  within('the port of the last task', basePort + tasks, 2, 65_535);
  const keptBytes = tasks * (requestBytes + ackBytes);
  within('tasks × (request + ack size)', keptBytes, 1, MAX_KEPT_BYTES);
  within('tasks × tasks × depth', tasks * tasks * depth, 1, MAX_UNANSWERED);
}

function within(what: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new CommandError(`${what} is ${value}, and must be from ${min} to ${max}`);
}
