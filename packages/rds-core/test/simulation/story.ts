/**
 * Story: one seed, told for people: every frame with its name, when it left and when it arrived,
 * every connection, every fault. `npm run simulate -- --seed S --trace` makes a page of it.
 */

import type { TraceEvent } from '../../src/testing/index.js';
import { modeOf } from './modes.js';
import { runSeed } from './run-seed.js';
import { StoryDirection } from './story-direction.js';
import { describeFrame } from './story-frame.js';
import type { ConnectionItem, Story, StoryItem } from './story-item.js';
import { StoryNumbers } from './story-numbers.js';

type ConnectionEvent = Extract<TraceEvent, { connection: number }>;

export async function tellStory(seed: number, paths = 1, mode = 'usual'): Promise<Story> {
  const teller = new StoryTeller();
  const { plan, ...verdict } = await runSeed(seed, teller.hear, paths, modeOf(mode));
  const items = teller.finish();
  return { ...verdict, plan: JSON.stringify(plan), machines: teller.machines, items };
}

/** Listens to a simulation and keeps what can be told of it. */
export class StoryTeller {
  readonly #items: StoryItem[] = [];
  readonly #addresses = new Set<string>();
  readonly #numbers = new StoryNumbers();
  readonly #directions = new Map<string, StoryDirection>();
  /** The ends that were closed, as `#5 10.0.0.1`. */
  readonly #closed = new Set<string>();
  /** Where in the items the dials are that have no outcome yet, by connection. */
  readonly #dials = new Map<number, number>();

  /** Give it as `onEvent`. */
  readonly hear = (event: TraceEvent): void => {
    if ('text' in event) this.#items.push(event);
    else this.#heard(event);
  };

  /** Ascending, as far as addresses of one length go. */
  get machines(): string[] {
    return [...this.#addresses].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  /** All items in the order of their times. */
  finish(): StoryItem[] {
    for (const direction of this.#directions.values()) {
      const rest = direction.rest();
      if (rest !== undefined) this.#items.push(rest);
    }
    return this.#items.sort((a, b) => a.atMs - b.atMs);
  }

  #heard(event: ConnectionEvent): void {
    const { kind, atMs, connection, from, to, bytes } = event;
    this.#addresses.add(from).add(to);
    if (kind === 'send') {
      this.#items.push(...this.#direction(event).sent(bytes as Uint8Array, atMs));
      return;
    }
    if (kind === 'arrive') {
      const isUnread = this.#closed.has(`#${connection} ${to}`);
      this.#direction(event).arrived(bytes?.length ?? 0, atMs, isUnread);
      return;
    }
    if (kind === 'close') this.#closed.add(`#${connection} ${from}`);
    if (kind === 'dial') this.#dials.set(connection, this.#items.length);
    else this.#answered(event);
    const outcome = kind === 'dial' ? 'never answered' : undefined;
    this.#items.push({ kind, atMs, connection, from, to, outcome });
  }

  /** The first that happens to a connection after its dial is the outcome of it. */
  #answered({ kind, atMs, connection }: ConnectionEvent): void {
    const place = this.#dials.get(connection);
    if (place === undefined) return;
    this.#dials.delete(connection);
    const dial = this.#items[place] as ConnectionItem;
    const words = { open: 'open', refuse: 'refused', close: 'given up' } as Record<string, string>;
    const after = `after ${((atMs - dial.atMs) / 1000).toFixed(3)} s`;
    this.#items[place] = { ...dial, outcome: `${words[kind] ?? kind} ${after}` };
  }

  #direction({ connection, from, to }: ConnectionEvent): StoryDirection {
    const key = `#${connection} ${from} ${to}`;
    let direction = this.#directions.get(key);
    if (direction === undefined) {
      direction = new StoryDirection(connection, from, to, (header, payload) =>
        describeFrame(header, payload, { from, to }, this.#numbers),
      );
      this.#directions.set(key, direction);
    }
    return direction;
  }
}
