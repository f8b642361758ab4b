/** Trace: all that happens on the network as lines, the same for the same seed and no other. */

import { createSimulation, Trace } from '@rds-tcp/core/testing';
import { expect, test } from 'vitest';
import { A, B } from '../findings/world.js';

async function run(seed: number, text: string): Promise<string[]> {
  const trace = new Trace();
  const simulation = createSimulation({ seed, onEvent: trace.record });
  const { clock } = simulation;
  const a = await simulation.openNode({ address: A });
  await simulation.openNode({ address: B });
  await clock.until(a.ping(B));
  simulation.note('note', text);
  await clock.until(a.close());
  return trace.lines;
}

test('a seed gives the same lines each time, and another seed others', async () => {
  const lines = await run(1, 'hello');
  expect(await run(1, 'hello')).toEqual(lines);
  expect(await run(2, 'hello')).not.toEqual(lines);
});

test('a line says when, on which connection, between whom and what', async () => {
  const lines = await run(1, 'hello');
  expect(lines[0]).toMatch(/^ {7}0\.000 #1 10\.0\.0\.1 → 10\.0\.0\.2 dial$/);
  expect(lines.filter((line) => /#1 .* send \d+ B [\da-f]{8}$/.test(line))).not.toEqual([]);
  expect(lines.filter((line) => /^ *[\d.]+ note hello$/.test(line))).toHaveLength(1);
});

test('what was sent is told by length and by content', () => {
  const trace = new Trace();
  const event = { kind: 'send', atMs: 1.5, connection: 3, from: 'a', to: 'b' } as const;
  trace.record({ ...event, bytes: Uint8Array.of(1, 2) });
  trace.record({ ...event, bytes: Uint8Array.of(2, 1) });
  trace.record({ ...event, bytes: new Uint8Array(0) });
  expect(trace.lines[0]).toMatch(/^ {7}1\.500 #3 a → b send 2 B /);
  expect(trace.lines[0]).not.toBe(trace.lines[1]);
  // FNV-1a of nothing.
  expect(trace.lines[2]).toContain('send 0 B 811c9dc5');
});
