/**
 * Tally: what all tasks of this side have sent and received so far, and how long it took. Figures
 * are the difference between two tallies.
 */

export class Tally {
  requestsSent = 0;
  requestsReceived = 0;
  acksSent = 0;
  acksReceived = 0;
  /** In the calls that send requests. */
  sendUs = 0;
  /** From sending a request to reading its ack, summed up. */
  rttUs = 0;
  /** From other addresses than the peer's, and so no part of this. */
  strays = 0;

  copy(): Tally {
    return Object.assign(new Tally(), this);
  }
}

/** Rates and means between two tallies; the columns of rds-stress. */
export interface Figures {
  readonly tasks: number;
  readonly requestsSentPerSecond: number;
  readonly requestsReceivedPerSecond: number;
  /** Payload of requests and acks, sent and received. */
  readonly kibPerSecond: number;
  /** Mean time of a call that sends a request. */
  readonly sendUs: number;
  readonly rttUs: number;
  /** Of this process, where 100 is one processor. */
  readonly cpuPercent: number;
}

/** A tally and when it was taken. */
export interface Sample {
  readonly tally: Tally;
  readonly atMs: number;
  readonly cpuUs: number;
}

export function figuresBetween(
  { tally: before, ...earlier }: Sample,
  { tally: after, ...later }: Sample,
  sizes: { readonly tasks: number; readonly requestBytes: number; readonly ackBytes: number },
): Figures {
  const seconds = (later.atMs - earlier.atMs) / 1000;
  const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0);
  const sent = after.requestsSent - before.requestsSent;
  const received = after.requestsReceived - before.requestsReceived;
  const answered = after.acksReceived - before.acksReceived;
  const acks = after.acksSent - before.acksSent + answered;
  const bytes = (sent + received) * sizes.requestBytes + acks * sizes.ackBytes;
  return {
    tasks: sizes.tasks,
    requestsSentPerSecond: perSecond(sent),
    requestsReceivedPerSecond: perSecond(received),
    kibPerSecond: perSecond(bytes / 1024),
    sendUs: mean(after.sendUs - before.sendUs, sent),
    rttUs: mean(after.rttUs - before.rttUs, answered),
    cpuPercent: perSecond(later.cpuUs - earlier.cpuUs) / 10_000,
  };
}

function mean(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}
