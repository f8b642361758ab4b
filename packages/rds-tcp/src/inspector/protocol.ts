/**
 * What is said between an inspector and who asks it: lines of JSON over a UNIX socket, one request
 * a line, and for each a line in reply. After `tap` the replies do not end.
 */

import type { NodeInfo } from '@rds-tcp/core';
import type { Extensions, MessageList, MessageQueue } from '@rds-tcp/core/inspect';
import type { TcpConnectionInfo } from '../tcp-transport.js';

export type Request =
  | { readonly ask: 'node' }
  | { readonly ask: 'messages'; readonly queue: MessageQueue }
  /** `snapBytes`: how much of each payload to send; -1 for none, and no header either. */
  | { readonly ask: 'tap'; readonly snapBytes: number };

export type Reply =
  | { readonly node: InspectedNode }
  | { readonly messages: MessageList }
  | { readonly frame: FrameRecord }
  /** So many frames were left out here, because they were not read fast enough. */
  | { readonly lost: number }
  | { readonly error: string };

/** A node and the process that it lives in. */
export interface InspectedNode {
  readonly pid: number;
  /** The program: its file name. */
  readonly command: string;
  readonly info: NodeInfo;
  readonly tcp: readonly TcpConnectionInfo[];
}

/** A frame that was sent or received. */
export interface FrameRecord {
  /** Microseconds since 1970. */
  readonly atUs: number;
  readonly direction: 'sent' | 'received';
  /** Of the peer. */
  readonly address: string;
  readonly tcpPort: number;
  readonly connection: number;
  readonly sequence: number;
  readonly ack: number;
  readonly length: number;
  readonly sport: number;
  readonly dport: number;
  readonly flags: number;
  readonly extensions: Extensions | null;
  readonly congestedPorts: readonly number[] | null;
  /** The header and as much of the payload as was asked for, in base64. */
  readonly bytes?: string;
}

/** A request is a few words. */
export const MAX_REQUEST_BYTES = 4096;
