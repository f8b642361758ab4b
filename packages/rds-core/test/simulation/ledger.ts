/**
 * Ledger: what was sent, what became of it, and what arrived, as seen from outside by those who
 * called. It knows nothing of the protocol. It judges what can be judged at once, a message that
 * is altered, repeated or late; what must hold in the end is in rules.ts.
 */

import type { Clock } from '../../src/index.js';

/** One life of a machine's process. */
export interface Incarnation {
  readonly address: string;
  readonly number: number;
  readonly kind: 'rds-tcp' | 'linux';
  /** False once it crashed, lost its address or was closed. */
  isLive: boolean;
}

/** One socket on a port, from bind to close. */
export interface Endpoint {
  readonly incarnation: Incarnation;
  readonly port: number;
  isOpen: boolean;
  /** When its socket had closed, and nothing could reach it any more; Infinity if not known. */
  freedAtMs: number;
  /** Messages that have reached the socket and not yet the program. */
  queued(): number;
}

interface PortAddress {
  readonly address: string;
  readonly port: number;
}

export type Settlement =
  | 'pending'
  /** `sendmsg` resolved: the node has it. */
  | 'accepted'
  /** `until: 'delivered'` resolved. */
  | 'delivered'
  /** It never left, and never will. */
  | 'not-delivered'
  /** Nothing is claimed of it. */
  | 'unknown';

export interface Entry {
  readonly id: number;
  readonly flow: FlowRecord;
  /** Its place in the flow. */
  readonly index: number;
  readonly length: number;
  readonly from: Endpoint;
  /** Who had the port when it was sent. */
  readonly to: Endpoint | undefined;
  readonly sentAtMs: number;
  settlement: Settlement;
  error: unknown;
  /** Nothing is promised any more: cancelled, or lost by a rule of the kernel that sent it. */
  isExcused: boolean;
  readonly arrivals: Endpoint[];
}

/** All that was ever sent from one address and port to another. */
interface FlowRecord {
  readonly key: string;
  /** The address. */
  readonly to: string;
  readonly entries: Entry[];
  /** The last index that arrived, by sender and receiver. */
  readonly last: Map<Endpoint, Map<Endpoint, number>>;
}

const ID_BYTES = 4;
/** Messages begin at different places of one pattern, which repeats at a prime distance. */
const PERIOD = 251;
const PATTERN = Uint8Array.from({ length: 2 ** 20 + PERIOD }, (_, at) => (at * 7) % PERIOD);

export class Ledger {
  readonly entries: Entry[] = [];
  readonly violations: string[] = [];
  readonly #flows = new Map<string, FlowRecord>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #incarnations = new Map<string, number>();
  readonly #kernels = new Set<string>();
  /** By sender, the addresses that it took for kernels at some time. */
  readonly #takenForKernels = new Map<Incarnation, Set<string>>();
  readonly #clock: Clock;
  readonly #kernelsAreMute: boolean;

  /** @param kernelsAreMute They do not answer pings: what was sent to them is given up. */
  constructor(clock: Clock, kernelsAreMute: boolean) {
    this.#clock = clock;
    this.#kernelsAreMute = kernelsAreMute;
  }

