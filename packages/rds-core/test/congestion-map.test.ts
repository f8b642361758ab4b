/** CongestionMap: which bit is which port, against a captured map and against a Set. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONGESTION_MAP_BYTES, CongestionMap } from '../src/congestion-map.js';
import { kernelCaptures, mapOf, sha256 } from './vectors/kernel-frames.js';

const anyPort = fc.oneof(
  fc.integer({ min: 0, max: 65535 }),
  // Neighbours in a byte, and the ends.
  fc.constantFrom(0, 7, 8, 5000, 5001, 5003, 5007, 5008, 65528, 65535),
);

describe('CongestionMap', () => {
  test('has the bits where a kernel has them', () => {
    const frames = [...kernelCaptures.values()].flat().flatMap(({ frame }) => frame ?? []);
    const captured = frames.filter(({ congestedPorts }) => congestedPorts?.length === 1);
    expect(captured.map(({ congestedPorts }) => congestedPorts?.[0])).toContain(5003);
    for (const { payload, congestedPorts } of captured) {
      const map = new CongestionMap();
      for (const port of congestedPorts ?? []) map.set(port);
      expect(sha256(bytesOf(map))).toBe(sha256(payload));
      map.clear(congestedPorts?.[0] ?? 0);
      map.replace(payload);
      expect(map.ports()).toEqual(congestedPorts);
    }
  });

  test('marks no port at first', () => {
    const map = new CongestionMap();
    expect(map.isCongested(0)).toBe(false);
    expect(map.isCongested(65535)).toBe(false);
    expect(map.ports()).toEqual([]);
    expect(bytesOf(map).every((byte) => byte === 0)).toBe(true);
  });

  test('is a set of ports', () => {
    const change = fc.record({ what: fc.constantFrom('set', 'clear'), port: anyPort });
    const replace = fc.record({ what: fc.constant('replace'), ports: fc.uniqueArray(anyPort) });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 8, arbitrary: change }, replace), { size: 'medium' }),
        (changes) => {
          const map = new CongestionMap();
          let model = new Set<number>();
          for (const each of changes) {
            if ('ports' in each) {
              map.replace(mapOf(each.ports));
              model = new Set(each.ports);
            } else if (each.what === 'set') {
              map.set(each.port);
              model.add(each.port);
            } else {
              map.clear(each.port);
              model.delete(each.port);
            }
          }
          const ports = [...model].sort((a, b) => a - b);
          expect(map.ports()).toEqual(ports);
          expect(bytesOf(map).equals(mapOf(ports))).toBe(true);
          for (const port of [0, 7, 8, 5003, 65535, ...ports]) {
            expect(map.isCongested(port)).toBe(model.has(port));
          }
        },
      ),
    );
  });

  test('keeps a copy of what it takes over, wherever that stands', () => {
    for (const offset of [0, 1, 3, 48]) {
      const chunk = new Uint8Array(offset + CONGESTION_MAP_BYTES);
      const received = chunk.subarray(offset);
      // The last byte: nothing of a map may be overlooked.
      received[CONGESTION_MAP_BYTES - 1] = 0x80;
      const map = new CongestionMap();
      map.replace(received);
      chunk.fill(0xff);
      expect(map.ports()).toEqual([65535]);
    }
  });

  test('writes itself over what stood there, and nowhere else', () => {
    const map = new CongestionMap();
    for (const ports of [[], [9]]) {
      for (const port of ports) map.set(port);
      const bytes = Buffer.alloc(CONGESTION_MAP_BYTES + 10, 0xee);
      map.copyTo(bytes, 5);
      expect(bytes.subarray(5, -5).equals(mapOf(ports))).toBe(true);
      expect(bytes.subarray(0, 5).equals(Buffer.alloc(5, 0xee))).toBe(true);
      expect(bytes.subarray(-5).equals(Buffer.alloc(5, 0xee))).toBe(true);
    }
  });
});

function bytesOf(map: CongestionMap): Buffer {
  const bytes = Buffer.alloc(CONGESTION_MAP_BYTES, 0xee);
  map.copyTo(bytes, 0);
  return bytes;
}
