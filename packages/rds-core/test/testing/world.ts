/** What the tests of the simulated world share: a world, and ends of streams that keep a diary. */

import {
  type NetworkOptions,
  SeededRandom,
  SimulatedClock,
  type SimulatedHost,
  SimulatedNetwork,
} from '@rds-tcp/core/testing';
import type { Listener, Stream, StreamHandler } from '../../src/runtime.js';

export const PORT = 16_385;

/** Everything takes exactly 1 ms and arrives as it was written, unless a test asks for more. */
const PLAIN: Partial<NetworkOptions> = {
  latencyMs: { min: 1, max: 1 },
  cutNoticeMs: { min: 5, max: 5 },
  splitChance: 0,
  mergeChance: 0,
};

export class World {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly a: SimulatedHost;
  readonly b: SimulatedHost;
  /** What happened at any end, with the time. */
  readonly trace: string[] = [];

  constructor(options: Partial<NetworkOptions> = {}, seed = 1) {
    this.random = new SeededRandom(seed);
    this.network = new SimulatedNetwork(this.clock, this.random, { ...PLAIN, ...options });
    this.a = this.network.runtime();
    this.b = this.network.runtime();
  }

  /** `b` listens; who is accepted goes to `onEnd`. */
  listen(onEnd: (end: End) => void = () => {}): Promise<Listener> {
    return this.b.transport.listen({ address: 'b', tcpPort: PORT }, (stream) =>
      onEnd(new End('b', stream, this)),
    );
  }

  /** `a` dials `b`. */
  dial(): End {
    const local = { address: 'a', tcpPort: 0 };
    const stream = this.a.transport.connect(local, { address: 'b', tcpPort: PORT });
    return new End('a', stream, this);
  }

  /** Both ends of an open connection. */
  async connect(): Promise<{ a: End; b: End; listener: Listener }> {
    const accepted: End[] = [];
    const listener = await this.listen((end) => accepted.push(end));
    const a = this.dial();
    await this.clock.runUntil(() => accepted.length > 0);
    await listener.close();
    return { a, b: accepted[0] as End, listener };
  }
}

/** One end of a stream, with all that its handler was told. */
export class End implements StreamHandler {
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  error: unknown;
  dones = 0;
  /** What to do besides taking a note. */
  onReceived: (chunk: Uint8Array) => void = () => {};
  readonly name: string;
  readonly stream: Stream;
  readonly #world: World;

  constructor(name: string, stream: Stream, world: World) {
    this.name = name;
    this.stream = stream;
    this.#world = world;
    stream.handler = this;
  }

  get bytes(): number[] {
    return this.chunks.flatMap((chunk) => [...chunk]);
  }

  get byteCount(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  write(...bytes: number[]): void {
    this.writeChunks([Uint8Array.from(bytes)]);
  }

  writeChunks(chunks: Uint8Array[]): void {
    this.stream.write(chunks, () => {
      this.dones++;
      this.#note('done', false);
    });
  }

  opened(): void {
    this.#note('opened');
  }

  received(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.#note(`received ${chunk.length}`);
    this.onReceived(chunk);
  }

  ended(): void {
    this.#note('ended');
  }

  closed(error?: unknown): void {
    this.error = error;
    this.#note(error === undefined ? 'closed' : `closed ${(error as { code: string }).code}`);
  }

  #note(event: string, isHandlers = true): void {
    if (isHandlers) this.events.push(event);
    this.#world.trace.push(`${this.#world.clock.now()} ${this.name} ${event}`);
  }
}

/** Bytes in which none follows another by chance. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8)) & 255);
}