  born(address: string, kind: Incarnation['kind']): Incarnation {
    const number = (this.#incarnations.get(address) ?? 0) + 1;
    this.#incarnations.set(address, number);
    if (kind === 'linux') this.#kernels.add(address);
    return { address, number, kind, isLive: true };
  }

  bound(incarnation: Incarnation, port: number, queued: () => number): Endpoint {
    const endpoint = { incarnation, port, isOpen: true, freedAtMs: Infinity, queued };
    this.#endpoints.set(`${incarnation.address}:${port}`, endpoint);
    return endpoint;
  }

  freed(endpoint: Endpoint): void {
    endpoint.freedAtMs = this.#clock.now();
  }

  endpointAt(address: string, port: number): Endpoint | undefined {
    const endpoint = this.#endpoints.get(`${address}:${port}`);
    return endpoint && isThere(endpoint) ? endpoint : undefined;
  }

  /** Before the call: an entry, and the bytes to send. */
  sending(from: Endpoint, address: string, port: number, length: number): [Entry, Uint8Array] {
    const key = `${from.incarnation.address}:${from.port} → ${address}:${port}`;
    const flow = this.#flow(key, address);
    const entry: Entry = {
      ...{ id: this.entries.length, flow, index: flow.entries.length, length, from },
      ...{ to: this.endpointAt(address, port), sentAtMs: this.#clock.now(), settlement: 'pending' },
      ...{ error: undefined, isExcused: false, arrivals: [] },
    };
    this.entries.push(entry);
    flow.entries.push(entry);
    const bytes = PATTERN.slice(entry.id % PERIOD, (entry.id % PERIOD) + length);
    if (length >= ID_BYTES) new DataView(bytes.buffer).setUint32(0, entry.id);
    return [entry, bytes];
  }

  settled(entry: Entry, settlement: Settlement, error?: unknown): void {
    if (entry.settlement !== 'pending') this.violated('settled twice', entry);
    entry.settlement = settlement;
    entry.error = error;
    if (settlement !== 'delivered') return;
    if (this.#foundNobody(entry)) this.violated('a receipt from nobody', entry);
    // The reader may get the message in the same moment, a few promises later.
    this.#clock.setTimer(0, () => {
      if (!canBeThere(entry) && !isAmbiguous(entry))
        this.violated('a receipt before the message', entry);
    });
  }

  arrived(endpoint: Endpoint, from: PortAddress, data: Uint8Array): void {
    const { incarnation, port } = endpoint;
    const key = `${from.address}:${from.port} → ${incarnation.address}:${port}`;
    const entry = this.#find(key, data);
    if (entry === undefined) {
      // What a kernel repeats after a restart it may have taken from any of its kind.
      const isKernels = this.#kernels.has(from.address) || incarnation.kind === 'linux';
      if (isKernels && data.length < ID_BYTES) return;
      this.violations.push(`${this.#clock.now()} ${key}: ${data.length} bytes that nobody sent`);
      return;
    }
    if (!isUnaltered(entry, data)) this.violated('altered', entry);
    const before = entry.arrivals.find((other) => this.#isRepeat(entry, other, endpoint));
    if (before !== undefined) this.violated('arrived twice', entry);
    if (entry.settlement === 'not-delivered') this.violated('arrived after all', entry);
    entry.arrivals.push(endpoint);
    this.#checkOrder(entry, endpoint);
  }

  /** The sender's node says that it does not know what became of a message: its peer restarted. */
  uncertain(from: Incarnation, sport: number, to: PortAddress, data: Uint8Array): void {
    const key = `${from.address}:${sport} → ${to.address}:${to.port}`;
    const entry = this.#find(key, data);
    if (entry === undefined) {
      // One without a name may have been taken for another, or have arrived at the last life.
      if (data.length < ID_BYTES) return;
      this.violations.push(`${this.#clock.now()} ${key}: uncertain of what was never sent`);
      return;
    }
    entry.isExcused = true;
    const mayBeMute = this.#kernelsAreMute && this.#kernels.has(to.address);
    if (!mayBeMute && !this.#hasRestarted(to.address)) {
      this.violated('uncertain without cause', entry);
    }
  }

  /** A kernel has forgotten what it sent to a process that is gone. */
  droppedByKernel(entry: Entry): void {
    entry.isExcused = true;
    if (!this.#hasRestarted(entry.flow.to)) this.violated('a restart seen in vain', entry);
  }

  /** Somebody has heard what makes no sense. */
  nonsense({ address, number }: Incarnation, from: string, what: string): void {
    const line = `${from} → ${address}: nonsense: ${what} (heard by incarnation ${number})`;
    this.violations.push(`${this.#clock.now()} ${line}`);
  }

  /** It said nothing for so long that it was sent to before it had said who it is. */
  takenForKernel(by: Incarnation, address: string): void {
    const taken = this.#takenForKernels.get(by) ?? new Set();
    this.#takenForKernels.set(by, taken.add(address));
  }

  /** Whether its sender ever took the receiver for a kernel. */
  wentToKernel({ from, flow }: Entry): boolean {
    return this.#takenForKernels.get(from.incarnation)?.has(flow.to) === true;
  }

  /** What was sent to `to` with these bytes, if they say which one it is. */
  sentWith(data: Uint8Array, to: Endpoint): Entry | undefined {
    if (data.length < ID_BYTES) return undefined;
    const entry = this.entries[idOf(data)];
    return entry?.to === to ? entry : undefined;
  }

  /** Towards and from a kernel, a restart can repeat what was not yet acknowledged. */
  #isRepeat(entry: Entry, before: Endpoint, { incarnation }: Endpoint): boolean {
    const { from } = entry;
    if (before.incarnation === incarnation) return true;
    const kinds = [from.incarnation.kind, incarnation.kind];
    return !kinds.includes('linux') && !this.wentToKernel(entry);
  }

  /** At the port no socket was bound when it was sent, nor since. A kernel does not tell. */
  #foundNobody(entry: Entry): boolean {
    const { flow, to, sentAtMs } = entry;
    const there = this.#endpoints.get(flow.key.split(' → ')[1] as string);
    if (to !== undefined || there?.incarnation.kind !== 'rds-tcp') return false;
    if (this.wentToKernel(entry)) return false;
    return there.freedAtMs < sentAtMs;
  }

  #hasRestarted(address: string): boolean {
    return (this.#incarnations.get(address) ?? 0) > 1;
  }

  violated(what: string, entry: Entry): void {
    const { id, flow, index, length, sentAtMs, settlement, from, to } = entry;
    const lives = `${from.incarnation.number} → ${to?.incarnation.number ?? 'nobody'}`;
    this.violations.push(
      `${this.#clock.now()} ${flow.key}: ${what}: message ${id} (number ${index}, ${length} bytes, ` +
        `sent at ${sentAtMs}, ${settlement}, incarnations ${lives})`,
    );
  }

  #flow(key: string, to: string): FlowRecord {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { key, to, entries: [], last: new Map() };
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #find(key: string, data: Uint8Array): Entry | undefined {
    const entries = this.#flows.get(key)?.entries ?? [];
    if (data.length >= ID_BYTES) {
      const entry = this.entries[idOf(data)];
      return entry?.flow.key === key ? entry : undefined;
    }
    // Too short for a name: the first with these bytes that may still come, best one that must.
    const candidates = entries.filter(
      (entry) =>
        entry.arrivals.length === 0 &&
        entry.settlement !== 'not-delivered' &&
        isUnaltered(entry, data),
    );
    const isOfTheLiving = ({ from }: Entry) => from.incarnation.isLive;
    return candidates.find(isPromised) ?? candidates.find(isOfTheLiving) ?? candidates[0];
  }

