/** A node whose turns end when the test says so, and whose connections read what the test has. */

import type { Listener, Runtime, Stream, StreamHandler, Transport } from '../src/index.js';
import { SimulatedClock } from '../src/testing/index.js';
import { frame, map } from './findings/raw.js';

/** Smaller than the node's, so that it calls. */
export const CALLER = '10.0.0.0';
const HELLO = frame({ ext: { npaths: 1, generation: 7, own: { features: 1, tcpPort: 16_385 } } });

const DEAF: StreamHandler = { opened() {}, received() {}, ended() {}, closed() {} };

/** What the node has of a connection. */
export class HandStream implements Stream {
  readonly remoteAddress = CALLER;
  handler = DEAF;
  /** Each write: its pieces, as they were then. */
  readonly writes: Uint8Array[][] = [];
  readonly #turns: Turns;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  get written(): Uint8Array {
    return Buffer.concat(this.writes.flat());
  }

  write(chunks: readonly Uint8Array[], done: () => void): void {
    this.writes.push(chunks.map((chunk) => chunk.slice()));
    this.#turns.defer(done);
  }

  end(): void {}
  destroy(): void {}
  pause(): void {}
  resume(): void {}
}

/** Gives a node its turns. */
export class Turns implements Runtime {
  readonly clock = new SimulatedClock();
  readonly transport: Transport;
  /** What is to run when all that can be read has been read. */
  readonly yielded: (() => void)[] = [];
  readonly #deferred: (() => void)[] = [];
  #accept: (stream: Stream) => void = () => {};

  constructor() {
    const listener: Listener = { tcpPort: 16_385, close: async () => {} };
    this.transport = {
      listen: async (_, onStream) => {
        this.#accept = onStream;
        return listener;
      },
      connect: () => new HandStream(this),
    };
  }

  random(): number {
    return 0.5;
  }

  initialSequence(): number {
    return 1;
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  yield(task: () => void): void {
    this.yielded.push(task);
  }

  /** Ends the turn, and those that follow from it. */
  end(): void {
    for (;;) {
      const task = this.#deferred.shift() ?? this.yielded.shift();
      if (task === undefined) return;
      task();
    }
  }

  /** One of our own nodes calls, and is known. */
  call(): HandStream {
    const stream = new HandStream(this);
    this.#accept(stream);
    stream.handler.received(Buffer.concat([map(), HELLO]));
    this.end();
    stream.writes.length = 0;
    return stream;
  }
}
