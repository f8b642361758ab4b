/** Seeds: what real ones say, to start from: the frames that Linux sent, and those of our nodes. */

import { readFileSync } from 'node:fs';
import { join, operation } from './input.js';

const KERNEL_FRAMES = 'packages/rds-core/test/vectors/kernel-frames.jsonl';
/** As PROTOCOL.md has them: probe, pong, hello, data, receipt wanted, ack, heartbeat, refusals. */
const OWN_FRAMES = [
  '00060a24181e400000000000000000000000000000010000000000000000000005000106123456787201400100000000',
  '00060a24181e400100060a24181e40000000000000000001000000000000000005000106123456787201400100000000',
  '000000000000000000060a24181e40090000000000000000000000000000000005000106123456787201400100000000',
  '00060a24181e400100000000000000000000000513881770000000000000000000000000000000000000000000000000' +
    '68656c6c6f',
  '00060a24181e400100000000000000000000000513881770060000000000000000000000000000000000000000000000' +
    '68656c6c6f',
  '000000000000000000060a24181e40010000000000000000000000000000000000000000000000000000000000000000',
  '000000000000000000060a24181e40010000000000000000020000000000000000000000000000000000000000000000',
  '00060a24181e400700060a24181e40010000001100000000000000000000000000000000000000000000000000000000' +
    '00060a24181e400200060a24181e400301',
  '00060a24181e40020000000000000000000000009c400000000000000000000000000000000000000000000000000000',
];

export const ownFrames: readonly Uint8Array[] = OWN_FRAMES.map(fromHex);

/** Streams: each frame, all of our own in a row, and the beginnings of what kernels sent. */
export function wireSeeds(): Uint8Array[] {
  const kernel = kernelStreams();
  const map = fromHex(`${'00'.repeat(18)}2000${'00'.repeat(4)}01${'00'.repeat(7)}72011b58`);
  const maps = new Uint8Array(48 + 8192);
  maps.set(map);
  const own = join(ownFrames);
  const cut = [own.subarray(0, 50), operation(1), own.subarray(50)];
  return [...ownFrames, own, join([operation(3), ...cut]), maps, ...kernel];
}

/** The frames of one connection in a row, without the maps: they are long and all alike. */
function kernelStreams(): Uint8Array[] {
  const streams = new Map<string, Uint8Array[]>();
  for (const line of readFileSync(KERNEL_FRAMES, 'utf8').trimEnd().split('\n')) {
    const { capture, stream, header, payload } = JSON.parse(line) as Record<string, string>;
    if (header === undefined || payload === undefined || payload.length > 400) continue;
    const key = `${capture} ${stream}`;
    const frames = streams.get(key) ?? [];
    streams.set(key, frames);
    if (frames.length < 6) frames.push(fromHex(header + payload));
  }
  return [...streams.values()].map(join);
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
