/**
 * Pcapng: a capture file of TCP connections that never were, for tests of what reads captures. The
 * format is that of draft-ietf-opsawg-pcapng; the packets are bare IP, without checksums.
 */

import { isIPv6 } from 'node:net';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type Side = 'client' | 'server';

interface Segment {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly sequence: number;
  readonly ack: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** LINKTYPE_RAW: a packet begins with its IP header. */
const LINK_TYPE_RAW = 101;
const TCP = 6;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** What an IP packet holds, with room for the headers. */
const MAX_SEGMENT_BYTES = 65_000;

export class Pcapng {
  /** So many bytes of a packet are captured. */
  snapBytes = Infinity;
  readonly #blocks: Buffer[] = [
    // The order of bytes, version 1.0, and that the length of the section is not known.
    block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex')),
    block(1, uint32s(LINK_TYPE_RAW, 0)),
  ];
  #packets = 0;
  /** The time of the next packet. It goes on by a millisecond for each. */
  nowMs = 1_000;

  /** How many packets there are: the number of the last one. */
  get packets(): number {
    return this.#packets;
  }

  connect(client: Endpoint, server: Endpoint): CapturedConnection {
    return new CapturedConnection(this, client, server);
  }

  add(segment: Segment): void {
    const packet = ipPacket(segment);
    const captured = packet.subarray(0, this.snapBytes);
    const micros = BigInt(Math.round(this.nowMs * 1000));
    const head = uint32s(
      0,
      Number(micros >> 32n),
      Number(micros & 0xffff_ffffn),
      captured.length,
      packet.length,
    );
    this.#blocks.push(block(6, Buffer.concat([head, captured])));
    this.#packets++;
    this.nowMs++;
  }

  toBytes(): Buffer {
    return Buffer.concat(this.#blocks);
  }
}

/** One connection. Each side's bytes are numbered from 1, as its SYN has taken 0. */
export class CapturedConnection {
  readonly #capture: Pcapng;
  readonly #ends: Readonly<Record<Side, Endpoint>>;
  readonly #next: Record<Side, number> = { client: 0, server: 0 };

  constructor(capture: Pcapng, client: Endpoint, server: Endpoint) {
    this.#capture = capture;
    this.#ends = { client, server };
    this.#add('client', SYN);
    this.#add('server', SYN | ACK);
  }

  /** In as few segments as there can be, or in segments of these sizes, the last one repeated. */
  send(side: Side, bytes: Uint8Array, sizes: Iterator<number> | null = null): void {
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(sizes?.next().value ?? MAX_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
      this.#add(side, ACK, bytes.subarray(at, at + size));
      at += size;
    }
  }

  /** These bytes are on their way past who captures, and are not seen. */
  lose(side: Side, byteCount: number): void {
    this.#next[side] += byteCount;
  }

  end(side: Side): void {
    this.#add(side, FIN | ACK);
  }

  reset(side: Side): void {
    this.#add(side, RST | ACK);
  }

  #add(side: Side, flags: number, payload: Uint8Array = new Uint8Array(0)): void {
    const other = side === 'client' ? 'server' : 'client';
    const { [side]: from, [other]: to } = this.#ends;
    const { [side]: sequence, [other]: ack } = this.#next;
    this.#capture.add({ from, to, sequence, ack, flags, payload });
    this.#next[side] += payload.length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
  }
}

function ipPacket({ from, to, sequence, ack, flags, payload }: Segment): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(ack, 8);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(flags, 13);
  tcp.writeUInt16BE(65_535, 14);
  const length = tcp.length + payload.length;
  const addresses = [ipBytes(from.address), ipBytes(to.address)];
  return Buffer.concat([ipHeader(isIPv6(from.address), length), ...addresses, tcp, payload]);
}

function ipHeader(isV6: boolean, length: number): Buffer {
  const header = Buffer.alloc(isV6 ? 8 : 12);
  header.writeUInt8(isV6 ? 0x60 : 0x45, 0);
  header.writeUInt16BE(isV6 ? length : length + 20, isV6 ? 4 : 2);
  header.writeUInt8(isV6 ? TCP : 64, isV6 ? 6 : 8);
  header.writeUInt8(isV6 ? 64 : TCP, isV6 ? 7 : 9);
  return header;
}

function ipBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [front = [], back = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - front.length - back.length).fill('0');
  const groups = [...front, ...zeros, ...back];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function block(type: number, body: Buffer): Buffer {
  const padding = Buffer.alloc(-body.length & 3);
  const length = 12 + body.length + padding.length;
  return Buffer.concat([uint32s(type, length), body, padding, uint32s(length)]);
}

function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}
