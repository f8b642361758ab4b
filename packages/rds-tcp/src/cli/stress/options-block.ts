/**
 * OptionsBlock: what the active side sends first on the control connection. Packed and big-endian,
 * in three versions that grew by additions:
 *
 *   the body, 59 bytes                                 all that IPv4 needs
 *   version 16 · the body · tos u8 · async u8, 77      with a type of service
 *   the same · send, receive 16 · scope u32, 113       with IPv6 addresses
 *
 * The tool takes the longer ones only from its own version, so we send the shortest that will do.
 */

import { isIP } from 'node:net';
import { CommandError } from '../exit.js';
import { ipFromBytes, ipToBytes } from '../ip-bytes.js';
import type { Settings } from './settings.js';

const VERSION_BYTES = 16;
export const BODY_BYTES = 59;
const WITH_TOS_BYTES = VERSION_BYTES + BODY_BYTES + 2;
const WITH_IPV6_BYTES = WITH_TOS_BYTES + 2 * 16 + 4;

export interface OptionsBlock {
  readonly settings: Settings;
  /** The active side's address, where the passive one sends to. */
  readonly activeAddress: string;
}

/** `version` is that of the tool on the other side; it matters with IPv6 or a type of service. */
export function encodeOptions(
  settings: Settings,
  addresses: { active: string; passive: string },
  version: string,
): Uint8Array {
  const isIpv6 = isIP(addresses.active) === 6;
  const body = encodeBody(settings, isIpv6 ? null : addresses);
  if (!isIpv6 && settings.tos === 0) return body;
  const block = Buffer.alloc(isIpv6 ? WITH_IPV6_BYTES : WITH_TOS_BYTES);
  block.write(version, 0, VERSION_BYTES - 1, 'latin1');
  block.set(body, VERSION_BYTES);
  block.writeUInt8(settings.tos, VERSION_BYTES + BODY_BYTES);
  if (isIpv6) {
    block.set(ipToBytes(addresses.passive), WITH_TOS_BYTES);
    block.set(ipToBytes(addresses.active), WITH_TOS_BYTES + 16);
  }
  return block;
}

function encodeBody(
  settings: Settings,
  addresses: { active: string; passive: string } | null,
): Buffer {
  const body = Buffer.alloc(BODY_BYTES);
  body.writeUInt32BE(settings.depth, 0);
  body.writeUInt32BE(settings.requestBytes, 4);
  body.writeUInt32BE(settings.ackBytes, 8);
  if (addresses !== null) {
    body.set(ipToBytes(addresses.passive), 16);
    body.set(ipToBytes(addresses.active), 20);
  }
  body.writeUInt16BE(settings.basePort, 24);
  body.writeUInt16BE(settings.tasks, 26);
  body.writeUInt32BE(settings.runSeconds, 28);
  body.writeUInt8(Number(settings.summaryOnly), 32);
  body.writeUInt8(Number(settings.verify), 35);
  // What the tool sends if nothing is said: congestion is watched, RDMA reads are fenced,
  // warnings are decided per task.
  body.writeUInt8(1, 38);
  body.writeUInt8(1, 41);
  body.writeUInt8(0xff, 44);
  body.writeUInt8(Number(settings.oneWay), 45);
  body.writeUInt32BE(1, 47); // one RDMA buffer
  return body;
}

/**
 * Reads a block by `read`, which gives exactly as many bytes as it is asked for. The first byte of
 * a body is that of the depth, and so 0; that of a version is a digit.
 */
export async function readOptions(
  read: (bytes: number) => Promise<Uint8Array>,
  isIpv6: boolean,
): Promise<OptionsBlock> {
  const head = Buffer.from(await read(VERSION_BYTES));
  if (head[0] === 0) {
    const body = Buffer.concat([head, await read(BODY_BYTES - VERSION_BYTES)]);
    return decode(body, 0, body.subarray(20, 24));
  }
  if (!/^\d[\d.]*/.test(head.toString('latin1'))) {
    throw new CommandError('what came is not the beginning of a stress run');
  }
  const text = head.toString('latin1');
  if (text.includes('json')) {
    throw new CommandError('the peer wants to agree on its options in JSON (--disable-inq)');
  }
  const rest = Buffer.from(await read((isIpv6 ? WITH_IPV6_BYTES : WITH_TOS_BYTES) - VERSION_BYTES));
  const body = rest.subarray(0, BODY_BYTES);
  const address = isIpv6
    ? rest.subarray(WITH_TOS_BYTES - VERSION_BYTES + 16, WITH_TOS_BYTES - VERSION_BYTES + 32)
    : body.subarray(20, 24);
  return decode(body, rest.readUInt8(BODY_BYTES), address);
}

function decode(body: Buffer, tos: number, activeAddress: Uint8Array): OptionsBlock {
  if (body.readUInt32BE(12) !== 0) {
    throw new CommandError('the peer asks for RDMA, which there is none of over TCP');
  }
  return {
    activeAddress: ipFromBytes(activeAddress),
    settings: {
      depth: body.readUInt32BE(0),
      requestBytes: body.readUInt32BE(4),
      ackBytes: body.readUInt32BE(8),
      basePort: body.readUInt16BE(24),
      tasks: body.readUInt16BE(26),
      runSeconds: body.readUInt32BE(28),
      summaryOnly: body.readUInt8(32) !== 0,
      verify: body.readUInt8(35) !== 0,
      oneWay: body.readUInt8(45) !== 0,
      tos,
    },
  };
}
