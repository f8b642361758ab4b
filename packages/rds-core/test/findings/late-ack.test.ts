/**
 * What is due may find no room, or wait for what is about to leave anyway: in the end it is said,
 * on whatever way it was put off.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openNode } from '../../src/index.js';
import { readRefusals } from '../../src/refusals.js';
import { FLAG_ACK_REQUIRED } from '../../src/wire/header.js';
import { CALLER, type HandStream, Turns } from '../turns.js';
import { attach, frame } from './raw.js';

const PORT = 4000;
const NOBODYS_PORT = 5000;
const TO = { address: CALLER, port: 9 };

const anyLength = fc.oneof({ weight: 3, arbitrary: fc.nat(100) }, fc.nat(300_000));
const anyMessage = fc.record({
  length: anyLength,
  isRefused: fc.nat(5).map((of) => of === 0),
});
const anyStep = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      messages: fc.array(anyMessage, { minLength: 1, maxLength: 5 }),
      /** The bytes of each read, and whether the turn ends with it. */
      reads: fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.boolean()), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.constant('the turn ends' as const) },
  /** So many writes. */
  { weight: 2, arbitrary: fc.nat(4) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
/** Of each message, until it begins anew: how long the answers are. */
const anyAnswers = fc.array(
  fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(anyLength, { maxLength: 4 })),
  { minLength: 1, maxLength: 8 },
);

/** A node that answers, and a connection on which writes are done when the test says so. */
class Scene {
  readonly turns = new Turns();
  sequence = 0;
  refused = 0;
  #stream: HandStream | null = null;
  readonly #underWay: (() => void)[] = [];

  async open(answers: readonly (readonly number[])[]): Promise<void> {
    const node = await openNode({ address: '10.0.0.1' }, this.turns);
    const socket = node.bind({ port: PORT, sendBufferBytes: 1 << 28 });
    let heard = 0;
    socket.on('message', () => {
      const lengths = answers[heard++ % answers.length] as readonly number[];
      for (const length of lengths) socket.trySendmsg(new Uint8Array(length), TO);
    });
    const stream = this.turns.call();
    stream.write = (chunks, done) => {
      stream.writes.push(chunks.map((chunk) => chunk.slice()));
      this.#underWay.push(done);
    };
    this.#stream = stream;
  }

  get stream(): HandStream {
    return this.#stream as HandStream;
  }

  take(step: Step): void {
    if (typeof step === 'number') this.#written(step);
    else if (typeof step === 'string') this.turns.end();
    else
      this.#read(
        step.messages.map((message) => this.#frame(message)),
        step.reads,
      );
  }

  /** There is room for all. */
  settle(): void {
    do {
      this.#written(1);
      this.turns.end();
    } while (this.#underWay.length > 0);
  }

  #written(count: number): void {
    for (const done of this.#underWay.splice(0, count)) done();
  }

  #frame({ length, isRefused }: { length: number; isRefused: boolean }): Uint8Array {
    const seq = ++this.sequence;
    const data = new Uint8Array(length);
    if (!isRefused) return frame({ seq, sport: TO.port, dport: PORT, data });
    this.refused++;
    const flags = FLAG_ACK_REQUIRED;
    return frame({ seq, sport: TO.port, dport: NOBODYS_PORT, flags, data });
  }

  #read(frames: Uint8Array[], reads: readonly (readonly [number, boolean])[]): void {
    const bytes = new Uint8Array(Buffer.concat(frames));
    for (let [at, count] = [0, 0]; at < bytes.length; count++) {
      const [size, endsTurn] = reads[count % reads.length] as readonly [number, boolean];
      // Or large messages would take very long.
      const end = at + (count < 10 ? size : 200_000);
      this.stream.handler.received(bytes.slice(at, end));
      if (endsTurn) this.turns.end();
      at = end;
    }
  }
}

/** The last acknowledgement, and how many messages were refused. */
function told({ written }: HandStream): { ack: number; refused: number } {
  const all = { ack: 0, refused: 0 };
  const listener = { handler: null } as unknown as HandStream;
  attach(listener, {
    frame: ({ sequence, ack, sport, dport }, payload) => {
      all.ack = Math.max(all.ack, ack);
      if (sequence === 0 || sport !== 0 || dport !== 0) return;
      for (const { first, last } of readRefusals(payload)) all.refused += last - first + 1;
    },
  });
  listener.handler.received(written);
  return all;
}

test('what came is acknowledged in the end, and what was refused is told', async () => {
  const anySteps = fc.array(anyStep, { maxLength: 40, size: 'max' });
  await fc.assert(
    fc.asyncProperty(anySteps, anyAnswers, async (steps, answers) => {
      const scene = new Scene();
      await scene.open(answers);
      for (const step of steps) scene.take(step);
      scene.settle();
      const { sequence, refused } = scene;
      expect(told(scene.stream)).toEqual({ ack: sequence, refused });
    }),
    { numRuns: 100 },
  );
});
