/**
 * Frames as bytes, written from the description of the wire and not with the code under test.
 */

export const HEADER_BYTES = 48;
export const MAP_BYTES = 8192;

export const FLAG_MAP = 0x01;
export const FLAG_ACK_REQUIRED = 0x02;
export const FLAG_RETRANSMITTED = 0x04;

export interface FrameFields {
  readonly sequence?: number;
  readonly ack?: number | bigint;
  /** What the header says; by default the truth. */
  readonly length?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: number;
  /** In hex, at most 16 bytes. */
  readonly extensions?: string;
  readonly payload?: string | Uint8Array;
}

/** A frame that was received. */
export interface Frame {
  readonly sequence: number;
  readonly ack: number;
  readonly sport: number;
  readonly dport: number;
  readonly flags: number;
  /** In hex, without the zeros at the end. */
  readonly extensions: string;
  readonly header: Buffer;
  readonly payload: Buffer;
}

export function encodeFrame(fields: FrameFields): Buffer {
  const payload = Buffer.from(fields.payload ?? '');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(fields.sequence ?? 0), 0);
  header.writeBigUInt64BE(BigInt(fields.ack ?? 0), 8);
  header.writeUInt32BE(fields.length ?? payload.length, 16);
  header.writeUInt16BE(fields.sport ?? 0, 20);
  header.writeUInt16BE(fields.dport ?? 0, 22);
  header.writeUInt8(fields.flags ?? 0, 24);
  header.write(fields.extensions ?? '', 32, 'hex');
  return Buffer.concat([header, payload]);
}

/** A congestion map with these ports marked. */
export function encodeMap(ports: readonly number[] = [], extensions = ''): Buffer {
  const map = Buffer.alloc(MAP_BYTES);
  for (const port of ports) map[port >> 3] = (map[port >> 3] as number) | (1 << (port & 7));
  return encodeFrame({ flags: FLAG_MAP, payload: map, extensions });
}

/** What a 6.1 kernel says of itself in probes: NPATHS. */
export function npaths(count: number): string {
  return `05${hex(count, 2)}`;
}

/** GEN_NUM, which newer kernels add. */
export function generation(value: number): string {
  return `06${hex(value, 4)}`;
}

/** The extension in which our own nodes recognise each other. */
export function ownExtension(tcpPort: number): string {
  return `7201${hex(tcpPort, 2)}`;
}

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}

/** The first frame of `bytes`, or null if it is not yet complete. */
export function decodeFrame(bytes: Buffer): Frame | null {
  if (bytes.length < HEADER_BYTES) return null;
  const end = HEADER_BYTES + bytes.readUInt32BE(16);
  if (bytes.length < end) return null;
  return {
    sequence: Number(bytes.readBigUInt64BE(0)),
    ack: Number(bytes.readBigUInt64BE(8)),
    sport: bytes.readUInt16BE(20),
    dport: bytes.readUInt16BE(22),
    flags: bytes.readUInt8(24),
    extensions: bytes.toString('hex', 32, HEADER_BYTES).replace(/(00)+$/, ''),
    header: bytes.subarray(0, HEADER_BYTES),
    payload: bytes.subarray(HEADER_BYTES, end),
  };
}
