/**
 * Nodes for tests: opened on loopback addresses that no other test process uses, and gone when the
 * test is over. And what tests wait with: events and conditions, each with a limit.
 */

import {
  type Address,
  type ConnectionEvent,
  createNode,
  type NodeOptions,
  openNode as openNodeOn,
  RdsError,
  type RdsNode,
  type RdsSocket,
  type Runtime,
  SystemClock,
  TcpTransport,
  type Transport,
} from 'rds-tcp';
import { expect, onTestFinished, vi } from 'vitest';

/** Far more than anything here takes; only a hang gets so far. */
export const LIMIT_MS = 15_000;

/** True where all of 127.0.0.0/8 is this machine; elsewhere there is only 127.0.0.1. */
export const hasManyLoopbacks = process.platform !== 'darwin';

/** The `n`th loopback address of this process: they compare as their numbers do. */
export function loopback(n: number): string {
  if (!hasManyLoopbacks) return '127.0.0.1';
  return `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}.${n}`;
}

/** A node that is destroyed when the test is over. */
export async function openNode(options: Partial<NodeOptions> = {}): Promise<RdsNode> {
  const node = await createNode({ address: loopback(1), tcpPort: 0, ...options });
  onTestFinished(async () => {
    await node.destroy();
  });
  return node;
}

export function openNodes(count: 2, options?: Partial<NodeOptions>): Promise<[RdsNode, RdsNode]>;
export function openNodes(
  count: 3,
  options?: Partial<NodeOptions>,
): Promise<[RdsNode, RdsNode, RdsNode]>;
/** Nodes at the addresses 1, 2, … with one TCP port, as the hosts of a cluster have it. */
export async function openNodes(
  count: number,
  options: Partial<NodeOptions> = {},
): Promise<RdsNode[]> {
  const nodes: RdsNode[] = [];
  for (let n = 1; n <= count; n++) {
    const tcpPort = hasManyLoopbacks ? (nodes[0]?.tcpPort ?? 0) : 0;
    nodes.push(await openNode({ address: loopback(n), tcpPort, ...options }));
  }
  return nodes;
}

/** A real runtime with another transport, for nodes that are made by `openNode` of the core. */
function runtimeOn(transport: Transport = new TcpTransport()): Runtime {
  return {
    clock: new SystemClock(),
    transport,
    random: Math.random,
    defer: process.nextTick,
    yield: setImmediate,
    initialSequence: () => Date.now() * 1000,
  };
}

/** A node on a transport of the test's own. */
export async function openNodeWith(
  transport: Transport,
  options: Partial<NodeOptions>,
): Promise<RdsNode> {
  const runtime = runtimeOn(transport);
  const node = await openNodeOn({ address: loopback(1), tcpPort: 0, ...options }, runtime);
  onTestFinished(async () => {
    await node.destroy();
  });
  return node;
}

/** The name of a socket as any node can use it. */
export function nameOf(node: RdsNode, socket: RdsSocket | number): Address {
  const port = typeof socket === 'number' ? socket : socket.port;
  return { address: node.address, port, tcpPort: node.tcpPort };
}

/** Checks again and again until it holds. */
export function eventually<T>(check: () => T, limitMs = LIMIT_MS): Promise<T> {
  return vi.waitFor(check, { timeout: limitMs, interval: 5 });
}

/** The texts of the next messages. */
export async function receiveTexts(socket: RdsSocket, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { data } = await socket.recvmsg({ timeoutMs: LIMIT_MS });
    texts.push(textOf(data));
  }
  return texts;
}

export function textOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
}

/** All 'connection' events of a node from now on. */
export function connectionEvents(node: RdsNode): ConnectionEvent[] {
  const events: ConnectionEvent[] = [];
  node.on('connection', (event) => events.push(event));
  return events;
}

/** The error of a call that has to fail, by exception or by promise. */
export async function errorOf(call: () => unknown): Promise<RdsError> {
  let result: unknown;
  try {
    result = await call();
  } catch (error) {
    expect(error).toBeInstanceOf(RdsError);
    return error as RdsError;
  }
  throw new Error(`The call did not fail, but gave ${JSON.stringify(result)}.`);
}

/** How a promise that nobody looks at yet ended. */
export function settled(promise: Promise<unknown>): { state: string; error: unknown } {
  const result = { state: 'pending', error: undefined as unknown };
  promise.then(
    () => {
      result.state = 'resolved';
    },
    (error: unknown) => {
      result.state = 'rejected';
      result.error = error;
    },
  );
  return result;
}
