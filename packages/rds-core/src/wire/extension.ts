/**
 * Extension headers: what a probe says of its sender, in the 16 spare bytes of a header. Mirrors
 * rds_message_add_extension and rds_message_next_extension in net/rds/message.c.
 *
 * Each is a type byte and a payload whose length the type implies. A Linux 6.1 kernel reads an
 * unknown type below 16 as empty and carries on inside its payload, and stops at any type from 16
 * up. So our own extension has a type from 16 up and stands last: a kernel never sees past it.
 */

export const EXTENSION_SPACE_BYTES = 16;

const NONE = 0;
const NPATHS = 5;
const GENERATION = 6;
const SPORT_INDEX = 8;
/** Ours: u8 features, be16 TCP port on which the sender listens. */
const OWN = 0x72;

/** Payload bytes per type (rds.h, with the types that newer kernels know). */
const PAYLOAD_BYTES: Readonly<Record<number, number>> = {
  1: 4, // VERSION
  2: 4, // RDMA
  3: 8, // RDMA_DEST
  4: 8, // RDMA_BYTES, with its padding
  [NPATHS]: 2,
  [GENERATION]: 4,
  7: 4, // CAP_BITS
  [SPORT_INDEX]: 1,
  9: 8, // CSUM, with its padding
  [OWN]: 3,
};

/** Feature bit: acknowledgements travel in the header's ack field. Every version so far has it. */
const FEATURE_ACKS = 0x01;
/** Three bits: how many paths the sender would use, besides the first. */
const PATHS_SHIFT = 4;

/** As many as a kernel has workers for (RDS_MPATH_WORKERS), and TCP ports modulo 8 can tell. */
export const MAX_PATHS = 8;

/** What the extension headers of one frame say; a field that was not sent is undefined. */
export interface Extensions {
  /** RDS_EXTHDR_NPATHS: how many paths the sender has. */
  readonly npaths?: number | undefined;
  /** RDS_EXTHDR_GEN_NUM: another one after each restart. */
  readonly generation?: number | undefined;
  /** RDS_EXTHDR_SPORT_IDX: the TCP port of who dials, modulo 8, says which path it is. */
  readonly sportIndex?: boolean | undefined;
  /** What one of our own nodes says of itself. A Linux kernel says nothing of the kind. */
  readonly own?: { readonly features: number; readonly tcpPort: number } | undefined;
}

/** What a node that would use so many paths says of itself. */
export function ownFeatures(paths: number): number {
  return FEATURE_ACKS | ((paths - 1) << PATHS_SHIFT);
}

/** How many paths the sender would use with us: a kernel one, whatever its NPATHS says. */
export function announcedPaths({ own }: Extensions): number {
  return own === undefined ? 1 : 1 + ((own.features >> PATHS_SHIFT) & (MAX_PATHS - 1));
}

/** The 16 bytes, in the order that kernels can read. */
export function encodeExtensions(extensions: Extensions): Uint8Array {
  const bytes = new Uint8Array(EXTENSION_SPACE_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  if (extensions.npaths !== undefined) {
    bytes[at] = NPATHS;
    view.setUint16(at + 1, extensions.npaths);
    at += 3;
  }
  if (extensions.generation !== undefined) {
    bytes[at] = GENERATION;
    view.setUint32(at + 1, extensions.generation);
    at += 5;
  }
  if (extensions.sportIndex) {
    bytes[at] = SPORT_INDEX;
    at += 2;
  }
  if (extensions.own !== undefined) {
    bytes[at] = OWN;
    bytes[at + 1] = extensions.own.features;
    view.setUint16(at + 2, extensions.own.tcpPort);
  }
  return bytes;
}

/** Reads what is understood; ends at the first type that is unknown or does not fit. */
export function decodeExtensions(bytes: Uint8Array): Extensions {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { -readonly [K in keyof Extensions]: Extensions[K] } = {};
  let at = 0;
  while (at < bytes.byteLength) {
    const type = view.getUint8(at);
    const payloadBytes = PAYLOAD_BYTES[type];
    if (type === NONE || payloadBytes === undefined) break;
    if (at + 1 + payloadBytes > bytes.byteLength) break;
    if (type === NPATHS) found.npaths = view.getUint16(at + 1);
    if (type === GENERATION) found.generation = view.getUint32(at + 1);
    if (type === SPORT_INDEX) found.sportIndex = true;
    if (type === OWN) {
      found.own = { features: view.getUint8(at + 1), tcpPort: view.getUint16(at + 2) };
    }
    at += 1 + payloadBytes;
  }
  return found;
}
