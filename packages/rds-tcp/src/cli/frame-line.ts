/**
 * A frame as one line of `rds tap`: when, which way, whose, what, its numbers, and what it says.
 */

import type { Extensions } from '@rds-tcp/core/inspect';
import type { FrameRecord } from '../inspector/protocol.js';
import { formatHostAndPort } from './arguments.js';

/** As in rds.h, without their prefix; from HB_PING on of Oracle's kernel, and the last is ours. */
const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x01, 'CONG_BITMAP'],
  [0x02, 'ACK_REQUIRED'],
  [0x04, 'RETRANSMITTED'],
  [0x08, 'HB_PING'],
  [0x10, 'HB_PONG'],
  [0x20, 'EXTHDR_EXTENSION'],
  [0x80, 'GOODBYE'],
];
const CONGESTION_MAP = 0x01;
const MAP_BYTES = 8192;
const ACK_REQUIRED = 0x02;
const HB_PING = 0x08;
const HB_PONG = 0x10;
const GOODBYE = 0x80;
const PROBE_PORT = 1;
const RDS_TCP_PORT = 16385;
/** The longest is `probe-pong`. */
const KIND_WIDTH = 10;
/** Ports of a map that are told one by one. */
const MAX_PORTS_TOLD = 16;

export function frameLine(frame: FrameRecord): string {
  const { direction, address, tcpPort, sequence, ack, length, sport, dport } = frame;
  const peer = tcpPort === RDS_TCP_PORT ? address : formatHostAndPort(address, tcpPort);
  const words = [
    timeOf(frame.atUs),
    direction === 'sent' ? '>' : '<',
    peer,
    kindOf(frame).padEnd(KIND_WIDTH),
    `seq=${sequence} ack=${ack} len=${length}`,
    `${sport}->${dport}`,
    ...flagWords(frame.flags),
    ...mapWords(frame.congestedPorts),
    ...extensionWords(frame.extensions),
  ];
  return words.join(' ');
}

/** What a frame is for, in the words that the dissector for Wireshark has for `rds.kind`. */
export function kindOf(frame: FrameRecord): string {
  const { flags, length, sport, dport } = frame;
  if (flags === CONGESTION_MAP && length === MAP_BYTES) return 'map';
  if (sport === 0 && dport === 0) return internalKind(frame);
  if (dport === 0) return sport === PROBE_PORT ? 'probe' : 'ping';
  if (sport === 0) return dport === PROBE_PORT ? 'probe-pong' : 'pong';
  return 'data';
}

/** Of frames 0 → 0. Kernels ignore them; Oracle's and nodes of ours talk in them. */
function internalKind({ flags, sequence, length, extensions }: FrameRecord): string {
  if ((flags & HB_PING) !== 0) return 'hb-ping';
  if ((flags & HB_PONG) !== 0) return 'hb-pong';
  if (sequence !== 0) return length > 0 ? 'refusals' : 'nothing';
  if ((flags & GOODBYE) !== 0) return 'goodbye';
  if (extensions !== null) return 'hello';
  return (flags & ACK_REQUIRED) !== 0 ? 'heartbeat' : 'ack';
}

function flagWords(flags: number): string[] {
  if (flags === 0) return [];
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const known = FLAG_NAMES.reduce((sum, [bit]) => sum | bit, 0);
  const rest = flags & ~known;
  return [[...names, ...(rest === 0 ? [] : [`0x${rest.toString(16)}`])].join('|')];
}

function mapWords(ports: readonly number[] | null): string[] {
  if (ports === null) return [];
  const told = ports.slice(0, MAX_PORTS_TOLD).join(',');
  const more = ports.length > MAX_PORTS_TOLD ? `,…(${ports.length})` : '';
  return [`congested=${ports.length === 0 ? 'none' : told + more}`];
}

function extensionWords(extensions: Extensions | null): string[] {
  if (extensions === null) return [];
  const { npaths, generation, sportIndex, own } = extensions;
  const words: string[] = [];
  if (npaths !== undefined) words.push(`npaths=${npaths}`);
  if (generation !== undefined)
    words.push(`generation=${generation.toString(16).padStart(8, '0')}`);
  if (sportIndex) words.push('sport_idx');
  if (own !== undefined) words.push(`rds-tcp=${own.features} tcpPort=${own.tcpPort}`);
  return words.length > 0 ? words : ['extensions=unknown'];
}

/** Local time of day with microseconds, as tcpdump prints it. */
function timeOf(atUs: number): string {
  const date = new Date(atUs / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const micros = String(Math.floor(atUs) % 1_000_000).padStart(6, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}
