/** Words: the frames that the operations of a script make, from a byte or two each. */

import { encodeExtensions } from '../../packages/rds-core/src/wire/extension.js';
import {
  HEADER_BYTES,
  writeExtensions,
  writeHeader,
} from '../../packages/rds-core/src/wire/header.js';

const MAP_BYTES = 8192;
const GENERATIONS = [0, 1, 2, 0xffffffff];
/** The default one, that of an honest node elsewhere, and others. */
const TCP_PORTS = [16385, 7000, 1, 0, 65535, 7001, 7002, 7003];
const PATHS = [1, 8, 65535, 0];
const LENGTHS = [0, 1, 5, 48, 1000, 4096, 4097, 2000];
const PORTS = [5001, 5000, 5002, 5003, 6000, 1, 4000, 0];
const FLAGS = [0, 2, 4, 6];

interface Fields {
  readonly sequence?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
  readonly extensions?: Uint8Array;
}

function frame(fields: Fields): Uint8Array {
  const { sequence = 0, sport = 0, dport = 0, flags = 0, payload, extensions } = fields;
  const length = payload?.byteLength ?? 0;
  const bytes = new Uint8Array(HEADER_BYTES + length);
  writeHeader(new DataView(bytes.buffer), 0, sequence, 0, length, sport, dport, flags);
  if (extensions !== undefined) writeExtensions(bytes, 0, extensions);
  if (payload !== undefined) bytes.set(payload, HEADER_BYTES);
  return bytes;
}

export function map(a: number, b: number): Uint8Array {
  const payload = new Uint8Array(MAP_BYTES);
  const port = pick(PORTS, a);
  if (a >= 128) payload.fill(a);
  else if (a >= 8) payload[port >> 3] = 1 << (port & 7);
  return frame({ flags: 1, payload, extensions: extensions(b) });
}

export function introduction(sequence: number, a: number, b: number): Uint8Array {
  const own = extensions(b | 0x80, a >> 2);
  if (a % 4 === 0) return frame({ extensions: own });
  const ports = a % 4 === 1 ? { sport: 1 } : { dport: 1 };
  return frame({ sequence, ...ports, extensions: own });
}

export function message(sequence: number, a: number, b: number): Uint8Array {
  const payload = new Uint8Array(pick(LENGTHS, b)).fill(b);
  return frame({
    sequence,
    sport: 4000 + b,
    dport: pick(PORTS, a),
    flags: pick(FLAGS, a >> 3),
    payload,
  });
}

/** A few ranges, up or down, around what was seen. */
export function refusals(sequence: number, seen: number, a: number, b: number): Uint8Array {
  const count = b % 4;
  const payload = new Uint8Array(count * 17 + (b >= 250 ? 1 : 0));
  const view = new DataView(payload.buffer);
  for (let n = 0; n < count; n++) {
    const first = Math.max(0, seen - (a % 16) + (b & 4 ? -n : n));
    const last = b & 8 ? 2 ** 53 - 1 : first + (a >> 6);
    view.setBigUint64(n * 17, BigInt(first));
    view.setBigUint64(n * 17 + 8, BigInt(last));
    view.setUint8(n * 17 + 16, b & 16 ? 1 : 0);
  }
  return frame({ sequence, payload });
}

/** From the top bit down: whether there are any, which generation, and which of our own. */
function extensions(b: number, c = 0): Uint8Array {
  if (b < 0x80) return encodeExtensions({});
  const generation = pick(GENERATIONS, b >> 5);
  const own = { features: c & 1 ? 0 : 1, tcpPort: pick(TCP_PORTS, b & 7) };
  const withOwn = (b & 8) === 0 ? { own } : {};
  const npaths = pick(PATHS, c >> 1);
  return encodeExtensions({ npaths, ...(generation > 0 ? { generation } : {}), ...withOwn });
}

export function pick<T>(from: readonly T[], byte: number): T {
  return from[byte % from.length] as T;
}