  #checkOrder(entry: Entry, endpoint: Endpoint): void {
    const { last } = entry.flow;
    const bySender = last.get(entry.from) ?? new Map<Endpoint, number>();
    last.set(entry.from, bySender);
    // Those without a name are taken for the first that fits, which a lost one may precede.
    if (!hasName(entry)) return;
    if (entry.index < (bySender.get(endpoint) ?? -1)) this.violated('out of order', entry);
    bySender.set(endpoint, entry.index);
  }
}

/** The name that each message begins with. */
function idOf(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

/** Shorter ones can be told from others of their length only by a few bytes. */
export function hasName({ length }: Entry): boolean {
  return length >= ID_BYTES;
}

/** It has arrived, or waits in a socket, or that socket took it to its grave. */
function canBeThere({ to, length, arrivals }: Entry): boolean {
  if (arrivals.length > 0 || to === undefined || !isThere(to)) return true;
  return to.queued() > 0 || length === 0;
}

/** Both ends live, from the sending until now, and nobody took the promise back. */
export function isPromised({ from, to, isExcused }: Entry): boolean {
  return !isExcused && isThere(from) && to !== undefined && isThere(to);
}

/** Some can not be told from each other: one that came may have been another. */
export function isAmbiguous(entry: Entry): boolean {
  const isTwin = (other: Entry) => other.length === entry.length && haveSameBytes(entry, other);
  return !hasName(entry) && entry.flow.entries.some((other) => isTwin(other) && !isPromised(other));
}

function haveSameBytes({ id, length }: Entry, other: Entry): boolean {
  return length === 0 || id % PERIOD === other.id % PERIOD;
}

/** What was alive when it was sent still is. */
export function isThere({ isOpen, incarnation }: Endpoint): boolean {
  return isOpen && incarnation.isLive;
}

function isUnaltered({ id, length }: Entry, data: Uint8Array): boolean {
  const named = length >= ID_BYTES ? ID_BYTES : 0;
  const expected = PATTERN.subarray((id % PERIOD) + named, (id % PERIOD) + length);
  return data.length === length && Buffer.compare(data.subarray(named), expected) === 0;
}
