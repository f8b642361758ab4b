/**
 * Captures for the tests of the dissector: of what a kernel sent, of our own nodes in a simulation,
 * and of frames written by hand; and what their bytes say, which nobody else is asked.
 */

import { openNode } from '../packages/rds-core/src/index.js';
import { Simulation, type TraceEvent } from '../packages/rds-core/src/testing/index.js';
import type { KernelEvent } from '../packages/rds-core/test/vectors/kernel-frames.js';
import { type CapturedConnection, Pcapng, type Side } from './pcapng.js';

export const RDS_PORT = 16_385;
export const HEADER_FIELDS = ['sequence', 'ack', 'len', 'sport', 'dport', 'flags'] as const;

/** The kernel, or our node that is dialled, is B. */
export const A = '10.0.0.1';
export const B = '10.0.0.2';

interface Said {
  readonly sequence?: number;
  readonly ack?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: number;
  readonly extensions?: string;
  readonly payload?: Uint8Array | string;
}

/** Written by hand, so that neither our encoder nor the dissector is asked what is right. */
export function frame(said: Said): Buffer {
  const { sequence = 0, ack = 0, sport = 0, dport = 0, flags = 0, extensions = '' } = said;
  const payload = Buffer.from(said.payload ?? '');
  const header = Buffer.alloc(48);
  header.writeBigUInt64BE(BigInt(sequence), 0);
  header.writeBigUInt64BE(BigInt(ack), 8);
  header.writeUInt32BE(payload.length, 16);
  header.writeUInt16BE(sport, 20);
  header.writeUInt16BE(dport, 22);
  header.writeUInt8(flags, 24);
  header.write(extensions.replaceAll(' ', ''), 32, 'hex');
  return Buffer.concat([header, payload]);
}

export function headerOf(bytes: Buffer): Record<(typeof HEADER_FIELDS)[number], string> {
  return {
    sequence: String(bytes.readBigUInt64BE(0)),
    ack: String(bytes.readBigUInt64BE(8)),
    len: String(bytes.readUInt32BE(16)),
    sport: String(bytes.readUInt16BE(20)),
    dport: String(bytes.readUInt16BE(22)),
    flags: `0x${bytes.subarray(24, 25).toString('hex')}`,
  };
}

/** All headers of a byte stream, which has to end with a whole frame. */
export function headersIn(bytes: Buffer): object[] {
  const headers: object[] = [];
  let at = 0;
  for (; at < bytes.length; at += 48 + bytes.readUInt32BE(at + 16)) {
    headers.push(headerOf(bytes.subarray(at)));
  }
  if (at !== bytes.length) throw new Error(`a frame ends ${at - bytes.length} bytes too late`);
  return headers;
}
/** Sizes of segments, again and again. */
export function* sizes(...list: number[]): Generator<number> {
  for (;;) yield* list;
}

/** The events as a capture: a connection for each stream of each of them. */
export function captureOf(events: readonly KernelEvent[], cuts: Iterator<number> | null): Pcapng {
  const capture = new Pcapng();
  const connections = new Map<string, { connection: CapturedConnection; dialler: string }>();
  const gathered = new Map<string, { name: string; side: Side; pieces: Buffer[] }>();
  for (const { capture: experiment, stream, sender, tcp, frame: said } of events) {
    const name = `${experiment} ${stream}`;
    const other = sender === 'kernel' ? 'peer' : 'kernel';
    const dialler = connections.get(name)?.dialler ?? (tcp === 'SYN-ACK' ? other : sender);
    const known = connections.get(name) ?? {
      dialler,
      connection: capture.connect(
        { address: dialler === 'kernel' ? B : A, port: 40_000 + connections.size },
        { address: dialler === 'kernel' ? A : B, port: RDS_PORT },
      ),
    };
    connections.set(name, known);
    if (said === null) continue;
    const side: Side = sender === dialler ? 'client' : 'server';
    const bytes = Buffer.concat([said.header, said.payload]);
    if (cuts === null) known.connection.send(side, bytes);
    const all = gathered.get(`${name} ${side}`) ?? { name, side, pieces: [] };
    all.pieces.push(bytes);
    gathered.set(`${name} ${side}`, all);
  }
  if (cuts === null) return capture;
  for (const { name, side, pieces } of gathered.values()) {
    connections.get(name)?.connection.send(side, Buffer.concat(pieces), cuts);
  }
  return capture;
}

/** Two nodes talk, are cut off from each other in the middle, and close. All that was sent. */
export async function conversation(tcpPort: number) {
  const capture = new Pcapng();
  const connections = new Map<number, { connection: CapturedConnection; from: string }>();
  const sent = new Map<string, Buffer>();
  const onEvent = (event: TraceEvent): void => {
    if (!('from' in event)) return;
    const { kind, atMs, connection: number, from, to, bytes } = event;
    capture.nowMs = Math.max(capture.nowMs, 1_000 + atMs);
    if (kind === 'open') {
      const ends = [
        { address: from, port: 40_000 + connections.size },
        { address: to, port: tcpPort },
      ] as const;
      connections.set(number, { connection: capture.connect(...ends), from });
    }
    const known = connections.get(number);
    if (kind !== 'send' || known === undefined || bytes === undefined) return;
    const key = `${[...connections.keys()].indexOf(number)} ${from}`;
    sent.set(key, Buffer.concat([sent.get(key) ?? Buffer.alloc(0), bytes]));
    known.connection.send(from === known.from ? 'client' : 'server', Buffer.from(bytes));
  };
  const { clock, network } = new Simulation({ seed: 7, onEvent });
  const open = (address: string) => openNode({ address, tcpPort }, network.runtime());
  const [a, b] = await Promise.all([open(A), open(B)]);
  const [client, server] = [a.bind(5000), b.bind({ port: 6000, receiveBufferBytes: 2000 })];
  const to = { address: B, port: 6000 };
  const receipts = [100, 0, 3000].map((length) =>
    client.sendmsg(new Uint8Array(length).fill(length), to, { until: 'delivered' }),
  );
  await clock.until(Promise.all(receipts));
  const refused = client.sendmsg('who?', { address: B, port: 6001 }, { until: 'delivered' });
  await clock.until(refused.catch(() => undefined));
  // So long a silence that they ask each other whether they live.
  await clock.advance(10_000);
  server.recvmmsg();
  await clock.advance(100);
  const again = client.sendmsg('again', to, { until: 'delivered' });
  await clock.advance(0);
  network.cut(A, B);
  await clock.until(again);
  await clock.until(a.close());
  await clock.until(b.close());
  return { capture, sent };
}
