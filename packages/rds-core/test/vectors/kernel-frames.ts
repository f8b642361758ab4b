/** Reads the captured frames, and builds the payloads again of which only the SHA-256 was kept. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const KERNEL = '10.99.0.101';

/** A TCP event or a frame. */
export interface KernelEvent {
  readonly capture: string;
  /** Numbers the connections of a capture. */
  readonly stream: number;
  readonly sender: 'kernel' | 'peer';
  readonly tcp: 'SYN' | 'SYN-ACK' | 'FIN' | 'RST' | null;
  readonly frame: KernelFrame | null;
}

export interface KernelFrame {
  readonly header: Buffer;
  readonly payload: Buffer;
  /** Only of congestion maps. */
  readonly congestedPorts: readonly number[] | null;
}

interface Line {
  readonly capture: string;
  readonly stream: number;
  readonly from: string;
  readonly tcp?: KernelEvent['tcp'];
  readonly header?: string;
  readonly payload?: string;
  readonly payload_sha256?: string;
  readonly congested_ports?: number[];
}

const file = new URL('./kernel-frames.jsonl', import.meta.url);
const built = new Map<string, Buffer>();
const lengthsBuilt = new Set<number>();

/** All captures, by the short name: e01, e02, … */
export const kernelCaptures: ReadonlyMap<string, readonly KernelEvent[]> = readCaptures();

/** The congestion map that marks `ports`. */
export function mapOf(ports: readonly number[]): Buffer {
  const map = Buffer.alloc(8192);
  for (const port of ports) map.writeUInt8(map.readUInt8(port >> 3) | (1 << (port & 7)), port >> 3);
  return map;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readCaptures(): Map<string, KernelEvent[]> {
  const captures = new Map<string, KernelEvent[]>();
  for (const text of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const event = toEvent(JSON.parse(text) as Line);
    const events = captures.get(event.capture);
    if (events === undefined) captures.set(event.capture, [event]);
    else events.push(event);
  }
  return captures;
}

function toEvent(line: Line): KernelEvent {
  const { capture, stream, from, tcp = null } = line;
  const frame = line.header === undefined ? null : toFrame(line, Buffer.from(line.header, 'hex'));
  return { capture, stream, sender: from === KERNEL ? 'kernel' : 'peer', tcp, frame };
}

function toFrame(line: Line, header: Buffer): KernelFrame {
  const congestedPorts = line.congested_ports ?? null;
  if (line.payload !== undefined) {
    return { header, payload: Buffer.from(line.payload, 'hex'), congestedPorts };
  }
  const digest = line.payload_sha256 ?? '';
  const payload = buildPayload(digest, header.readUInt32BE(16), congestedPorts);
  return { header, payload, congestedPorts };
}

function buildPayload(digest: string, length: number, ports: readonly number[] | null): Buffer {
  if (ports !== null) remember(mapOf(ports));
  else if (!lengthsBuilt.has(length)) {
    lengthsBuilt.add(length);
    for (let byte = 0; byte < 256; byte++) remember(Buffer.alloc(length, byte));
    const counting = Buffer.from(Array.from({ length: length + 251 }, (_, index) => index % 251));
    for (let seed = 0; seed < 251; seed++) remember(counting.subarray(seed, seed + length));
  }
  const payload = built.get(digest);
  if (payload === undefined) throw new Error(`no payload of ${length} bytes is ${digest}`);
  return payload;
}

function remember(payload: Buffer): void {
  built.set(sha256(payload), payload);
}
