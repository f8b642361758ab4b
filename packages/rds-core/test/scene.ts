/** Where the stories of counters play: two nodes that are connected, and strangers who call. */

import type { RdsSocket } from '../src/index.js';
import { attach, frame } from './findings/raw.js';
import { A, B, world } from './findings/world.js';

export const TO = { address: B, port: 5000 };
export const KIB = 1024;
export const LIVENESS_MS = 10_000;
const RDS = 16_385;

/** What all stories begin with: two nodes that are connected, a socket on each, nothing under way. */
export async function scene() {
  const w = world();
  const a = await w.open(A, { maxPeers: 3 });
  const b = await w.open(B, { maxQueuedBytes: 64 * KIB });
  const alice = a.bind({ port: 4000, sendBufferBytes: 1024 * KIB });
  const bob = b.bind({ port: 5000, receiveBufferBytes: 4 * KIB });
  await w.clock.until(alice.sendmsg('first', TO, { until: 'delivered' }));
  bob.recvmmsg();
  await w.clock.advance(100);
  const { clock, network } = w;
  /** Sends, and waits until it is there. */
  const say = (data = 'x', to = TO, from: RdsSocket = alice) =>
    clock.until(from.sendmsg(data, to).then(() => from.flush()));
  /** The connection breaks, and another is made. */
  const reconnect = async () => {
    network.cut(A, B);
    await clock.advance(1000);
  };
  return { ...w, a, b, alice, bob, clock, network, say, reconnect };
}

export type Scene = Awaited<ReturnType<typeof scene>>;
/** Whose counter is looked at, by how much it grows, and in what. */
export type Row = readonly [node: 'a' | 'b', by: number | 'some', story: (scene: Scene) => unknown];

/** Connects to A from an address as a program would that is no node, and says this. */
export const callFrom = async (s: Scene, address: string, ...frames: Uint8Array[]) => {
  const { transport } = s.network.runtime();
  const stream = transport.connect({ address, tcpPort: 1 }, { address: A, tcpPort: RDS });
  attach(stream, { opened: () => stream.write(frames, () => {}) });
  await s.clock.advance(1000);
  return stream;
};

/** An address from which A expects to be called. */
export const LOWER = '10.0.0.0';

/** What a kernel says first. */
export const probe = frame({ seq: 1, sport: 1, dport: 0, ext: { npaths: 1, generation: 7 } });
/** What one of our own nodes says first. */
export const hello = frame({
  ext: { npaths: 1, generation: 7, own: { features: 1, tcpPort: RDS } },
});
