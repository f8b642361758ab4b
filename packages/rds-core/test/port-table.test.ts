/** PortTable: who has which port, and which are free. */

import { describe, expect, test } from 'vitest';
import { PortTable } from '../src/port-table.js';
import type { RdsSocket } from '../src/socket.js';

const socketAt = (port: number): RdsSocket => ({ port }) as RdsSocket;

/** A table in which every port from `first` to `last` is taken. */
function taken(first: number, last: number): PortTable {
  const table = new PortTable(0);
  for (let port = first; port <= last; port++) table.add(socketAt(port));
  return table;
}

describe('PortTable', () => {
  test('finds the socket of a port until it is removed', () => {
    const table = new PortTable(0);
    const socket = socketAt(4000);
    table.add(socket);
    expect(table.get(4000)).toBe(socket);
    expect([...table]).toEqual([socket]);
    // Another socket that has the port no more, or never had it.
    table.remove(socketAt(4000));
    expect(table.has(4000)).toBe(true);
    table.remove(socket);
    expect(table.has(4000)).toBe(false);
    expect(table.get(4000)).toBeUndefined();
  });

  test('gives a random port of the upper half', () => {
    const table = new PortTable(0);
    expect(table.random(0)).toBe(32768);
    expect(table.random(0.5)).toBe(49152);
    expect(table.random(1 - 2 ** -53)).toBe(65535);
  });

  test('gives the next free port when that one is taken, going round', () => {
    expect(taken(49152, 50000).random(0.5)).toBe(50001);
    expect(taken(49152, 65535).random(0.5)).toBe(32768);
    expect(taken(32769, 65535).random(0.5)).toBe(32768);
  });

  test('goes below when the upper half is taken, but never to 0 or 1', () => {
    expect(taken(32768, 65535).random(0.5)).toBe(2);
    expect(taken(3, 65535).random(0.5)).toBe(2);
    expect(taken(2, 65535).random(0.5)).toBeNull();
  });

  test('gives every port without a socket before it gives one again', () => {
    const table = taken(100, 60_000);
    const given = Array.from({ length: 98 + 5535 }, () => table.next());
    expect(new Set(given).size).toBe(given.length);
    expect(given.some((port) => port < 2 || port > 65535 || table.has(port))).toBe(false);
    expect(table.next()).toBe(given[0]);
  });

  test('gives the same port again if there is no other', () => {
    const table = taken(3, 65535);
    expect([table.next(), table.next()]).toEqual([2, 2]);
  });
});
