/** A program that is no node: raw frames on a simulated TCP connection. */
import type { Stream } from '../../src/index.js';
import { encodeExtensions } from '../../src/wire/extension.js';
import { FrameDecoder, type FrameSink } from '../../src/wire/frame-decoder.js';
import {
  FLAG_RETRANSMITTED,
  HEADER_BYTES,
  type Header,
  writeExtensions,
  writeHeader,
} from '../../src/wire/header.js';

export function frame(f: {
  seq?: number;
  ack?: number;
  sport?: number;
  dport?: number;
  flags?: number;
  data?: Uint8Array;
  ext?: Parameters<typeof encodeExtensions>[0] | undefined;
}): Uint8Array {
  const data = f.data ?? new Uint8Array(0);
  const bytes = new Uint8Array(HEADER_BYTES + data.length);
  writeHeader(
    new DataView(bytes.buffer),
    0,
    f.seq ?? 0,
    f.ack ?? 0,
    data.length,
    f.sport ?? 0,
    f.dport ?? 0,
    f.flags ?? 0,
  );
  if (f.ext) writeExtensions(bytes, 0, encodeExtensions(f.ext));
  bytes.set(data, HEADER_BYTES);
  return bytes;
}
/** A message in short: `7 x` has the number 7 and says x, `7r x` is resent. */
export function wordOf(short: string): { seq: number; flags: number; text: string } {
  const [, number, flag, text = ''] = /^(\d+)(r?) (.*)$/.exec(short) ?? [];
  return { seq: Number(number), flags: flag === 'r' ? FLAG_RETRANSMITTED : 0, text };
}
export const map = (ports: number[] = [], ext?: Parameters<typeof encodeExtensions>[0]) => {
  const data = new Uint8Array(8192);
  for (const p of ports) data[p >> 3] = Number(data[p >> 3]) | (1 << (p & 7));
  return frame({ flags: 1, data, ext });
};
export function attach(
  stream: Stream,
  on: {
    opened?: () => void;
    frame?: (h: Header, p: Uint8Array) => void;
    ended?: () => void;
    closed?: (e?: unknown) => void;
  },
) {
  const decoder = new FrameDecoder(1 << 26);
  const sink: FrameSink = {
    frame: (h, p) => {
      on.frame?.(h, p);
      return false;
    },
    nextFrame() {},
  };
  stream.handler = {
    opened: () => on.opened?.(),
    received: (chunk) => {
      decoder.push(chunk, sink);
    },
    ended: () => on.ended?.(),
    closed: (e) => on.closed?.(e),
  };
}
