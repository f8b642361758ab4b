/** Story frames: what a frame is called, from its header and payload. See docs/PROTOCOL.md. */

import { CongestionMap } from '../../src/congestion-map.js';
import { decodeExtensions } from '../../src/wire/extension.js';
import {
  FLAG_ACK_REQUIRED,
  FLAG_CONGESTION_MAP,
  FLAG_GOODBYE,
  FLAG_RETRANSMITTED,
  type Header,
} from '../../src/wire/header.js';
import type { FrameName, FrameText } from './story-item.js';
import type { StoryNumbers } from './story-numbers.js';

/** The ledger writes a message's number in front of it, if there is room. */
const ID_BYTES = 4;
const RANGE_BYTES = 17;
const TWO_TO_32 = 2 ** 32;

export function describeFrame(
  header: Header,
  payload: Uint8Array,
  { from, to }: { readonly from: string; readonly to: string },
  numbers: StoryNumbers,
): FrameText {
  const { sport, dport, length: bytes, sequence, ack, flags } = header;
  const name = nameOf(header);
  const isResent = name !== 'map' && (flags & FLAG_RETRANSMITTED) !== 0;
  const number = sequence > 0 ? numbers.sent(from, to, sequence) : undefined;
  const isNamed = name === 'data' && payload.length >= ID_BYTES;
  const message = isNamed ? viewOf(payload).getUint32(0) : undefined;
  const told: string[] = [name];
  const details: string[] = [`${name}, ${sport} → ${dport}, ${count(bytes)} B of payload`];
  const say = (short: string, detail = short): void => {
    told.push(short);
    details.push(detail);
  };
  if (name === 'data') told.splice(0, 1, `${sport}→${dport}`, `${count(bytes)} B`);
  if (name === 'ping' || name === 'pong') told.push(String(name === 'ping' ? sport : dport));
  if (name === 'map') details.push(`congested: ${congested(payload) || 'no port'}`);
  if (name === 'map' && congested(payload) !== '') told.push(`congested ${congested(payload)}`);
  if (number !== undefined) say(number, `sequence ${sequence} (${number})`);
  if (ack > 0) {
    const acked = numbers.named(to, from, ack);
    if (name === 'ack') told.pop();
    say(`ack ${acked}`, `ack ${ack} (${acked} of ${to} → ${from})`);
  }
  if (name === 'refusals') say(refused(payload, (it) => numbers.named(to, from, it)));
  if (message !== undefined) say(`m${message}`, `message ${message} of the workload`);
  if (isResent) say('resent', 'sent again (RETRANSMITTED)');
  if (name === 'data' && flags & FLAG_ACK_REQUIRED) say('receipt', 'a receipt is wanted');
  if (header.extended) details.push(...introduction(header.extensions));
  return { name, label: told.join(' '), details, sport, dport, bytes, isResent, number, message };
}

function nameOf({ sport, dport, flags, sequence, extended }: Header): FrameName {
  if (flags === FLAG_CONGESTION_MAP) return 'map';
  if (sport === 0 && dport === 0) {
    if (sequence > 0) return 'refusals';
    if (flags & FLAG_GOODBYE) return 'goodbye';
    if (extended) return 'hello';
    return flags & FLAG_ACK_REQUIRED ? 'heartbeat' : 'ack';
  }
  if (dport === 0) return sport === 1 ? 'probe' : 'ping';
  if (sport === 0) return dport === 1 ? 'probe pong' : 'pong';
  return 'data';
}

function congested(payload: Uint8Array): string {
  const map = new CongestionMap();
  map.replace(payload);
  return map.ports().join(', ');
}

function refused(payload: Uint8Array, nameOfSequence: (sequence: number) => string): string {
  const view = viewOf(payload);
  const ranges: string[] = [];
  for (let at = 0; at + RANGE_BYTES <= payload.length; at += RANGE_BYTES) {
    const first = nameOfSequence(readSequence(view, at));
    const last = nameOfSequence(readSequence(view, at + 8));
    const range = first === last ? first : `${first} to ${last}`;
    ranges.push(view.getUint8(at + 16) === 1 ? range : `some of ${range}`);
  }
  return ranges.join(', ');
}

function introduction(extensions: Uint8Array): string[] {
  const { npaths, generation, own } = decodeExtensions(extensions);
  const said: string[] = [];
  if (generation !== undefined) said.push(`generation ${generation.toString(16).padStart(8, '0')}`);
  if (npaths !== undefined) said.push(`paths: ${npaths}`);
  if (own !== undefined) said.push(`one of ours, on TCP port ${own.tcpPort}`);
  return said;
}

function count(bytes: number): string {
  return bytes.toLocaleString('en-US');
}

function readSequence(view: DataView, at: number): number {
  return view.getUint32(at) * TWO_TO_32 + view.getUint32(at + 4);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
