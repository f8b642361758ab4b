/**
 * Pcapng: the blocks of a capture file, as wireshark.org and the IETF's draft describe them
 * (draft-ietf-opsawg-pcapng). Little-endian, times in microseconds.
 */

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
const TWO_TO_32 = 2 ** 32;

const OPTION_END = 0;
const OPTION_COMMENT = 1;
const INTERFACE_NAME = 2;
const SECTION_APPLICATION = 4;
const PACKET_FLAGS = 2;

export interface CapturedPacket {
  /** Which interface block it belongs to, counted from 0. */
  readonly interfaceId: number;
  readonly atUs: number;
  readonly direction: 'sent' | 'received';
  /** What was captured of it, from the Ethernet header on. */
  readonly bytes: Uint8Array;
  /** How long it was. */
  readonly lengthBytes: number;
  readonly comment?: string | undefined;
}

/** The first block of a file. */
export function sectionBlock(application: string): Buffer {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  fixed.writeUInt16LE(1, 4);
  // The length of the section is not known in advance.
  fixed.fill(0xff, 8, 16);
  return block(SECTION_HEADER, [fixed, option(SECTION_APPLICATION, application), end()]);
}

/** Stands for a node; packets name it by its number. */
export function interfaceBlock(name: string): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(LINKTYPE_ETHERNET, 0);
  return block(INTERFACE, [fixed, option(INTERFACE_NAME, name), end()]);
}

export function packetBlock(packet: CapturedPacket): Buffer {
  const { interfaceId, atUs, direction, bytes, lengthBytes, comment } = packet;
  const fixed = Buffer.alloc(20);
  fixed.writeUInt32LE(interfaceId, 0);
  fixed.writeUInt32LE(Math.floor(atUs / TWO_TO_32), 4);
  fixed.writeUInt32LE(Math.floor(atUs) % TWO_TO_32, 8);
  fixed.writeUInt32LE(bytes.byteLength, 12);
  fixed.writeUInt32LE(lengthBytes, 16);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(direction === 'received' ? 1 : 2);
  const comments = comment === undefined ? [] : [option(OPTION_COMMENT, comment)];
  return block(ENHANCED_PACKET, [
    fixed,
    padded(bytes),
    option(PACKET_FLAGS, flags),
    ...comments,
    end(),
  ]);
}

function block(type: number, parts: readonly Uint8Array[]): Buffer {
  const length = 12 + parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...parts, head.subarray(4)]);
}

function option(code: number, value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(bytes.byteLength, 2);
  return Buffer.concat([head, padded(bytes)]);
}

function end(): Buffer {
  return option(OPTION_END, '');
}

/** To a multiple of four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.byteLength & 3)]);
}
