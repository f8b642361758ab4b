/**
 * A frame as one line of `rds tap`: when, which way, whose, what, its numbers, and what it says.
 */

import type { Extensions } from '@rds-tcp/core';
import type { FrameRecord } from '../inspector/protocol.js';
import { formatHostAndPort } from './arguments.js';

/** As in rds.h, without their prefix; the last is ours. */
const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x01, 'CONG_BITMAP'],
  [0x02, 'ACK_REQUIRED'],
  [0x04, 'RETRANSMITTED'],
  [0x80, 'GOODBYE'],
];
const CONGESTION_MAP = 0x01;
const ACK_REQUIRED = 0x02;
const GOODBYE = 0x80;
const PROBE_PORT = 1;
const RDS_TCP_PORT = 16385;
/** Ports of a map that are told one by one. */
const MAX_PORTS_TOLD = 16;

export function frameLine(frame: FrameRecord): string {
  const { direction, address, tcpPort, sequence, ack, length, sport, dport } = frame;
  const peer = tcpPort === RDS_TCP_PORT ? address : formatHostAndPort(address, tcpPort);
  const words = [
    timeOf(frame.atUs),
    direction === 'sent' ? '>' : '<',
    peer,
    kindOf(frame).padEnd(7),
    `seq=${sequence} ack=${ack} len=${length}`,
    `${sport}->${dport}`,
    ...flagWords(frame.flags),
    ...mapWords(frame.congestedPorts),
    ...extensionWords(frame.extensions),
  ];
  return words.join(' ');
}

/** What a frame is for, as its ports and flags say. */
export function kindOf({ flags, sport, dport, sequence, extensions }: FrameRecord): string {
  if (flags === CONGESTION_MAP) return 'map';
  if (sport !== 0 && dport !== 0) return 'message';
  if (sport !== 0) return sport === PROBE_PORT ? 'probe' : 'ping';
  if (dport !== 0) return dport === PROBE_PORT ? 'answer' : 'pong';
  if (extensions !== null) return 'hello';
  if (sequence !== 0) return 'refused';
  if ((flags & GOODBYE) !== 0) return 'goodbye';
  return (flags & ACK_REQUIRED) !== 0 ? 'alive?' : 'ack';
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
