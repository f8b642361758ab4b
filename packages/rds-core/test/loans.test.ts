/** Loans: who reads in time reads what came without a copy; what waits on keeps only itself. */

import { beforeEach, describe, expect, test } from 'vitest';
import { openNode, type RdsNode, SO_TIMESTAMP, SOL_SOCKET } from '../src/index.js';
import { Loans } from '../src/loans.js';
import { frame } from './findings/raw.js';
import { CALLER, type HandStream, Turns } from './turns.js';

describe('Loans', () => {
  test('of many queues are settled together, once, when the turn ends', () => {
    const turns = new Turns();
    const loans = new Loans(turns);
    const settled: number[] = [];
    const borrowers = [0, 1, 2].map((n) => ({ settleLoans: () => void settled.push(n) }));
    for (const borrower of borrowers) loans.add(borrower);
    expect(turns.yielded).toHaveLength(1);
    expect(settled).toEqual([]);
    turns.end();
    expect(settled).toEqual([0, 1, 2]);
    turns.end();
    expect(settled).toHaveLength(3);
  });

  test('of one queue are settled once, however often it ran empty in the turn', () => {
    const turns = new Turns();
    const loans = new Loans(turns);
    let settled = 0;
    const borrower = { settleLoans: () => void settled++ };
    for (let count = 0; count < 1000; count++) loans.add(borrower);
    expect(turns.yielded).toHaveLength(1);
    turns.end();
    expect(settled).toBe(1);
  });

  test('that are made in the next turn are settled when that ends', () => {
    const turns = new Turns();
    const loans = new Loans(turns);
    let settled = 0;
    const borrower = { settleLoans: () => void settled++ };
    for (const turn of [1, 2, 3]) {
      loans.add(borrower);
      turns.end();
      expect(settled).toBe(turn);
    }
  });

  test('that are made while others are settled are not forgotten', () => {
    const turns = new Turns();
    const loans = new Loans(turns);
    let settled = 0;
    const late = { settleLoans: () => void settled++ };
    loans.add({ settleLoans: () => loans.add(late) });
    turns.end();
    expect(settled).toBe(1);
  });
});

describe('a message that came', () => {
  let turns: Turns;
  let node: RdsNode;
  let stream: HandStream;
  let sequence = 0;

  beforeEach(async () => {
    turns = new Turns();
    node = await openNode({ address: '10.0.0.1' }, turns);
    stream = turns.call();
    sequence = 0;
  });

  /** A message to each of the ports, all read at once; returns what was read. */
  function receive(...ports: number[]): Uint8Array {
    const frames = ports.map((dport) => {
      const seq = ++sequence;
      return frame({ seq, sport: 9, dport, data: new Uint8Array(100).fill(seq) });
    });
    const chunk = new Uint8Array(Buffer.concat([...frames, new Uint8Array(20)]));
    stream.handler.received(chunk.subarray(0, chunk.length - 20));
    return chunk;
  }

  test('is the very part of what was read, if it is read in the same turn', () => {
    const socket = node.bind(4000);
    const chunk = receive(4000, 4000);
    const messages = socket.recvmmsg();
    expect(messages.map(({ data }) => data.byteOffset)).toEqual([48, 2 * 48 + 100]);
    for (const { data } of messages) expect(data.buffer).toBe(chunk.buffer);
    turns.end();
    expect(messages[1]?.data).toEqual(new Uint8Array(100).fill(2));
  });

  test('keeps nothing of what was read, if it waits until the turn has ended', () => {
    const socket = node.bind(4000);
    const chunk = receive(4000, 4000, 4000);
    expect(socket.recvmmsg(1)[0]?.data.buffer).toBe(chunk.buffer);
    turns.end();
    // It is nobody's any more.
    chunk.fill(0xee);
    const [second, third] = socket.recvmmsg();
    expect(second?.data).toEqual(new Uint8Array(100).fill(2));
    expect(third?.data).toEqual(new Uint8Array(100).fill(3));
    expect(second?.data.buffer.byteLength).toBe(200);
    expect(second?.data.buffer).toBe(third?.data.buffer);
  });

  test('says from where and when it came, copied or not', async () => {
    const socket = node.bind(4000);
    socket.setsockopt(SOL_SOCKET, SO_TIMESTAMP, 1);
    const atMs = turns.clock.now();
    receive(4000, 4000);
    const from = { address: CALLER, port: 9 };
    expect(await socket.recvmsg({ peek: true })).toMatchObject({ from, receivedAtMs: atMs });
    turns.end();
    for (const message of socket.recvmmsg()) {
      expect(message).toMatchObject({ from, receivedAtMs: atMs });
    }
  });

  test('costs one task at the end of the turn, on however many sockets it waits', () => {
    const ports = Array.from({ length: 50 }, (_, n) => 4000 + n);
    const sockets = ports.map((port) => node.bind(port));
    const chunk = receive(...ports, ...ports);
    // Theirs, and that of the acknowledgement.
    expect(turns.yielded).toHaveLength(2);
    turns.end();
    for (const socket of sockets) {
      const messages = socket.recvmmsg();
      expect(messages).toHaveLength(2);
      for (const { data } of messages) expect(data.buffer).not.toBe(chunk.buffer);
    }
  });

  test('is gone with a socket that closes before the turn ends', () => {
    const socket = node.bind(4000);
    receive(4000, 4000);
    socket.destroy();
    turns.end();
    const next = node.bind(4000);
    receive(4000);
    expect(next.recvmmsg().map(({ data }) => data[0])).toEqual([3]);
  });

  test('is counted the same if many are read at once', () => {
    const [one, many] = [node.bind(4000), node.bind(5000)];
    const delivered = () => {
      const { counters } = node.info();
      return [counters.recv_delivered, counters.copy_to_user];
    };
    receive(4000, 4000, 4000);
    while (one.recvmmsg(1).length > 0);
    expect(delivered()).toEqual([3, 300]);
    receive(5000, 5000, 5000, 5000);
    expect(many.recvmmsg(3)).toHaveLength(3);
    expect(delivered()).toEqual([6, 600]);
    expect(many.recvmmsg()).toHaveLength(1);
    expect(many.recvmmsg()).toEqual([]);
    expect(delivered()).toEqual([7, 700]);
    expect(node.info().counters.recv_bytes_freed_fromsock).toBe(700);
  });
});
