/** Runs of frames are read faster than others, and nothing else about them is different. */

import { expect, test } from 'vitest';
import { openNode, type RdsSocket } from '../src/index.js';
import { tapFrames } from '../src/inspect.js';
import { SeededRandom } from '../src/testing/index.js';
import { frame } from './findings/raw.js';
import { CALLER, Turns } from './turns.js';

const SEEDS = 100;
const FRAMES = 120;
const QUEUE_PORT = 4001;
const TO = { address: CALLER, port: 9 };
/** So many can be acknowledged. */
const SENT = 3;

type Below = (limit: number) => number;

function belowOf(seed: number): Below {
  const random = new SeededRandom(seed);
  return (limit) => Math.floor(random.next() * limit);
}

/** Mostly runs; between them all that ends one, or looks as if it went on. */
function framesOf(below: Below): Uint8Array[] {
  let seq = 0;
  let [ack, sport, dport] = [0, 9, 4000];
  return Array.from({ length: FRAMES }, (_, n) => {
    const kind = below(30);
    if (kind === 10) return frame({ ack, flags: below(2) * 2 });
    seq++;
    if (kind === 0) seq += below(3);
    if (kind === 1) seq = Math.max(1, seq - below(5));
    if (kind === 2) ack = Math.min(SENT, ack + 1);
    if (kind < 6) [sport, dport] = [9 + below(2), 4000 + below(4)];
    if (kind === 11) return frame({ seq, ack, sport: 77 });
    const flags = kind >= 7 && kind <= 9 ? (kind - 6) * 2 : 0;
    const length = below(20) === 0 ? below(3000) : below(60);
    return frame({ seq, ack, sport, dport, flags, data: new Uint8Array(length).fill(n) });
  });
}

function chunksOf(frames: Uint8Array[], below: Below): Uint8Array[] {
  const bytes = Buffer.concat(frames);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += chunks.at(-1)?.length as number) {
    const size = 1 + below(below(4) === 0 ? 100 : 6000);
    chunks.push(new Uint8Array(bytes.subarray(at, at + size)));
  }
  return chunks;
}

/** A program that reads, answers, closes and binds as chance will have it. */
class Program {
  readonly heard: string[] = [];
  readonly #bind: (port: number) => RdsSocket;
  readonly #queued: RdsSocket;
  readonly #below: Below;
  /** They have stopped listening for a while. */
  readonly #deaf: RdsSocket[] = [];

  constructor(bind: (port: number) => RdsSocket, below: Below) {
    this.#bind = bind;
    this.#below = below;
    this.#queued = bind(QUEUE_PORT);
    for (const port of [4000, 4002]) this.#listen(bind(port));
    for (let count = 0; count < SENT; count++) this.#queued.trySendmsg('x', TO);
  }

  read(most: number): void {
    for (const { data, from } of this.#queued.recvmmsg(most)) {
      this.#note(QUEUE_PORT, data, from.port);
    }
  }

  listen(): void {
    const deaf = this.#deaf.splice(0).filter(({ isClosed }) => !isClosed);
    for (const socket of deaf) this.#listen(socket);
  }

  #listen(socket: RdsSocket): void {
    socket.on('message', ({ data, from }) => {
      this.#note(socket.port, data, from.port);
      this.#react(socket);
    });
  }

  #react(socket: RdsSocket): void {
    const what = this.#below(50);
    if (what === 0) {
      socket.destroy();
      if (this.#below(4) > 0) this.#listen(this.#bind(socket.port));
    }
    if (what === 1) socket.trySendmsg(new Uint8Array(this.#below(100_000)), TO);
    if (what === 2) this.read(this.#below(9));
    if (what === 3) {
      socket.removeAllListeners('message');
      this.#deaf.push(socket);
    }
  }

  #note(port: number, data: Uint8Array, sport: number): void {
    this.heard.push(`${sport} to ${port}: ${Buffer.from(data).toString('hex')}`);
  }
}

/** What comes of a story. Who watches a node gets no runs. */
async function outcome(seed: number, isWatched: boolean) {
  const turns = new Turns();
  const node = await openNode({ address: '10.0.0.1', maxQueuedBytes: 4000 }, turns);
  if (isWatched) tapFrames(node, () => {});
  const below = belowOf(seed);
  const chunks = chunksOf(framesOf(below), below);
  const stream = turns.call();
  const bind = (port: number) => node.bind({ port, sendBufferBytes: 1 << 24 });
  const program = new Program(bind, below);
  turns.end();
  for (const chunk of chunks) {
    stream.handler.received(chunk);
    if (below(2) === 0) turns.end();
    if (below(3) === 0) program.read(below(20));
    if (below(3) === 0) program.listen();
  }
  turns.end();
  const { counters, queuedBytes, sockets } = node.info();
  expect(sockets.reduce((sum, socket) => sum + socket.queuedBytes, 0)).toBe(queuedBytes);
  const { heard } = program;
  return { seed, heard, written: Buffer.from(stream.written).toString('hex'), counters };
}

test('the same is heard, written and counted as if each frame stood alone', async () => {
  let [heard, paused] = [0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const one = await outcome(seed, false);
    expect(one).toEqual(await outcome(seed, true));
    heard += one.heard.length;
    paused += one.counters.tcp_read_paused ?? 0;
  }
  // The stories are worth to be told.
  expect(heard).toBeGreaterThan((SEEDS * FRAMES) / 4);
  expect(paused).toBeGreaterThan(SEEDS / 4);
});
