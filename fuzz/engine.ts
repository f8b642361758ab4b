/**
 * Engine: runs a target on mutations of what proved interesting: inputs that ran new code, or
 * reached a new state. Coverage is read once per batch, and input by input only if a batch brought
 * something new.
 */

import { SeededRandom } from '../packages/rds-core/src/testing/index.js';
import type { Coverage } from './coverage.js';
import { Failure } from './failure.js';
import { MemoryCheck } from './memory.js';
import { Mutator } from './mutator.js';
import type { Target } from './target.js';
import type { Watchdog } from './watchdog.js';

/** An execution that takes longer, twice, hangs: once may be the machine's fault. */
const SLOW_MS = 1000;
/** Executions between two looks at the memory. */
const MEMORY_EVERY = 20_000;
/** Older finds that brought little are given up. */
const MAX_CORPUS = 4096;

export interface Budget {
  readonly executions: number;
  readonly untilMs: number;
}

export interface Result {
  readonly executions: number;
  readonly durationMs: number;
  readonly corpus: number;
  readonly features: number;
}

export class Engine {
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #watchdog: Watchdog;
  readonly #random: SeededRandom;
  readonly #mutator: Mutator;
  readonly #corpus: Uint8Array[] = [];
  readonly #features = new Set<string>();
  readonly #memory: MemoryCheck;
  #executions = 0;

  constructor(target: Target, coverage: Coverage, watchdog: Watchdog, seed: number) {
    this.#target = target;
    this.#coverage = coverage;
    this.#watchdog = watchdog;
    this.#random = new SeededRandom(seed);
    this.#mutator = new Mutator(this.#random, target.grammar, target.maxInputBytes);
    this.#memory = new MemoryCheck(() => target.heldBytes + this.#corpusBytes());
  }

  /** Rejects with a Failure. */
  async run(budget: Budget): Promise<Result> {
    const { seeds, batch } = this.#target;
    const startMs = performance.now();
    await this.#memory.check();
    this.#corpus.push(...seeds);
    await this.#runBatch(seeds);
    let nextMemoryCheck = MEMORY_EVERY;
    while (this.#executions < budget.executions && performance.now() < budget.untilMs) {
      const count = Math.min(batch, budget.executions - this.#executions);
      await this.#runBatch(Array.from({ length: count }, () => this.#invent()));
      if (this.#executions < nextMemoryCheck) continue;
      nextMemoryCheck += MEMORY_EVERY;
      await this.#memory.check();
    }
    await this.#memory.check();
    return {
      executions: this.#executions,
      durationMs: performance.now() - startMs,
      corpus: this.#corpus.length,
      features: this.#features.size,
    };
  }

  async #runBatch(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) {
      if (await this.#runOne(input)) this.#keep(input);
    }
    if (this.#coverage.look() > 0) await this.#attribute(inputs);
  }

  /** These have run new code: which of them was it? Looking costs more than running them again. */
  async #attribute(inputs: readonly Uint8Array[]): Promise<void> {
    const [first] = inputs;
    if (inputs.length === 1 && first !== undefined) {
      this.#keep(first);
      return;
    }
    this.#coverage.forgetLast();
    const middle = inputs.length >> 1;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of half) await this.#runOne(input);
      if (this.#coverage.look() > 0) await this.#attribute(half);
    }
  }

  /** True if it reached a state that is new. */
  async #runOne(input: Uint8Array): Promise<boolean> {
    this.#executions++;
    try {
      const features = await this.#timed(input);
      let isNew = false;
      for (const feature of features) {
        if (this.#features.has(feature)) continue;
        this.#features.add(feature);
        isNew = true;
      }
      return isNew;
    } catch (error) {
      throw new Failure(this.#target.name, input, error);
    }
  }

  async #timed(input: Uint8Array): Promise<readonly string[]> {
    this.#watchdog.begin(input);
    for (let tries = 1; ; tries++) {
      // Of our own time: on a busy machine another program may have the processor for a second.
      const start = process.cpuUsage();
      const result = this.#target.execute(input);
      const features = result instanceof Promise ? await result : result;
      const { user, system } = process.cpuUsage(start);
      const durationMs = (user + system) / 1000;
      if (durationMs <= SLOW_MS) return features;
      if (tries === 2) throw new Error(`took ${Math.round(durationMs)} ms of the processor`);
    }
  }

  #keep(input: Uint8Array): void {
    if (this.#corpus.length < MAX_CORPUS) this.#corpus.push(input);
    else this.#corpus[this.#random.integer(0, MAX_CORPUS - 1)] = input;
  }

  #invent(): Uint8Array {
    return this.#mutator.mutate(this.#pick(), this.#random.pick(this.#corpus));
  }

  /** The shorter of two: long inputs are slow, and say little that short ones do not. */
  #pick(): Uint8Array {
    const one = this.#random.pick(this.#corpus);
    const other = this.#random.pick(this.#corpus);
    return one.byteLength <= other.byteLength ? one : other;
  }

  #corpusBytes(): number {
    return this.#corpus.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }
}
