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

/** For $XDG_RUNTIME_DIR, of this process and of those that it starts. */
export function useRuntimeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rds-run-'));
  const before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
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
