/**
 * Diagnostics: the events of every node of the process, on channels of `node:diagnostics_channel`,
 * so that a monitor need not know who opens the nodes. Without a subscriber an event is not even
 * put together.
 */

import { type Channel, channel } from 'node:diagnostics_channel';
import type { EventWatcher, NodeEvents, RdsNode } from '@rds-tcp/core';

/** What is published on `rds-tcp:connection`, `rds-tcp:congestion` and `rds-tcp:uncertain`. */
export interface DiagnosticsMessage<T extends keyof NodeEvents = keyof NodeEvents> {
  readonly node: RdsNode;
  readonly event: NodeEvents[T][0];
}

/** What is published on `rds-tcp:accept-failed`: most likely no file descriptor was free. */
export interface AcceptFailedMessage {
  readonly address: string;
  readonly tcpPort: number;
  readonly error: Error;
}

const channels: Readonly<Record<keyof NodeEvents, Channel>> = {
  connection: channel('rds-tcp:connection'),
  congestion: channel('rds-tcp:congestion'),
  uncertain: channel('rds-tcp:uncertain'),
};
const acceptFailures = channel('rds-tcp:accept-failed');

export const diagnostics: EventWatcher = {
  wants: (event) => channels[event].hasSubscribers,
  told: (node, event, about) => channels[event].publish({ node, event: about }),
};

export function acceptFailed(message: AcceptFailedMessage): void {
  acceptFailures.publish(message);
}
