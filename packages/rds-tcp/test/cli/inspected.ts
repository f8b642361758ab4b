/**
 * Nodes with an inspector, in the process of the test, and a folder for their sockets that no
 * other test looks into.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, type RdsNode, type TcpNodeOptions } from 'rds-tcp';
import { onTestFinished } from 'vitest';
import { loopback } from '../nodes.js';

/** Where sockets can be, for this process and those that it starts. Gives $XDG_RUNTIME_DIR. */
export function useRuntimeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rds-run-'));
  const temporary = mkdtempSync(join(tmpdir(), 'rds-tmp-'));
  setEnvironment('XDG_RUNTIME_DIR', folder);
  setEnvironment('TMPDIR', temporary);
  onTestFinished(() => {
    for (const path of [folder, temporary]) rmSync(path, { recursive: true, force: true });
  });
  return folder;
}

/** Until the test is over. */
export function setEnvironment(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  onTestFinished(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

export async function openInspected(options: Partial<TcpNodeOptions> = {}): Promise<RdsNode> {
  const node = await createNode({
    address: loopback(1),
    tcpPort: 0,
    inspector: true,
    ...options,
  });
  onTestFinished(async () => {
    await node.destroy();
  });
  return node;
}

/** Two of them that have exchanged a message, 4000 to 5000. */
export async function openTalking(): Promise<{ a: RdsNode; b: RdsNode }> {
  const a = await openInspected({ address: loopback(1) });
  const b = await openInspected({ address: loopback(2), tcpPort: a.tcpPort });
  const to = { address: b.address, port: 5000, tcpPort: b.tcpPort };
  b.bind(5000);
  await a.bind(4000).sendmsg('hello', to, { until: 'delivered' });
  return { a, b };
}
