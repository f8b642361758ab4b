/**
 * One of the processes of copy.ts: a node that sends files to its peers and receives theirs.
 *
 * The library is used in `open`, `copy`, `sendFile` and `receive`. That connections are being cut
 * shows in none of them.
 */

import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { type Address, createNode, type RdsNode, type RdsSocket } from 'rds-tcp';
import { cutConnections } from './copy-cutter.js';
import { SequenceCheck } from './copy-sequence.js';

/** The RDS ports on which every node has a socket. A file goes from one to its like. */
const PORTS = [4000, 4001, 4002];
const MAX_PIECE_BITS = 18;
/** What stands before each piece: the number of its message in its flow, and that of its file. */
const HEADER_BYTES = 8;

/** What the parent can call. */
const calls = { open, copy, report, close };
export type Calls = typeof calls;

/** What a worker says: the outcome of a call, and on its own what goes on. */
export type Said =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'received'; readonly messages: number; readonly bytes: number }
  | { readonly type: 'cut'; readonly connection: string };

export interface Peer {
  readonly address: string;
  readonly tcpPort: number;
}

/** The files received since the last report, and counts since the beginning. */
export interface Report {
  readonly files: readonly { readonly index: number; readonly sha256: string }[];
  readonly messages: number;
  /** Of files, without our headers. */
  readonly bytes: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

let node: RdsNode;
let sockets: RdsSocket[];
/** How many messages went out by flow, which is: from which socket to which socket. */
const sent: Record<string, number> = {};
/** How they came in, by flow. */
const checks = new Map<string, SequenceCheck>();
/** What came of files since the last report, by flow and file. */
const copies = new Map<string, { readonly index: number; readonly hash: Hash }>();
const received = { messages: 0, bytes: 0 };

const stopCutting = cutConnections((connection) => say({ type: 'cut', connection }));
const progress = setInterval(() => say({ type: 'received', ...received }), 100);

process.on('message', async ({ name, args }: { name: keyof Calls; args: never[] }) => {
  try {
    const call: (...args: never[]) => unknown = calls[name];
    say({ type: 'returned', value: await call(...args) });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
});
// Ctrl-C reaches all processes of a terminal; the parent will end us. And should it die, we follow.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

async function open(address: string): Promise<Peer> {
  // Any free TCP port, as 16385 may be taken here. Between machines one would not name any, here
  // or in the addresses of peers.
  const tcpPort = 0;
  node = await createNode({ address, tcpPort }).catch((error) => {
    if (error.code !== 'EADDRNOTAVAIL') throw error;
    // This machine has only 127.0.0.1 (macOS). It can have many nodes, by their TCP ports.
    return createNode({ address: '127.0.0.1', tcpPort });
  });
  sockets = PORTS.map((port) => node.bind(port));
  for (const socket of sockets) void receive(socket);
  return { address: node.address, tcpPort: node.tcpPort };
}

/** Sends all files to all peers. Resolves when that is acknowledged, with the counts so far. */
async function copy(paths: readonly string[], peers: readonly Peer[]) {
  await Promise.all(peers.flatMap((peer) => sockets.map((from) => sendFiles(from, peer, paths))));
  await Promise.all(sockets.map((socket) => socket.flush()));
  return sent;
}

/** Sends those files that are this socket's to send, one after the other. */
async function sendFiles(from: RdsSocket, peer: Peer, paths: readonly string[]): Promise<void> {
  const to = { ...peer, port: from.port };
  for (const [index, path] of paths.entries()) {
    if (PORTS[index % PORTS.length] === from.port) await sendFile(from, to, path, index);
  }
}

async function sendFile(from: RdsSocket, to: Address, path: string, index: number): Promise<void> {
  const flow = flowName(from, to);
  const header = Buffer.alloc(HEADER_BYTES);
  const piece = Buffer.alloc(2 ** MAX_PIECE_BITS);
  const file = await fs.open(path);
  try {
    for (let isOver = false; !isOver; ) {
      const length = randomPieceBytes();
      const { bytesRead } = await file.read(piece, 0, length);
      isOver = bytesRead < length;
      const sequence = sent[flow] ?? 0;
      sent[flow] = sequence + 1;
      header.writeUInt32BE(sequence, 0);
      header.writeUInt32BE(index, 4);
      // Waits while the send buffer is full, so that this loop is as fast as the receiver and
      // needs no more memory for a large file. Then the message is the node's, and what is in our
      // buffers may change.
      await from.sendmsg([header, piece.subarray(0, bytesRead)], to);
    }
  } finally {
    await file.close();
  }
}

async function receive(to: RdsSocket): Promise<void> {
  for await (const { data, from } of to) {
    const flow = flowName(from, to);
    const message = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    checkOf(flow).arrived(message.readUInt32BE(0));
    copyOf(flow, message.readUInt32BE(4)).hash.update(message.subarray(HEADER_BYTES));
    received.messages++;
    received.bytes += message.length - HEADER_BYTES;
  }
}

/**
 * Ends a round. To be called when all that was sent has been acknowledged, which means that it is
 * in the queues of our sockets; and the loops that empty them finish before anybody can call.
 */
function report(sentToAll: Record<string, number>): Report {
  const files = Array.from(copies.values(), ({ index, hash }) => ({
    index,
    sha256: hash.digest('hex'),
  }));
  copies.clear();
  const result = { files, ...received, lost: 0, duplicated: 0, reordered: 0 };
  for (const [flow, count] of Object.entries(sentToAll)) {
    if (!sockets.some((socket) => flow.endsWith(` > ${socketName(socket)}`))) continue;
    const check = checkOf(flow);
    result.lost += check.lost(count);
    result.duplicated += check.duplicated;
    result.reordered += check.reordered;
  }
  return result;
}

async function close(): Promise<void> {
  stopCutting();
  clearInterval(progress);
  say({ type: 'received', ...received });
  const { messages } = await node.close();
  if (messages > 0) throw new Error(`${messages} messages were not acknowledged`);
}

/** As many small as large ones: an empty piece is as likely as one of 128 to 256 KiB. */
function randomPieceBytes(): number {
  return Math.ceil(2 ** (Math.random() * MAX_PIECE_BITS)) - 1;
}

function flowName(from: Address, to: Address): string {
  return `${socketName(from)} > ${socketName(to)}`;
}

/** Addresses say the TCP port of a node only where it is not our own. */
function socketName({ address, tcpPort = node.tcpPort, port }: Address): string {
  return `${address}:${tcpPort}/${port}`;
}

function checkOf(flow: string): SequenceCheck {
  const check = checks.get(flow) ?? new SequenceCheck();
  checks.set(flow, check);
  return check;
}

function copyOf(flow: string, index: number): { readonly hash: Hash } {
  const name = `${flow} ${index}`;
  const copy = copies.get(name) ?? { index, hash: createHash('sha256') };
  copies.set(name, copy);
  return copy;
}

function say(said: Said): void {
  process.send?.(said);
}
