/**
 * Packets: frames as the TCP segments that could have carried them, so that Wireshark, which
 * captures below TCP, can read what was tapped above it. Addresses, order and payload are real;
 * segment boundaries, both ports and TCP's own numbers are made up. The side that was called is
 * always on port 16385, whatever it listens on, because dissectors go by it.
 */

import { isIPv6 } from 'node:net';
import { RDS_TCP_PORT } from '@rds-tcp/core';
import type { FrameRecord } from '../inspector/protocol.js';
import { ipToBytes } from './ip-bytes.js';

const ETHERNET_BYTES = 14;
const TCP_BYTES = 20;
const FIRST_DIALLER_PORT = 49_152;
const DIALLER_PORTS = 16_384;
/** What an IP packet has room for besides its headers, and a little less. */
const MAX_SEGMENT_BYTES = 65_000;
/** Connections whose TCP numbers are remembered. */
const MAX_STREAMS = 4096;

const PSH_ACK = 0x18;
const PROTOCOL_TCP = 6;
const HOP_LIMIT = 64;

export interface Packet {
  readonly bytes: Buffer;
  readonly lengthBytes: number;
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The packets of one node's frames. */
export class Packets {
  readonly #local: { readonly address: string; readonly tcpPort: number };
  /** The next TCP sequence number each way, per connection. */
  readonly #streams = new Map<number, { sent: number; received: number }>();

  constructor(local: { address: string; tcpPort: number }) {
    this.#local = local;
  }

  /** `bytes` are the header and as much of the payload as there is. */
  of(frame: FrameRecord, bytes: Uint8Array, frameBytes: number): Packet[] {
    const { local, remote } = this.#endpoints(frame);
    const isSent = frame.direction === 'sent';
    const [from, to] = isSent ? [local, remote] : [remote, local];
    const numbers = this.#numbers(frame.connection);
    const packets: Packet[] = [];
    for (let start = 0; start < frameBytes; start += MAX_SEGMENT_BYTES) {
      const length = Math.min(MAX_SEGMENT_BYTES, frameBytes - start);
      const [sequence, ack] = isSent
        ? [numbers.sent, numbers.received]
        : [numbers.received, numbers.sent];
      const head = headers(from, to, sequence, ack, length);
      const data = bytes.subarray(start, start + length);
      packets.push({ bytes: Buffer.concat([head, data]), lengthBytes: head.byteLength + length });
      numbers[frame.direction] = (sequence + length) % 2 ** 32;
    }
    return packets;
  }

  #endpoints({ address, tcpPort, connection }: FrameRecord): { local: Endpoint; remote: Endpoint } {
    const port = FIRST_DIALLER_PORT + (connection % DIALLER_PORTS);
    const isDialler = isSmaller(this.#local, { address, tcpPort });
    return {
      local: { address: this.#local.address, port: isDialler ? port : RDS_TCP_PORT },
      remote: { address, port: isDialler ? RDS_TCP_PORT : port },
    };
  }

  #numbers(connection: number): { sent: number; received: number } {
    const known = this.#streams.get(connection);
    if (known !== undefined) return known;
    const [oldest] = this.#streams.keys();
    if (this.#streams.size >= MAX_STREAMS) this.#streams.delete(oldest as number);
    const numbers = { sent: 1, received: 1 };
    this.#streams.set(connection, numbers);
    return numbers;
  }
}

/** The smaller of two nodes dials. */
function isSmaller(
  a: { address: string; tcpPort: number },
  b: { address: string; tcpPort: number },
): boolean {
  const order = Buffer.compare(ipToBytes(a.address), ipToBytes(b.address));
  return order < 0 || (order === 0 && a.tcpPort < b.tcpPort);
}

function headers(
  from: Endpoint,
  to: Endpoint,
  sequence: number,
  ack: number,
  dataBytes: number,
): Buffer {
  const isV6 = isIPv6(from.address);
  const ip = isV6 ? ipv6Header(from, to, dataBytes) : ipv4Header(from, to, dataBytes);
  const ethernet = Buffer.alloc(ETHERNET_BYTES);
  // Locally administered addresses that end in those of the hosts.
  for (const [at, { address }] of [
    [0, to],
    [6, from],
  ] as const) {
    ethernet.writeUInt16BE(0x0200, at);
    ethernet.set(ipToBytes(address).subarray(-4), at + 2);
  }
  ethernet.writeUInt16BE(isV6 ? 0x86dd : 0x0800, 12);
  const tcp = Buffer.alloc(TCP_BYTES);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(ack, 8);
  tcp.writeUInt8((TCP_BYTES / 4) << 4, 12);
  tcp.writeUInt8(PSH_ACK, 13);
  tcp.writeUInt16BE(0xffff, 14);
  return Buffer.concat([ethernet, ip, tcp]);
}

function ipv4Header(from: Endpoint, to: Endpoint, dataBytes: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + TCP_BYTES + dataBytes, 2);
  header.writeUInt16BE(0x4000, 6);
  header.writeUInt8(HOP_LIMIT, 8);
  header.writeUInt8(PROTOCOL_TCP, 9);
  header.set(ipToBytes(from.address).subarray(-4), 12);
  header.set(ipToBytes(to.address).subarray(-4), 16);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return header;
}

function ipv6Header(from: Endpoint, to: Endpoint, dataBytes: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(TCP_BYTES + dataBytes, 4);
  header.writeUInt8(PROTOCOL_TCP, 6);
  header.writeUInt8(HOP_LIMIT, 7);
  header.set(ipToBytes(from.address), 8);
  header.set(ipToBytes(to.address), 24);
  return header;
}
