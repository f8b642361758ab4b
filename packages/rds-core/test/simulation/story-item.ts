/**
 * Story items: what a page shows of one seed, as plain data that fits into JSON. Times are those of
 * the simulated clock, in milliseconds.
 */

import type { Verdict } from './run-seed.js';

/** What a frame is, in the words of docs/PROTOCOL.md. */
export type FrameName =
  | 'map'
  | 'hello'
  | 'probe'
  | 'probe pong'
  | 'ping'
  | 'pong'
  | 'data'
  | 'ack'
  | 'heartbeat'
  | 'refusals'
  | 'goodbye'
  /** Bytes whose frame never left as a whole. */
  | 'part';

/** What is read from the bytes of a frame, in the order in which a reader wants to know it. */
export interface FrameText {
  readonly name: FrameName;
  readonly label: string;
  /** One line each. */
  readonly details: readonly string[];
  readonly sport: number;
  readonly dport: number;
  /** Without the header. */
  readonly bytes: number;
  readonly isResent: boolean;
  /** Of a sequenced frame, relative to the first of its direction: `s+3`. */
  readonly number?: string | undefined;
  /** The number that the ledger gave a message of the workload. */
  readonly message?: number | undefined;
}

export interface FrameItem extends FrameText {
  readonly kind: 'frame';
  /** Its last byte left. */
  readonly atMs: number;
  readonly connection: number;
  readonly from: string;
  readonly to: string;
  /** Arrived: at the other machine's TCP, whether or not its process was able to read. */
  readonly fate: 'arrived' | 'lost';
  readonly arrivedMs?: number | undefined;
  /** The other end had been closed by then: nobody read it. */
  readonly isUnread?: boolean | undefined;
}

export interface ConnectionItem {
  readonly kind: 'dial' | 'refuse' | 'open' | 'end' | 'reset' | 'cut' | 'close';
  readonly atMs: number;
  readonly connection: number;
  /** Whose doing it was, or whose end it is. */
  readonly from: string;
  readonly to: string;
  /** Of a dial. */
  readonly outcome?: string | undefined;
}

interface BarItem {
  readonly kind: 'fault' | 'note';
  readonly atMs: number;
  readonly text: string;
}

export type StoryItem = FrameItem | ConnectionItem | BarItem;

export interface Story extends Omit<Verdict, 'plan'> {
  /** What the seed decided at the beginning, as JSON. */
  readonly plan: string;
  /** Their addresses, ascending. */
  readonly machines: readonly string[];
  readonly items: readonly StoryItem[];
}
