/** The extension parser: any 16 bytes, read as PROTOCOL.md says, and nothing beyond them. */

import {
  decodeExtensions,
  type Extensions,
  encodeExtensions,
} from '../../packages/rds-core/src/wire/extension.js';
import { check, type Target } from '../target.js';

const SPACE = 16;
/** Bytes before and behind, which must not matter. */
const MARGIN = 16;
const PAYLOAD_BYTES = new Map([
  ...([1, 2, 7].map((type) => [type, 4]) as [number, number][]),
  ...([3, 4, 9].map((type) => [type, 8]) as [number, number][]),
  [5, 2],
  [6, 4],
  [8, 1],
  [0x72, 3],
]);

/** What it can reach is all in the code. */
const NOTHING: readonly string[] = [];
const surroundings = [0x00, 0x05, 0xff].map((byte) =>
  new Uint8Array(SPACE + 2 * MARGIN).fill(byte),
);

export const extensionTarget: Target = {
  name: 'extension',
  grammar: 'bytes',
  maxInputBytes: SPACE,
  batch: 4096,
  heldBytes: 0,
  seeds: [
    '05000800000000000000000000000000',
    '05000106123456787201400100000000',
    '72014001000000000000000000000000',
    '01000000000200000000080072014001',
    '03000000000000000004000000000000',
    '0900000000000000000807a5a5a5a500',
    '0f050004060000000100000000000000',
  ].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))),

  execute(input) {
    const bytes = new Uint8Array(SPACE);
    bytes.set(input.subarray(0, SPACE));
    const expected = textOf(reference(bytes));
    for (const surrounding of surroundings) {
      surrounding.set(bytes, MARGIN);
      const area = surrounding.subarray(MARGIN, MARGIN + SPACE);
      const decoded = decodeExtensions(area);
      check(textOf(decoded) === expected, `read ${textOf(decoded)}, not ${expected}`);
    }
    const { npaths, generation, own } = decodeExtensions(bytes);
    const again = decodeExtensions(encodeExtensions({ npaths, generation, own }));
    const said = textOf({ npaths, generation, own });
    check(textOf(again) === said, `${said} comes back as ${textOf(again)}`);
    return NOTHING;
  },
};

function textOf({ npaths, generation, sportIndex, own }: Extensions): string {
  return `${npaths} ${generation} ${sportIndex} ${own?.features} ${own?.tcpPort}`;
}

/** The same once more, from the description. */
function reference(bytes: Uint8Array): Extensions {
  const found: { -readonly [K in keyof Extensions]: Extensions[K] } = {};
  const at = (index: number): number => bytes[index] as number;
  const be16 = (index: number): number => at(index) * 256 + at(index + 1);
  for (let index = 0; index < SPACE; ) {
    const type = at(index);
    const length = PAYLOAD_BYTES.get(type);
    if (length === undefined || index + length >= SPACE) break;
    if (type === 5) found.npaths = be16(index + 1);
    if (type === 6) found.generation = be16(index + 1) * 65_536 + be16(index + 3);
    if (type === 8) found.sportIndex = true;
    if (type === 0x72) found.own = { features: at(index + 1), tcpPort: be16(index + 2) };
    index += 1 + length;
  }
  return found;
}
