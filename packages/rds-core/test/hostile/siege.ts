/**
 * A node under siege, in the simulation: an honest peer whose messages have to arrive whatever
 * happens, and as many raw connections as an attacker likes.
 */

import { expect, onTestFinished } from 'vitest';
import type { ConnectionEvent, NodeOptions, RdsNode, Stream } from '../../src/index.js';
import { coreOf } from '../../src/node.js';
import type { Header } from '../../src/wire/header.js';
import { attach } from '../findings/raw.js';
import { world } from '../findings/world.js';

const VICTIM = '10.0.0.5';
export const HONEST = '10.0.0.6';
/** One from which the victim expects to be called, and one that it calls itself. */
export const SMALLER = '10.0.0.3';
export const LARGER = '10.0.0.9';

export interface Attacker {
  readonly stream: Stream;
  readonly frames: { readonly sequence: number; readonly sport: number; readonly dport: number }[];
  /** When the victim hung up, in simulated milliseconds. */
  overAtMs: number | null;
  write(...frames: readonly Uint8Array[]): void;
}

export type Siege = Awaited<ReturnType<typeof besiege>>;

/** When the test is over, all that the honest peer sent has arrived once, in order, undisturbed. */
export async function besiege(options: Partial<NodeOptions> = {}) {
  const { clock, network, open } = world();
  const victim = await open(VICTIM, options);
  const honest = await open(HONEST, options);
  const traffic = talk(honest, victim);
  await clock.advance(100);
  const events: ConnectionEvent[] = [];
  victim.on('connection', (event) => events.push(event));
  const host = network.runtime();

  const dial = (from: string, onOver: () => void = () => {}): Attacker => {
    const to = { address: VICTIM, tcpPort: victim.tcpPort };
    const stream = host.transport.connect({ address: from, tcpPort: 1 }, to);
    const over = (): void => {
      if (attacker.overAtMs !== null) return;
      attacker.overAtMs = clock.now();
      onOver();
    };
    const attacker: Attacker = {
      stream,
      frames: [],
      overAtMs: null,
      write: (...frames) => stream.write(frames, () => {}),
    };
    attach(stream, {
      frame: ({ sequence, sport, dport }: Header) => {
        attacker.frames.push({ sequence, sport, dport });
      },
      ended: over,
      closed: over,
    });
    return attacker;
  };

  onTestFinished(async () => {
    const { acknowledged } = traffic;
    await clock.advance(1000);
    expect(traffic.acknowledged).toBeGreaterThan(acknowledged);
    traffic.isOver = true;
    await clock.advance(1000);
    expect(traffic.received).toEqual(
      Array.from({ length: traffic.acknowledged }, (_, n) => `${n}`),
    );
    expect(traffic.downs).toEqual([]);
    await Promise.all([victim.destroy(), honest.destroy()]);
  });
  return { clock, network, open, victim, honest, host, traffic, events, dial };
}

function talk(from: RdsNode, to: RdsNode) {
  const socket = from.bind(4000);
  const traffic = {
    acknowledged: 0,
    received: [] as string[],
    downs: [] as ConnectionEvent[],
    isOver: false,
  };
  to.bind(5000).on('message', ({ data }) => traffic.received.push(new TextDecoder().decode(data)));
  from.on('connection', (event) => {
    if (event.type === 'down') traffic.downs.push(event);
  });
  const pause = (): Promise<void> =>
    new Promise((resolve) => void coreOf(from).clock.setTimer(20, resolve));
  void (async () => {
    while (!traffic.isOver) {
      const address = { address: to.address, port: 5000 };
      await socket.sendmsg(`${traffic.acknowledged}`, address, { until: 'delivered' });
      traffic.acknowledged++;
      await pause();
    }
  })();
  return traffic;
}
